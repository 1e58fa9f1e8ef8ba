// Where figures are missing: stripes, and the reason where a mark tells it.

import { fade } from "./colors.js";
import { moment } from "./format.js";

const STRIPE_PX = 6;
// A reason counts for a gap that begins this long before or after it was told.
const NEAR_S = 120;

const stripe = (context, { left, top, width, height }) => {
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.beginPath();
  for (let x = left - height; x < left + width; x += STRIPE_PX * 2) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
};

export class Gaps {
  constructor(chart) {
    this.chart = chart;
    this.found = [];
  }

  refresh() {
    const { data, range, window } = this.chart;
    const nowS = Date.now() / 1000;
    const end = range.isRolling ? window[1] : Math.min(window[1], nowS);
    this.found = data.gaps(end).filter(([from, to]) => to > window[0] && from < window[1]);
  }

  draw({ ctx: context, bbox, valToPos }, color) {
    for (const [from, to] of this.found) {
      const left = Math.max(bbox.left, valToPos(from, "x", true));
      const right = Math.min(bbox.left + bbox.width, valToPos(to, "x", true));
      if (right <= left) continue;
      context.save();
      context.strokeStyle = fade(color("--dce-late"), 22);
      context.lineWidth = STRIPE_PX;
      stripe(context, { left, top: bbox.top, width: right - left, height: bbox.height });
      context.restore();
    }
  }

  at(seconds) {
    return this.found.find(([from, to]) => seconds > from && seconds < to);
  }

  // "no figures since 12:03: node-2 does not answer"
  reason([from, to]) {
    const { words, marks } = this.chart;
    const isOpen = to >= this.chart.window[1] - 1;
    const text = isOpen ? words.gapSince.replace("{since}", moment(from)) : words.gap;
    const told = marks.all.filter((mark) => mark.silence && mark.at >= from - NEAR_S && mark.at <= to).at(0);
    return told ? `${text}: ${told.subject} ${told.text}` : text;
  }

  // The last one, while nothing newer came: what the chart's note says.
  get open() {
    const last = this.found.at(-1);
    return last && this.chart.range.isRolling && last[1] >= this.chart.window[1] - 1 ? last : null;
  }
}
