// The chart's figures and events as tables, for whoever reads rather than looks.

import { clock } from "../numbers.js";
import { isKnown, text } from "./format.js";

const ROWS = 60;

const create = (name, ...parts) => {
  const element = document.createElement(name);
  element.append(...parts);
  return element;
};

const tableOf = (heads, rows) => {
  const table = document.createElement("table");
  table.className = "dce-table";
  const head = table.createTHead().insertRow();
  for (const label of heads) head.append(Object.assign(create("th", label), { scope: "col" }));
  const body = table.createTBody();
  for (const cells of rows) body.append(create("tr", ...cells.map((cell) => create("td", cell))));
  return table;
};

const figures = ({ data, spec, words, how }) => {
  const columns = spec.measures.map((name) => data.columns[name]);
  const isOne = columns.length === 1 && data.stepS > 1;
  const heads = [words.time, ...spec.labels, ...(isOne ? [words.lowest, words.highest] : [])];
  const newest = data.at.map((_, index) => index).reverse().filter((index) => isKnown(columns[0].mean[index])).slice(0, ROWS);
  const rows = newest.map((index) => {
    const sides = isOne ? [columns[0].low[index], columns[0].high[index]] : [];
    return [clock(data.at[index]), ...[...columns.map(({ mean }) => mean[index]), ...sides].map((value) => text(value, how))];
  });
  return tableOf(heads, rows);
};

const events = ({ marks, words, window: [from, to] }) => {
  const shown = marks.all.filter(({ at }) => at >= from && at <= to).reverse().slice(0, ROWS);
  if (!shown.length) return [];
  const words_ = ({ subject, text: what, link }) => (link ? Object.assign(create("a", `${subject} ${what}`), { href: link, className: "dce-link" }) : `${subject} ${what}`);
  return [tableOf([words.time, words.events], shown.map((mark) => [clock(mark.at), words_(mark)]))];
};

export const fillTable = (chart) => chart.part("table").replaceChildren(figures(chart), ...events(chart));
