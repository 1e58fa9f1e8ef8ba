// A chart's options for uPlot: axes, lines, bands, zoom by drag, and one cursor for the page.

import { fade } from "./colors.js";
import { axisMoment, steps, ticks } from "./format.js";
import { bandsOf } from "./layout.js";

export const HEIGHT = 190;
const SYNC = "dce-charts";
const WIDE_AXIS = 74;
const SHORTEST_DRAG_PX = 4;

const axesOf = (chart, color) => {
  const axis = { stroke: color("--dce-quiet"), grid: { stroke: color("--dce-line"), width: 1 }, ticks: { show: false }, font: "11px Inter, sans-serif" };
  const moments = (_, values) => values.map((value) => axisMoment(value, chart.range.lengthS));
  return [
    { ...axis, size: 26, space: 70, values: moments },
    { ...axis, size: WIDE_AXIS, space: 36, incrs: steps(chart.spec.unit), values: (_, values) => ticks(values, chart.spec.unit) },
  ];
};

const LINES = {
  mean: (main, isOnly) => ({ stroke: main, width: 1.75, fill: isOnly ? fade(main) : undefined }),
  high: (main) => ({ stroke: fade(main, 45), width: 1 }),
  low: (main) => ({ stroke: fade(main, 45), width: 1 }),
  earlier: (main) => ({ stroke: fade(main, 75), width: 1.25, dash: [6, 4] }),
};

const seriesOf = (chart, color) =>
  chart.layout.map(({ role, index }) => {
    const main = color(chart.spec.colors[index] ?? "--dce-limit");
    const level = { stroke: color(role === "reserved" ? "--dce-second" : "--dce-limit"), width: 1, dash: role === "reserved" ? [2, 3] : [5, 4] };
    const style = LINES[role]?.(main, chart.spec.measures.length === 1) ?? level;
    return { label: role, points: { show: false }, spanGaps: false, ...style };
  });

const zoomTo = (chart) => (plot) => {
  const { left, width } = plot.select;
  if (width >= SHORTEST_DRAG_PX) chart.range.zoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
  if (width) plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
};

// Only where the cursor stands is told to the other charts: each zooms by the range that they share.
const isPointing = (type) => type === "mousemove" || type === "mouseleave";

export const optionsOf = (chart, color) => ({
  width: chart.part("plot").clientWidth || 300,
  height: HEIGHT,
  padding: [14, 18, 0, 0],
  legend: { show: false },
  cursor: {
    points: { size: 6 },
    drag: { x: true, y: false, setScale: false },
    sync: { key: SYNC, scales: ["x", null], filters: { pub: isPointing, sub: isPointing } },
    bind: { dblclick: () => () => void chart.range.back() },
  },
  scales: { x: { time: true, range: () => chart.window }, y: { range: () => [0, chart.top()] } },
  axes: axesOf(chart, color),
  series: [{}, ...seriesOf(chart, color)],
  bands: bandsOf(chart.layout, (index) => fade(color(chart.spec.colors[index]), 22)),
  hooks: {
    drawAxes: [(plot) => chart.gaps.draw(plot, color)],
    draw: [(plot) => chart.marks.draw(plot, color)],
    setCursor: [() => chart.readout.show()],
    setSelect: [zoomTo(chart)],
  },
});
