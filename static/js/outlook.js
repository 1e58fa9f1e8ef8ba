// What one thing is expected to use: the hours that came, the outlook with its band, and what was expected before.

import { byteUnit, bytes, cores, number } from "./numbers.js";

const HEIGHT = 200;
const HOUR_S = 3600;
// The worker makes an hour's outlooks soon after the hour; a few minutes spread the browsers.
const FETCH_AFTER_MIN = 7;
const SPREAD_MIN = 5;
// From this share of the limit on, the chart shows the limit's line and its whole height.
const LIMIT_MATTERS = 0.4;
const COLUMNS = ["came", "earlier", "upper", "lower", "point"];

const COLORS = { memory_bytes: "--dce-memory", disk_used_bytes: "--dce-second" };
const FLOWS = "--dce-cpu";

let library;

const loadLibrary = ({ uplot, uplotCss, css }) => {
  library ??= new Promise((resolve, reject) => {
    const sheets = [uplotCss, css].filter((href) => !document.querySelector(`link[href="${href}"]`));
    sheets.forEach((href) => document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href })));
    if (window.uPlot) resolve(window.uPlot);
    else document.head.append(Object.assign(document.createElement("script"), { src: uplot, onload: () => resolve(window.uPlot), onerror: reject }));
  });
  return library;
};

const fade = (color, percent) => `color-mix(in oklch, ${color} ${percent}%, transparent)`;

const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);

class OutlookChart {
  constructor(element, uPlot) {
    this.element = element;
    this.uPlot = uPlot;
    this.words = element.querySelector("[data-words]").dataset;
    this.measure = element.dataset.measure;
    this.horizon = element.dataset.horizon;
    this.color = COLORS[this.measure] ?? FLOWS;
    this.part = (name) => element.querySelector(`.dce-chart-${name}`);
    element.style.setProperty("--outlook-color", `var(${this.color})`);
  }

