// The lines on the page: their look, what is found in them, and how many are kept.

import { partsOf } from "./ansi.js";

export const MOST_LINES = 10000;
const MARKS = { stdout: "", stderr: "!", engine: "i" };

const make = (name, className, text = "") => Object.assign(document.createElement(name), { className, textContent: text });

// A text with what was found in it marked.
const marked = (text, find) => {
  if (!find) return [document.createTextNode(text)];
  const nodes = [];
  const lower = text.toLowerCase();
  let place = 0;
  for (let at = lower.indexOf(find); at >= 0; at = lower.indexOf(find, place)) {
    nodes.push(document.createTextNode(text.slice(place, at)), make("mark", "", text.slice(at, at + find.length)));
    place = at + find.length;
  }
  nodes.push(document.createTextNode(text.slice(place)));
  return nodes;
};

export class LogLines {
  constructor(box, words, clock) {
    Object.assign(this, { box, words, clock, find: "", stream: "", hits: 0, rows: [] });
  }

  get isEmpty() {
    return !this.rows.length;
  }

  clear() {
    this.rows = [];
    this.hits = 0;
    this.box.replaceChildren();
  }

  add(lines, leftOut) {
    const rows = lines.map((line) => this.row(line));
    if (leftOut) rows.unshift(this.note(this.words.leftOut.replace("{count}", leftOut)));
    this.box.append(...rows.map(({ element }) => element));
    this.rows.push(...rows);
    this.trim();
  }

  trim() {
    if (this.rows.length <= MOST_LINES) return;
    for (const row of this.rows.splice(0, this.rows.length - MOST_LINES)) {
      if (row.isHit) this.hits -= 1;
      row.element.remove();
    }
    if (!this.first) this.first = this.note(this.words.dropped).element;
    this.box.prepend(this.first);
  }

  note(text) {
    return { element: make("div", "dce-log-note", text), text: "", parts: [] };
  }

  row([stream, at, text, source, isCut]) {
    const element = make("div", `dce-log-line dce-log-${stream}`);
    const mark = make("span", "dce-log-mark", MARKS[stream] ?? "");
    mark.title = this.words[stream] ?? stream;
    const time = make("time", "dce-log-time", at ? this.clock(at) : "");
    time.dateTime = time.title = at;
    const body = make("span", "dce-log-text");
    if (stream !== "stdout") body.append(make("span", "dce-hidden", `${mark.title}: `));
    const content = make("span", "");
    body.append(content);
    if (isCut) body.append(make("em", "dce-log-cut", ` ${this.words.cut}`));
    element.append(mark, time, ...(source ? [this.origin(source)] : []), body);
    const row = { element, content, parts: partsOf(text), stream };
    row.text = row.parts.map((part) => part.text).join("").toLowerCase();
    this.draw(row);
    return row;
  }

  // Which task wrote it: a few letters of its id, and a shade of its own.
  origin(source) {
    const element = make("span", "dce-log-source", source.slice(0, 6));
    element.title = source;
    element.style.setProperty("--dce-hue", String(parseInt(source.slice(0, 6), 36) % 360));
    return element;
  }

  draw(row) {
    const isHit = Boolean(this.find) && row.text.includes(this.find);
    if (isHit !== Boolean(row.isHit)) this.hits += isHit ? 1 : -1;
    row.isHit = isHit;
    row.element.classList.toggle("dce-log-hit", isHit);
    const spans = row.parts.map(({ text, classes }) => {
      const span = make("span", classes);
      span.append(...marked(text, isHit ? this.find : ""));
      return span;
    });
    row.content.replaceChildren(...spans);
  }

  search(text) {
    this.find = text.toLowerCase();
    for (const row of this.rows) if (row.content && (row.isHit || (this.find && row.text.includes(this.find)))) this.draw(row);
  }

  // To the next line in which it is found, or the one before.
  jump(step) {
    const hits = this.rows.filter((row) => row.isHit);
    if (!hits.length) return;
    const now = hits.findIndex((row) => row === this.current);
    this.current?.element.classList.remove("dce-log-current");
    this.current = hits[(now + step + hits.length) % hits.length];
    this.current.element.classList.add("dce-log-current");
    this.current.element.scrollIntoView({ block: "center" });
  }
}
