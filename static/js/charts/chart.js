// One chart: history from the API, then every frame that arrives; the page's charts share their time and cursor.

import { liveLine } from "../live.js";
import { askSamples, tableAddress } from "./asking.js";
import { palette } from "./colors.js";
import { SeriesData } from "./data.js";
import { leastTop, text, withShare, isKnown } from "./format.js";
import { inNextFrame, isDue } from "./frames.js";
import { Gaps } from "./gaps.js";
import { Keyboard } from "./keyboard.js";
import { columnsOf, highestOf, layoutOf, limitMatters, shapeOf } from "./layout.js";
import { loadLibrary } from "./library.js";
import { Marks } from "./marks.js";
import { optionsOf, HEIGHT } from "./options.js";
import { savePicture, saveTable } from "./picture.js";
import { nameOf, pageRange } from "./range.js";
import { Readout } from "./readout.js";
import { fillTable } from "./table.js";

const CHECK_EVERY_MS = 5000;
const LONGEST_STILL_MS = 30000;

class UsageChart {
  constructor(element, uPlot) {
    this.element = element;
    this.uPlot = uPlot;
    this.spec = JSON.parse(element.dataset.spec);
    this.words = element.querySelector("[data-words]").dataset;
    this.how = { unit: this.spec.unit, words: this.words };
    this.range = pageRange();
    this.measures = [...this.spec.measures, ...(this.spec.whole ? [this.spec.whole] : [])];
    this.data = new SeriesData(this.measures);
    this.about = { limits: {}, reservations: {}, capacity: {} };
    this.color = palette();
    this.marks = new Marks(this);
    this.gaps = new Gaps(this);
    this.readout = new Readout(this);
    this.isVisible = true;
    this.drawnAt = 0;
    this.lay();
  }

  part(name) {
    return this.element.querySelector(`.dce-chart-${name}`);
  }

  async load() {
    const wanted = JSON.stringify(this.range.state);
    const isWanted = () => wanted === JSON.stringify(this.range.state);
    this.showRange();
    const [answer, earlier] = await Promise.all([this.ask(0), this.askEarlier(), this.marks.load()]);
    if (!isWanted()) return;
    this.earlier = earlier;
    if (answer) this.take(answer);
    else this.say(this.words.failed);
    this.rebuild();
  }

  async ask(shiftS) {
    try {
      return await askSamples(this.element.dataset, this.measures, this.range.window().map((at) => at - shiftS));
    } catch {
      return null;
    }
  }

  async askEarlier() {
    const { shiftS } = this.range;
    const answer = shiftS ? await this.ask(shiftS) : null;
    if (!answer) return null;
    const earlier = new SeriesData(this.measures);
    earlier.take(answer, shiftS);
    return earlier.isEmpty ? null : earlier;
  }

  take(answer) {
    this.data.take(answer);
    this.learn(answer);
    this.say(this.data.isEmpty ? this.words.empty : "");
  }

  learn({ limits, reservations, capacity }) {
    this.about = { limits: limits ?? this.about.limits, reservations: reservations ?? this.about.reservations, capacity: capacity ?? this.about.capacity };
  }

  receive({ frames, gap }) {
    const usage = frames.map((frame) => frame.data).filter((data) => data.type === "usage");
    // After a cut the node's agent brings more than the line carries: the history has all of it.
    if (this.range.isRolling && (gap || usage.some((data) => data.skipped))) {
      this.load();
      return;
    }
    for (const data of usage) this.append(data);
    if (usage.length) this.schedule();
  }

  append({ at, values, limits }) {
    if (!this.range.isRolling) return;
    const figures = Object.fromEntries(this.measures.map((name) => [name, values[name] ?? null]));
    if (!this.data.append(at, figures)) return;
    this.learn({ limits });
    this.data.dropBefore(at - this.range.lengthS);
    this.say("");
  }

  schedule() {
    if (!document.hidden && this.isVisible) inNextFrame(this);
  }