  async load() {
    const url = new URL(this.element.dataset.url, location.href);
    const { kind, ref } = this.element.dataset;
    Object.entries({ kind, ref, measure: this.measure, horizon: this.horizon }).forEach(([name, value]) => url.searchParams.set(name, value));
    const wanted = this.horizon;
    try {
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.statusText);
      const found = await answer.json();
      if (wanted === this.horizon) this.take(found);
    } catch {
      this.say([this.words.failed]);
    }
  }

  take(answer) {
    this.answer = answer;
    this.isDrawn = Boolean(answer.newest?.is_proven);
    this.collect();
    const { full, missing, skill, earlier } = answer.says;
    this.say(this.isDrawn ? [full, skill, earlier] : [full, missing, skill], full);
    this.element.querySelector(".dce-outlook-key").hidden = !this.isDrawn;
    this.part("now").textContent = this.isDrawn ? this.peak() : "";
    this.rebuild();
  }

  // One row a moment, the middle of its hour; a missing hour is a gap.
  collect() {
    const { history, newest, earlier } = this.answer;
    const rows = new Map();
    const put = (at, values) => rows.set(at, { ...rows.get(at), ...values });
    history.at.forEach((at, index) => put(at, { came: history.mean[index] }));
    if (this.isDrawn) {
      const first = history.at[0] ?? newest.at[0];
      earlier?.at.forEach((at, index) => at >= first && put(at, { earlier: earlier.point[index] }));
      newest.at.forEach((at, index) => put(at, { point: newest.point[index], lower: newest.lower[index], upper: newest.upper[index] }));
    }
    for (const at of [...rows.keys()]) if (!rows.has(at + HOUR_S) && at < Math.max(...rows.keys())) put(at + HOUR_S, {});
    this.rows = [...rows].sort(([one], [other]) => one - other);
  }

  data() {
    const columns = COLUMNS.map((name) => this.rows.map(([, row]) => row[name] ?? null));
    if (this.isDrawn) this.join(columns);
    const limit = this.rows.map(() => (this.limitMatters() ? this.answer.capacity : null));
    return [this.rows.map(([at]) => at + HOUR_S / 2), ...columns, limit];
  }

  // The outlook starts from the last hour that came, so that no hole parts them.
  join(columns) {
    const first = columns[4].findIndex((value) => value !== null);
    const last = first > 0 ? columns[0][first - 1] : null;
    if (last !== null) for (const index of [2, 3, 4]) columns[index][first - 1] = last;
  }

  peak() {
    const { newest, capacity } = this.answer;
    const highest = newest.point.reduce((best, value, index) => (value > newest.point[best] ? index : best), 0);
    const value = newest.point[highest];
    const isCores = this.answer.unit === "cores";
    const values = { value: capacity && isCores ? number(value, value < 10 ? 2 : 1) : this.text(value), limit: capacity ? this.whole(capacity) : "", moment: this.moment(newest.at[highest]) };
    return filled(capacity ? this.words.peakOf : this.words.peak, values);
  }

  whole(capacity) {
    const isWhole = this.answer.unit === "cores" && Number.isInteger(capacity);
    return isWhole ? `${number(capacity, 0)} ${this.words.cores}` : this.text(capacity);
  }

  highest() {
    return this.rows.reduce((most, [, row]) => Math.max(most, row.came ?? 0, row.earlier ?? 0, row.upper ?? 0), 0);
  }

  limitMatters() {
    const { capacity } = this.answer;
    return Boolean(capacity) && this.highest() >= LIMIT_MATTERS * capacity;
  }

  top() {
    if (this.limitMatters()) return Math.max(this.answer.capacity, this.highest()) * 1.05;
    const least = { cores: 0.1, bytes: 1024 ** 2, "bytes/s": 1024 }[this.answer.unit] ?? 1;
    return Math.max(this.highest() * 1.15, least);
  }

  text(value) {
    if (value === null || value === undefined) return "–";
    if (this.answer.unit === "cores") return cores(value, this.words.cores);
    return this.answer.unit === "bytes" ? bytes(value) : `${bytes(value)}/s`;
  }

  ticks(values) {
    const top = values.at(-1) ?? 0;
    if (this.answer.unit === "cores") return values.map((value) => number(value, top < 1 ? 2 : top < 10 ? 1 : 0));
    const unit = byteUnit(top);
    const suffix = this.answer.unit === "bytes/s" ? "/s" : "";
    return values.map((value) => (value === 0 ? "0" : `${number(value / unit.size, top / unit.size < 10 ? 1 : 0)} ${unit.name}${suffix}`));
  }

  options() {
    const css = getComputedStyle(document.documentElement);
    const color = (name) => css.getPropertyValue(name).trim();
    const main = color(this.color);
    const axis = { stroke: color("--dce-quiet"), grid: { stroke: color("--dce-line"), width: 1 }, ticks: { show: false }, font: "11px Inter, sans-serif" };
    const line = (name, style) => ({ label: this.words[name], points: { show: false }, value: (_, raw) => this.text(raw), width: 1.75, ...style });
    const edge = (name) => line(name, { stroke: "transparent", width: 0 });
    return {
      width: this.part("plot").clientWidth || 300,
      height: HEIGHT,
      padding: [10, 18, 0, 0],
      cursor: { points: { size: 6 }, drag: { x: false, y: false } },
      legend: { live: true, markers: { width: 0, fill: (plot, index) => ["", main, color("--dce-quiet"), fade(main, 20), fade(main, 20), fade(main, 60), color("--dce-limit")][index] } },
      scales: { x: { time: true, range: () => this.window() }, y: { range: () => [0, this.top()] } },
      axes: [{ ...axis, size: 26, space: 80, values: (_, moments) => moments.map((moment) => this.moment(moment)) }, { ...axis, size: 74, space: 36, incrs: this.steps(), values: (_, values) => this.ticks(values) }],
      bands: [{ series: [3, 4], fill: fade(main, 18) }],
      series: [
        { label: this.words.time, value: (_, raw) => (raw ? this.moment(raw - HOUR_S / 2) : "–") },
        line("came", { stroke: main }),
        line("earlier", { stroke: color("--dce-quiet"), width: 1.25, dash: [5, 4] }),
        edge("upper"),
        edge("lower"),
        line("point", { stroke: fade(main, 60), width: 2 }),
        line("limit", { stroke: color("--dce-limit"), width: 1, dash: [2, 4], show: this.limitMatters() }),
      ],
      hooks: { draw: [(plot) => this.drawNow(plot, color("--dce-quiet"))] },
    };
  }

  steps() {
    return this.answer.unit === "cores" ? undefined : Array.from({ length: 50 }, (_, power) => 2 ** power);
  }

  window() {
    const now = this.answer.newest?.at[0] ?? Math.floor(Date.now() / 1000 / HOUR_S) * HOUR_S;
    const ahead = (this.horizon === "7d" ? 168 : 24) * HOUR_S;
    return [now - ahead, this.isDrawn ? now + ahead : now];
  }

  drawNow(plot, color) {
    if (!this.isDrawn) return;
    const { ctx, bbox } = plot;
    const x = Math.round(plot.valToPos(this.answer.newest.at[0], "x", true)) + 0.5;
    ctx.save();
    ctx.strokeStyle = color;
    ctx.fillStyle = color;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.font = `${11 * devicePixelRatio}px Inter, sans-serif`;
    ctx.textBaseline = "bottom";
    ctx.textAlign = "left";
    ctx.fillText(this.words.now, x + 5 * devicePixelRatio, bbox.top + bbox.height - 3 * devicePixelRatio);
    ctx.restore();
  }

  moment(seconds) {
    const style = { weekday: "short", hour: "2-digit", minute: "2-digit", hour12: false };
    return new Date(seconds * 1000).toLocaleString(document.documentElement.lang, style);
  }

  rebuild() {
    this.plot?.destroy();
    this.plot = this.rows ? new this.uPlot(this.options(), this.data(), this.part("plot")) : null;
    if (!this.part("table").hidden) this.fillTable();
  }

  fillTable() {
    const table = document.createElement("table");
    table.className = "dce-table";
    const names = this.isDrawn ? ["came", "earlier", "point", "lower", "upper"] : ["came"];
    const head = table.createTHead().insertRow();
    for (const label of ["time", ...names]) head.append(Object.assign(document.createElement("th"), { scope: "col", textContent: this.words[label] }));
    const body = table.createTBody();
    for (const [at, values] of this.rows.filter(([, row]) => names.some((name) => row[name] !== undefined))) {
      const row = body.insertRow();
      if (at === this.answer.newest?.at[0]) row.className = "dce-outlook-first";
      row.insertCell().textContent = this.moment(at);
      for (const name of names) row.insertCell().textContent = this.text(values[name]);
    }
    this.part("table").replaceChildren(table);
  }

  setHorizon(horizon) {
    this.horizon = horizon;
    for (const button of this.element.querySelectorAll("button[data-horizon]")) {
      button.setAttribute("aria-pressed", String(button.dataset.horizon === horizon));
    }
    return this.load();
  }

  toggleTable(button) {
    const table = this.part("table");
    table.hidden = !table.hidden;
    this.part("plot").hidden = !table.hidden;
    button.setAttribute("aria-pressed", String(!table.hidden));
    if (this.rows) this.rebuild();
  }

  say(sentences, strong = "") {
    const items = sentences.filter(Boolean).map((text) => Object.assign(document.createElement("li"), { textContent: text, className: text === strong ? "dce-outlook-strong" : "" }));
    this.element.querySelector(".dce-outlook-says").replaceChildren(...items);
  }
}

const eachHour = (chart) => {
  const minutes = (60 + FETCH_AFTER_MIN - new Date().getMinutes()) % 60 || 60;
  setTimeout(() => chart.load().finally(() => eachHour(chart)), (minutes + Math.random() * SPREAD_MIN) * 60_000);
};

export const mount = async (element) => {
  const uPlot = await loadLibrary(element.dataset);
  const chart = new OutlookChart(element, uPlot);
  element.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.horizon) chart.setHorizon(button.dataset.horizon);
    else if (button && "table" in button.dataset) chart.toggleTable(button);
  });
  new ResizeObserver(([entry]) => entry.contentRect.width && chart.plot?.setSize({ width: entry.contentRect.width, height: HEIGHT })).observe(chart.part("plot"));
  new MutationObserver(() => chart.rebuild()).observe(document.documentElement, { attributeFilter: ["class"] });
  await chart.setHorizon(chart.horizon);
  eachHour(chart);
};
