// What happened, as marks over the chart: deploys, restarts, processes out of memory, nodes that come and go.

import { askMarks } from "./asking.js";
import { TONES, fade } from "./colors.js";
import { moment } from "./format.js";

const NEAR_PX = 7;
const SIZE_PX = 4.5;
const REFRESH_MS = 30000;
const WORST_FIRST = ["bad", "late", "busy", "good", "off"];

// The same shapes as the states' of the pages: colour is never alone.
const SHAPES = {
  good: (path, x, y, r) => path.arc(x, y, r, 0, 2 * Math.PI),
  off: (path, x, y, r) => path.arc(x, y, r, 0, 2 * Math.PI),
  late: (path, x, y, r) => { path.moveTo(x, y - r); path.lineTo(x + r, y + r); path.lineTo(x - r, y + r); path.closePath(); },
  bad: (path, x, y, r) => path.rect(x - r, y - r, 2 * r, 2 * r),
  busy: (path, x, y, r) => { path.moveTo(x, y - r); path.lineTo(x + r, y); path.lineTo(x, y + r); path.lineTo(x - r, y); path.closePath(); },
};

const worst = (marks) => WORST_FIRST.find((tone) => marks.some((mark) => mark.tone === tone)) ?? "off";

export class Marks {
  constructor(chart) {
    this.chart = chart;
    this.all = [];
    this.loadedAt = 0;
  }

  get isWanted() {
    return Boolean(this.chart.element.dataset.marksUrl);
  }

  async load() {
    if (!this.isWanted) return;
    this.loadedAt = Date.now();
    try {
      const { marks } = await askMarks(this.chart.element.dataset, this.chart.range.window().map(Math.round));
      this.all = marks;
    } catch {
      // A chart without its marks is a chart all the same.
      this.all = [];
    }
  }

  // What happens while the page is open comes a little later than the figures.
  get isOld() {
    return this.isWanted && this.chart.range.isRolling && Date.now() - this.loadedAt > REFRESH_MS;
  }

  // Marks that would touch each other are one, which says the worst of them.
  groups(plot) {
    const [from, to] = this.chart.window;
    const groups = [];
    for (const mark of this.all) {
      if (mark.at < from || mark.at > to) continue;
      const x = plot.valToPos(mark.at, "x");
      const last = groups.at(-1);
      if (last && x - last.x < 2 * SIZE_PX + 2) last.marks.push(mark);
      else groups.push({ x, marks: [mark] });
    }
    return groups;
  }

  draw(plot, color) {
    const { ctx: context, bbox } = plot;
    const ratio = devicePixelRatio;
    context.save();
    for (const { x, marks } of this.groups(plot)) {
      const tone = worst(marks);
      const place = { x: bbox.left + x * ratio, y: bbox.top - SIZE_PX * ratio - 1, size: SIZE_PX * ratio };
      this.drawOne(context, { ...place, bottom: bbox.top + bbox.height, tone, color: color(TONES[tone]) });
    }
    context.restore();
  }

  drawOne(context, { x, y, size, bottom, tone, color }) {
    context.strokeStyle = fade(color, 55);
    context.lineWidth = devicePixelRatio;
    context.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    context.beginPath();
    context.moveTo(x, y + size);
    context.lineTo(x, bottom);
    context.stroke();
    context.setLineDash([]);
    context.beginPath();
    SHAPES[tone](context, x, y, size);
    context.fillStyle = color;
    if (tone === "off") context.stroke();
    else context.fill();
  }

  // The marks under the cursor.
  near(plot, left) {
    const group = this.groups(plot).find(({ x }) => Math.abs(x - left) <= NEAR_PX);
    return group?.marks ?? [];
  }

  // The next one after a moment, or before it.
  beside(seconds, direction) {
    const [from, to] = this.chart.window;
    const shown = this.all.filter(({ at }) => at >= from && at <= to);
    return direction > 0 ? shown.find(({ at }) => at > seconds) : shown.findLast(({ at }) => at < seconds);
  }
}

export const markText = ({ at, subject, text }) => `${moment(at)}: ${subject} ${text}`;