  // In between, only the number changes.
  drawIfDue() {
    const pixelMs = (1000 * this.range.lengthS) / (this.plot?.width ?? 300);
    const isRead = !this.part("table").hidden;
    if (isRead || isDue(this.drawnAt, Math.min(pixelMs, LONGEST_STILL_MS))) this.draw();
  }

  // What stands still beside the line: the limit where it matters, and what is reserved.
  levels() {
    const { limit } = this.spec;
    const highest = this.data.highest();
    const level = this.spec.whole ? null : this.limit ?? (limit === "load_1m" ? this.about.capacity[limit] : null);
    const found = limitMatters(highest, level) ? [{ role: "limit", value: level }] : [];
    const reserved = this.about.reservations[limit];
    return reserved ? [...found, { role: "reserved", value: reserved }] : found;
  }

  get limit() {
    return this.spec.whole ? this.data.latest?.values[this.spec.whole] : this.about.limits[this.spec.limit];
  }

  lay() {
    const { spec, data, earlier } = this;
    const shownWhole = spec.whole && limitMatters(this.data.highest(), this.limit) ? data.columns[spec.whole].mean : null;
    this.layout = layoutOf({ spec, data, earlier, whole: shownWhole, levels: this.levels() });
    this.window = this.windowNow();
  }

  windowNow() {
    const newest = this.range.isRolling ? Math.max(Date.now() / 1000, this.data.at.at(-1) ?? 0) : undefined;
    return this.range.window(newest);
  }

  top() {
    const highest = highestOf(this.layout);
    const levels = this.layout.filter(({ role }) => role === "limit").map(({ value, column }) => value ?? column?.findLast(isKnown) ?? 0);
    const limit = Math.max(0, ...levels);
    return limit ? Math.max(limit, highest) * 1.05 : Math.max(highest * 1.15, leastTop(this.spec.unit));
  }

  // Day and night, another size or other lines: the plot is built anew.
  rebuild() {
    this.plot?.destroy();
    this.plot = null;
    this.color = palette();
    this.draw();
    this.showKey();
    this.showNow();
  }

  repaint() {
    const fresh = palette();
    if (["--dce-surface", "--dce-cpu", "--dce-line"].some((name) => fresh(name) !== this.color(name))) this.rebuild();
  }

  draw() {
    this.drawnAt = Date.now();
    this.lay();
    this.gaps.refresh();
    const shape = shapeOf(this.layout);
    if (this.plot && shape !== this.shape) this.plot = void this.plot.destroy();
    const columns = columnsOf(this.layout, this.data, this.earlier);
    if (this.plot) this.plot.setData(columns);
    else this.plot = new this.uPlot(optionsOf(this, this.color), columns, this.part("plot"));
    if (shape !== this.shape) this.showKey();
    this.shape = shape;
    if (!this.part("table").hidden) fillTable(this);
  }

  showNow() {
    const values = this.spec.measures.map((name) => this.data.latest?.values[name]);
    const about = { limit: this.limit, capacity: this.about.capacity[this.spec.limit] };
    const parts = values.length > 1 ? values.map((value, index) => `${this.spec.labels[index]} ${text(value, this.how)}`) : [withShareOf(values[0], about, this.how)];
    const now = isKnown(values[0]) && this.range.isRolling ? parts.join(" · ") : "";
    const output = this.part("now");
    if (output.textContent !== now) output.textContent = now;
  }

  // Each line's name and look: for the key below the chart and for the picture.
  key() {
    const { words, spec } = this;
    const names = { limit: words.limit, reserved: words.reserved, earlier: this.compareWord };
    const colors = { limit: "--dce-limit", reserved: "--dce-second" };
    return this.layout
      .filter(({ role }) => role !== "low" && role !== "high")
      .map(({ role, index }) => ({
        role,
        label: [names[role], spec.measures.length > 1 || role === "mean" ? spec.labels[index] : ""].filter(Boolean).join(" "),
        color: colors[role] ?? spec.colors[index],
        isDashed: role !== "mean",
      }))
      .concat(this.hasRole("low") ? [{ role: "band", label: words.band, color: spec.colors[0] }] : []);
  }

