// A live chart of one thing's usage: history from the API, then every frame that arrives; silence stays a gap.

import { liveLine } from "./live.js";
import { byteUnit, bytes, clock, cores, number, share } from "./numbers.js";

const HEIGHT = 190;
const POINTS = 600;
const TABLE_ROWS = 60;
// From this share of the limit on, the chart shows the limit's line and its whole height.
const LIMIT_MATTERS = 0.4;

const METRICS = {
  cpu: { measures: ["cpu_cores"], unit: "cores", limit: "cpu_cores", colors: ["--dce-cpu"], labels: ["average"] },
  memory: { measures: ["memory_bytes"], unit: "bytes", limit: "memory_bytes", colors: ["--dce-memory"], labels: ["average"] },
  network: { measures: ["network_rx_bps", "network_tx_bps"], unit: "bytes/s", colors: ["--dce-cpu", "--dce-second"], labels: ["received", "sent"] },
  block: { measures: ["block_read_bps", "block_write_bps"], unit: "bytes/s", colors: ["--dce-cpu", "--dce-second"], labels: ["read", "written"] },
  pids: { measures: ["pids"], unit: "count", colors: ["--dce-second"], labels: ["processes"] },
};

let library;

const loadLibrary = ({ uplot, uplotCss }) => {
  library ??= new Promise((resolve, reject) => {
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: uplotCss });
    const script = Object.assign(document.createElement("script"), { src: uplot, onload: () => resolve(window.uPlot), onerror: reject });
    document.head.append(style, script);
  });
  return library;
};

class UsageChart {
  constructor(element, uPlot) {
    this.element = element;
    this.uPlot = uPlot;
    this.metric = METRICS[element.dataset.metric] ?? METRICS.cpu;
    this.words = element.querySelector("[data-words]").dataset;
    this.rangeS = Number(element.dataset.rangeS);
    this.part = (name) => element.querySelector(`.dce-chart-${name}`);
    this.limits = {};
    element.classList.toggle("dce-chart-single", this.metric.measures.length === 1);
    this.clear();
  }

  clear() {
    this.at = [];
    this.columns = this.metric.measures.map(() => []);
    this.peaks = [];
    this.gapS = 45;
    this.stepS = 1;
    this.lastKeptAt = 0;
  }

