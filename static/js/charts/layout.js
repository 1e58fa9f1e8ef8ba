// Which lines a chart has just now, in the order in which they are drawn, and the columns for them.

import { isKnown } from "./format.js";
import { union } from "./data.js";

// From this share of the limit on, the chart shows the limit's line and its whole height.
const LIMIT_MATTERS = 0.4;

export const limitMatters = (highest, limit) => Boolean(limit) && highest >= LIMIT_MATTERS * limit;

// `{role, index, column}`; what stands still (limit, reservation) has a `value` in place of a column.
export const layoutOf = ({ spec, data, earlier, whole, levels }) => {
  const lines = spec.measures.flatMap((name, index) => {
    const { mean, low, high } = data.columns[name];
    const sides = data.stepS > 1 && data.hasLow ? [{ role: "high", index, column: high }, { role: "low", index, column: low }] : [];
    return [...sides, { role: "mean", index, column: mean }];
  });
  const past = earlier ? spec.measures.map((name, index) => ({ role: "earlier", index, column: earlier.columns[name].mean })) : [];
  const level = levels.map(({ role, value }) => ({ role, value }));
  const size = whole ? [{ role: "limit", column: whole }] : [];
  return [...lines, ...size, ...level, ...past];
};

// The columns for uPlot, first the moments.
export const columnsOf = (layout, data, earlier) => {
  const level = (line, at) => at.map(() => line.value);
  if (!earlier) return [data.at, ...layout.map((line) => line.column ?? level(line, data.at))];
  const both = union(data.at, earlier.at);
  return [both.at, ...layout.map((line) => {
    if (!line.column) return level(line, both.at);
    return line.role === "earlier" ? both.second(line.column) : both.first(line.column);
  })];
};

// High and low of one measure are the edges of its band; the first number is that of uPlot's series.
export const bandsOf = (layout, fillOf) => {
  const place = (role, index) => layout.findIndex((line) => line.role === role && line.index === index) + 1;
  return layout
    .filter(({ role }) => role === "low")
    .map(({ index }) => ({ series: [place("high", index), place("low", index)], fill: fillOf(index) }));
};

// What decides whether the plot must be built anew: its lines, not their figures.
export const shapeOf = (layout) => layout.map(({ role, index }) => `${role}${index ?? ""}`).join();

export const highestOf = (layout) => {
  let most = 0;
  for (const { role, column, value } of layout) {
    if (role === "limit" && !column) continue;
    if (isKnown(value)) most = Math.max(most, value);
    for (const one of column ?? []) if (one > most) most = one;
  }
  return most;
};