  hasRole(wanted) {
    return this.layout.some(({ role }) => role === wanted);
  }

  // One line alone needs no key.
  showKey() {
    const key = this.key();
    this.part("key").hidden = key.length < 2;
    this.part("key").replaceChildren(...key.map(({ role, label, color }) => {
      const item = Object.assign(document.createElement("li"), { textContent: label, className: `dce-key-${role}` });
      item.style.setProperty("--line", `var(${color})`);
      return item;
    }));
  }

  get compareWord() {
    return { day: this.words.compareDay, week: this.words.compareWeek, period: this.words.comparePeriod }[this.range.compare] ?? "";
  }

  get fullTitle() {
    return [this.element.dataset.label, this.part("title").textContent].filter(Boolean).join(" · ");
  }

  get fileName() {
    const { kind, ref, label, metric } = this.element.dataset;
    const [from] = this.window;
    return [label || `${kind}-${ref}`, metric, new Date(from * 1000).toISOString().slice(0, 16).replace(":", "")].join("-").replace(/[^\w.-]+/g, "_");
  }

  showRange() {
    const name = this.range.isRolling ? nameOf(this.range.lengthS) : "";
    for (const button of this.element.querySelectorAll("[data-range]")) {
      button.setAttribute("aria-pressed", String(nameOf(Number(button.dataset.range)) === name));
    }
  }

  toggleTable(button) {
    const table = this.part("table");
    table.hidden = !table.hidden;
    this.part("plot").hidden = !table.hidden;
    button.setAttribute("aria-pressed", String(!table.hidden));
    this.draw();
  }

  download(what) {
    if (what === "png") savePicture(this, this.color);
    else saveTable(tableAddress(this.element.dataset, this.measures, this.range.window()));
  }

  // While nobody sends, time goes on: gaps grow, and what happened meanwhile is asked for.
  async check() {
    if (document.hidden || !this.isVisible || !this.range.isRolling) return;
    if (this.marks.isOld) await this.marks.load();
    const isSilent = Date.now() / 1000 - (this.data.latest?.at ?? Infinity) > this.data.gapS;
    if (isSilent) this.draw();
    if (isSilent && this.gaps.open) this.say(this.gaps.reason(this.gaps.open));
  }

  say(note) {
    const place = this.part("note");
    if (place.textContent !== note) place.textContent = note;
  }
}

const withShareOf = (value, about, how) => (isKnown(value) ? withShare(value, about, how) : "");

const act = (chart, { dataset }, button) => {
  if (dataset.range) chart.range.choose(Number(dataset.range));
  else if ("table" in dataset) chart.toggleTable(button);
  else if (dataset.download) chart.download(dataset.download);
};

const watchPlace = (chart) => {
  const plot = chart.part("plot");
  new ResizeObserver(([entry]) => entry.contentRect.width && chart.plot?.setSize({ width: entry.contentRect.width, height: HEIGHT })).observe(plot);
  new MutationObserver(() => chart.repaint()).observe(document.documentElement, { attributeFilter: ["class"] });
  new IntersectionObserver(([entry]) => {
    chart.isVisible = entry.isIntersecting;
    chart.schedule();
  }, { rootMargin: "120px" }).observe(chart.element);
  document.addEventListener("visibilitychange", () => chart.schedule());
};

const listen = (chart, element) => {
  element.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) act(chart, button, button);
  });
  chart.range.listen(() => chart.load());
  new Keyboard(chart);
  watchPlace(chart);
  setInterval(() => chart.check(), CHECK_EVERY_MS);
};

export const mount = async (element) => {
  const uPlot = await loadLibrary(element.dataset);
  pageRange().setDefault(Number(element.dataset.rangeS));
  const chart = new UsageChart(element, uPlot);
  listen(chart, element);
  await chart.load();
  const line = liveLine(element);
  line.watch(`${element.dataset.kind}:${element.dataset.ref}`, (news) => chart.receive(news));
};
