// What the figures are under the cursor: over the chart for the pointer, spoken for the keyboard.

import { isKnown, moment, text } from "./format.js";
import { markText } from "./marks.js";

const MOST_MARKS = 3;

// Where a line has no point at the cursor, the nearest one that it has; `null` is a gap, `undefined` is none.
const valueAt = (plot, series, index) => {
  const near = plot.cursor.idxs?.[series] ?? index;
  return plot.data[series]?.[near];
};

export class Readout {
  constructor(chart) {
    this.chart = chart;
    this.element = chart.part("readout");
    this.spoken = chart.part("spoken");
  }

  get index() {
    return this.chart.plot?.cursor.idx ?? null;
  }

  get seconds() {
    return this.index === null ? null : this.chart.plot.data[0][this.index];
  }

  // The parts in reading order: moment, each line, what is missing, what happened.
  parts() {
    const { chart, index } = this;
    if (index === null || this.seconds === undefined) return [];
    const gap = chart.gaps.at(chart.plot.posToVal(chart.plot.cursor.left, "x"));
    const figures = gap ? [chart.gaps.reason(gap)] : this.figures(index);
    const marks = chart.marks.near(chart.plot, chart.plot.cursor.left);
    const more = marks.length > MOST_MARKS ? [chart.words.more.replace("{count}", String(marks.length - MOST_MARKS))] : [];
    return [moment(this.seconds), ...figures, ...marks.slice(0, MOST_MARKS).map(markText), ...more];
  }

  figures(index) {
    const { plot, layout, words, spec } = this.chart;
    const found = new Map();
    layout.forEach(({ role, index: measure }, place) => {
      const value = valueAt(plot, place + 1, index);
      if (isKnown(value)) found.set(`${role}${measure ?? ""}`, text(value, this.chart.how));
    });
    const lines = spec.measures.map((_, measure) => this.line(found, measure)).filter(Boolean);
    const level = (role, word) => (found.has(role) ? [`${word} ${found.get(role)}`] : []);
    return [...lines, ...level("limit", words.limit), ...level("reserved", words.reserved)];
  }

  line(found, measure) {
    const { spec, words } = this.chart;
    const mean = found.get(`mean${measure}`);
    const [low, high] = [found.get(`low${measure}`), found.get(`high${measure}`)];
    const earlier = found.get(`earlier${measure}`);
    const span = low && high && low !== high ? ` (${low} – ${high})` : "";
    const past = earlier ? `${words.earlier} ${earlier}` : "";
    const label = spec.measures.length > 1 || span ? `${spec.labels[measure]} ` : "";
    return [mean ? `${label}${mean}${span}` : "", past].filter(Boolean).join(" · ");
  }

  show() {
    const parts = this.parts();
    // Each new figure comes by here, nearly always without a cursor.
    if (!parts.length && this.element.hidden) return;
    this.element.hidden = !parts.length;
    this.element.replaceChildren(...parts.map((part) => Object.assign(document.createElement("span"), { textContent: part })));
  }

  speak() {
    this.spoken.textContent = this.parts().join(", ");
  }

  hide() {
    this.element.hidden = true;
    this.spoken.textContent = "";
  }
}
