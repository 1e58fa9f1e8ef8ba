// The chart by keyboard: arrows move the cursor and say the figures, + and - zoom, M goes to the next event.

import { isKnown } from "./format.js";

const FAR = 10;

export class Keyboard {
  constructor(chart) {
    this.chart = chart;
    const plot = chart.part("plot");
    plot.addEventListener("keydown", (event) => this.press(event));
    plot.addEventListener("blur", () => this.leave());
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.chart.plot) return;
    const act = this.actions(event.shiftKey)[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  actions(isShifted) {
    const step = isShifted ? FAR : 1;
    return {
      ArrowRight: () => this.move(step),
      ArrowLeft: () => this.move(-step),
      PageDown: () => this.move(FAR),
      PageUp: () => this.move(-FAR),
      Home: () => this.to(this.shown()[0]),
      End: () => this.to(this.shown().at(-1)),
      "+": () => this.zoom(0.5),
      "=": () => this.zoom(0.5),
      "-": () => this.zoom(2),
      "_": () => this.zoom(2),
      m: () => this.mark(1),
      M: () => this.mark(-1),
      Escape: () => this.escape(),
    };
  }

  // The moments in the window that have a figure.
  shown() {
    const { plot, window: [from, to] } = this.chart;
    const [at, ...columns] = plot.data;
    const isFigure = (index) => columns.some((column) => isKnown(column[index]));
    return at.map((_, index) => index).filter((index) => at[index] >= from && at[index] <= to && isFigure(index));
  }

  move(step) {
    const shown = this.shown();
    const place = shown.findIndex((index) => index >= (this.chart.readout.index ?? Infinity));
    const next = place < 0 ? shown.length - 1 : Math.min(shown.length - 1, Math.max(0, place + step));
    this.to(shown[next]);
  }

  to(index) {
    if (index === undefined) return;
    this.point(this.chart.plot.data[0][index]);
  }

  point(seconds) {
    const { plot, readout } = this.chart;
    plot.setCursor({ left: plot.valToPos(seconds, "x"), top: 10 });
    readout.show();
    readout.speak();
  }

  mark(direction) {
    const { readout, marks, window: [from] } = this.chart;
    const mark = marks.beside(readout.seconds === null ? from - 1 : this.pointedAt(), direction);
    if (mark) this.point(mark.at);
  }

  // Where the cursor stands, which is not quite where the nearest figure is.
  pointedAt() {
    const { plot } = this.chart;
    const seconds = plot.posToVal(plot.cursor.left, "x");
    const under = this.chart.marks.near(plot, plot.cursor.left).at(-1);
    return under ? under.at : seconds;
  }

  zoom(factor) {
    const { range, readout, window: [from, to] } = this.chart;
    range.zoomBy(factor, readout.seconds ?? (from + to) / 2);
  }

  escape() {
    if (!this.chart.range.back()) this.leave();
  }

  leave() {
    this.chart.plot?.setCursor({ left: -10, top: -10 });
    this.chart.readout.hide();
  }
}