  async load() {
    const end = new Date();
    const url = new URL(this.element.dataset.url, location.href);
    const { kind, ref } = this.element.dataset;
    const query = { kind, ref, from: new Date(end - this.rangeS * 1000).toISOString(), to: end.toISOString(), points: POINTS, measures: this.metric.measures.join(",") };
    Object.entries(query).forEach(([name, value]) => url.searchParams.set(name, value));
    const wanted = this.rangeS;
    try {
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.statusText);
      const series = await answer.json();
      if (wanted === this.rangeS) this.take(series);
    } catch {
      this.say(this.words.failed);
    }
    this.draw();
  }

  take(series) {
    this.clear();
    this.gapS = series.gap_s;
    this.stepS = series.step_s;
    this.limits = series.limits;
    const first = this.metric.measures[0];
    series.at.forEach((at, index) => {
      const values = this.metric.measures.map((name) => series.columns[name][index]);
      this.push(at, values, series.columns[`${first}_max`][index]);
    });
    this.say(series.at.length ? "" : this.words.empty);
  }

  push(at, values, peak) {
    const last = this.at.at(-1);
    if (last !== undefined && at - last > this.gapS) this.put(last + 1, values.map(() => null), null);
    this.put(at, values, peak);
    this.lastKeptAt = at;
  }

  put(at, values, peak) {
    this.at.push(at);
    values.forEach((value, index) => this.columns[index].push(value));
    this.peaks.push(peak);
  }

  receive({ frames, gap }) {
    // After a cut the node's agent brings more than the line carries: the history has all of it.
    if (gap || frames.some(({ data }) => data.skipped)) {
      this.load();
      return;
    }
    const usage = frames.map((frame) => frame.data).filter((data) => data.type === "usage");
    for (const data of usage) this.append(data);
    if (usage.length) this.schedule();
  }

  append({ at, values, limits }) {
    const last = this.at.at(-1) ?? 0;
    if (at <= last) return;
    const row = this.metric.measures.map((name) => values[name] ?? null);
    this.limits = limits ?? this.limits;
    // On a long range, samples inside one step replace each other at its end.
    if (this.stepS > 1 && at - this.lastKeptAt < this.stepS && this.replaceable) this.drop(this.at.length - 1, 1);
    this.replaceable = at - this.lastKeptAt < this.stepS;
    const kept = this.lastKeptAt;
    this.push(at, row, row[0]);
    if (this.replaceable) this.lastKeptAt = kept;
    const start = at - this.rangeS;
    const old = this.at.findIndex((moment) => moment >= start);
    if (old > 0) this.drop(0, old);
    this.say("");
  }

  drop(from, count) {
    [this.at, this.peaks, ...this.columns].forEach((column) => column.splice(from, count));
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  data() {
    const limit = this.limit();
    const data = [this.at, ...this.columns];
    if (this.columns.length === 1) data.push(this.peaks);
    if (this.metric.limit) data.push(this.at.map(() => (this.limitMatters() ? limit : null)));
    return data;
  }

  limit() {
    return this.metric.limit ? this.limits?.[this.metric.limit] : null;
  }

  highest() {
    return [...this.columns, this.peaks].flat().reduce((most, value) => Math.max(most, value ?? 0), 0);
  }

  limitMatters() {
    const limit = this.limit();
    return Boolean(limit) && this.highest() >= LIMIT_MATTERS * limit;
  }

  top() {
    const highest = this.highest();
    if (this.limitMatters()) return Math.max(this.limit(), highest) * 1.05;
    const least = { cores: 0.1, bytes: 1024 ** 2, "bytes/s": 1024, count: 1 }[this.metric.unit];
    return Math.max(highest * 1.15, least);
  }

  text(value) {
    if (value === null || value === undefined) return "–";
    if (this.metric.unit === "cores") return cores(value, this.words.cores);
    if (this.metric.unit === "count") return number(value, 0);
    return this.metric.unit === "bytes" ? bytes(value) : `${bytes(value)}/s`;
  }

  // One unit for the whole axis, so that its numbers compare at a glance.
  ticks(values) {
    const top = values.at(-1) ?? 0;
    const small = top < 1 ? 2 : top < 10 ? 1 : 0;
    if (this.metric.unit === "cores" || this.metric.unit === "count") return values.map((value) => number(value, small));
    const unit = byteUnit(top);
    const digits = top / unit.size < 10 ? 1 : 0;
    const suffix = this.metric.unit === "bytes/s" ? "/s" : "";
    return values.map((value) => (value === 0 ? "0" : `${number(value / unit.size, digits)} ${unit.name}${suffix}`));
  }

  // Steps that are round in the unit shown: powers of two for bytes.
  steps() {
    if (!this.metric.unit.startsWith("bytes")) return undefined;
    return Array.from({ length: 50 }, (_, power) => 2 ** power);
  }

  options() {
    const css = getComputedStyle(document.documentElement);
    const color = (name) => css.getPropertyValue(name).trim();
    const axis = { stroke: color("--dce-quiet"), grid: { stroke: color("--dce-line"), width: 1 }, ticks: { show: false }, font: "11px Inter, sans-serif" };
    const { labels, colors } = this.metric;
    const value = (_, raw) => this.text(raw);
    const line = (index) => ({ label: this.words[labels[index]], stroke: color(colors[index]), width: 1.75, points: { show: false }, spanGaps: false, value, fill: labels.length === 1 ? fade(color(colors[0])) : undefined });
    const series = [{ label: this.words.time, value: (_, raw) => (raw ? clock(raw) : "–") }, ...labels.map((_, index) => line(index))];
    if (labels.length === 1) series.push({ label: this.words.highest, stroke: fade(color(colors[0]), 45), width: 1, points: { show: false }, value, show: this.stepS > 1 });
    if (this.metric.limit) series.push({ label: this.words.limit, stroke: color("--dce-limit"), width: 1, dash: [5, 4], points: { show: false }, value });
    return {
      width: this.part("plot").clientWidth || 300,
      height: HEIGHT,
      padding: [10, 18, 0, 0],
      cursor: { points: { size: 6 }, drag: { x: false, y: false } },
      legend: { live: true, markers: { width: 0, fill: (plot, index) => color(colors[index - 1] ?? "--dce-limit") } },
      scales: { x: { time: true, range: () => this.window() }, y: { range: () => [0, this.top()] } },
      axes: [{ ...axis, size: 26, space: 70, values: (_, moments) => moments.map((moment) => this.moment(moment)) }, { ...axis, size: 74, space: 36, incrs: this.steps(), values: (_, values) => this.ticks(values) }],
      series,
    };
  }

  window() {
    const end = Math.max(Date.now() / 1000, this.at.at(-1) ?? 0);
    return [end - this.rangeS, end];
  }

  moment(seconds) {
    const style = this.rangeS > 86400 ? { weekday: "short", hour: "2-digit" } : { hour: "2-digit", minute: "2-digit" };
    return new Date(seconds * 1000).toLocaleString(document.documentElement.lang, { ...style, hour12: false });
  }

  rebuild() {
    this.plot?.destroy();
    this.plot = null;
    this.draw();
  }

  draw() {
    const plot = this.part("plot");
    if (this.plot) this.plot.setData(this.data());
    else this.plot = new this.uPlot(this.options(), this.data(), plot);
    this.showNow();
    if (!this.part("table").hidden) this.fillTable();
  }

  showNow() {
    const values = this.columns.map((column) => column.at(-1));
    const limit = this.limit();
    const known = values[0] !== null && values[0] !== undefined;
    const parts = values.map((value, index) => (values.length > 1 ? `${this.words[this.metric.labels[index]]} ${this.text(value)}` : this.text(value)));
    let text = parts.join(" · ");
    if (known && limit) text = `${this.compare(values[0], limit)} · ${share(values[0], limit)}`;
    this.part("now").textContent = known ? text : "";
  }

  compare(value, limit) {
    const digits = Number.isInteger(limit) ? 0 : 1;
    if (this.metric.unit === "cores") return `${number(value, value < 10 ? 2 : 1)} ${this.words.of} ${number(limit, digits)} ${this.words.cores}`;
    return `${bytes(value)} ${this.words.of} ${bytes(limit)}`;
  }

  fillTable() {
    const table = document.createElement("table");
    table.className = "dce-table";
    const head = table.createTHead().insertRow();
    for (const label of [this.words.time, ...this.metric.labels.map((name) => this.words[name])]) {
      head.append(Object.assign(document.createElement("th"), { scope: "col", textContent: label }));
    }
    const body = table.createTBody();
    const newest = this.at.map((at, index) => index).reverse().filter((index) => this.columns[0][index] !== null).slice(0, TABLE_ROWS);
    for (const index of newest) {
      const row = body.insertRow();
      row.insertCell().textContent = clock(this.at[index]);
      for (const column of this.columns) row.insertCell().textContent = this.text(column[index]);
    }
    this.part("table").replaceChildren(table);
  }

  setRange(rangeS) {
    this.rangeS = rangeS;
    for (const button of this.element.querySelectorAll("[data-range]")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.range) === rangeS));
    }
    return this.load().then(() => this.rebuild());
  }

  toggleTable(button) {
    const table = this.part("table");
    table.hidden = !table.hidden;
    this.part("plot").hidden = !table.hidden;
    button.setAttribute("aria-pressed", String(!table.hidden));
    this.draw();
  }

  say(text) {
    this.part("note").textContent = text;
  }
}

const fade = (color, percent = 14) => `color-mix(in oklch, ${color} ${percent}%, transparent)`;

const listen = (chart, element) => {
  element.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.range) chart.setRange(Number(button.dataset.range));
    else if (button && "table" in button.dataset) chart.toggleTable(button);
  });
  new ResizeObserver(([entry]) => chart.plot?.setSize({ width: entry.contentRect.width, height: HEIGHT })).observe(chart.part("plot"));
  new MutationObserver(() => chart.rebuild()).observe(document.documentElement, { attributeFilter: ["class"] });
  document.addEventListener("visibilitychange", () => chart.schedule());
};

export const mount = async (element) => {
  const uPlot = await loadLibrary(element.dataset);
  const chart = new UsageChart(element, uPlot);
  listen(chart, element);
  await chart.load();
  const line = liveLine(element);
  line.watch(`${element.dataset.kind}:${element.dataset.ref}`, (news) => chart.receive(news));
};
