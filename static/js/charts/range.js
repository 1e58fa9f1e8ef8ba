// The time that all charts of a page show: chosen once, part of the address, restored from it.
//
// `?range=6h` ends now and moves on; `?from=…&to=…` stands still; `?compare=day` adds an earlier time.

export const DAY_S = 86400;
const UNITS = { m: 60, h: 3600, d: DAY_S, w: 7 * DAY_S, y: 365 * DAY_S };
const SHORTEST_S = 10;
const LONGEST_S = 366 * DAY_S;
const MOST_BACK = 20;
const COMPARES = new Set(["day", "week", "period"]);

export const nameOf = (lengthS) => {
  const unit = ["y", "d", "h", "m"].find((name) => lengthS % UNITS[name] === 0 && (name !== "d" || lengthS > DAY_S));
  return unit ? `${lengthS / UNITS[unit]}${unit}` : `${Math.max(1, Math.round(lengthS / 60))}m`;
};

const lengthOf = (text) => {
  const [, count, unit] = /^(\d{1,4})([mhdwy])$/.exec(text ?? "") ?? [];
  const lengthS = Number(count) * UNITS[unit];
  return lengthS > 0 && lengthS <= LONGEST_S ? lengthS : null;
};

// Seconds since 1970, or a moment as ISO 8601 writes it.
const momentOf = (text) => {
  if (!text) return null;
  const seconds = /^\d{9,11}$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  return Number.isFinite(seconds) ? Math.floor(seconds) : null;
};

export const iso = (seconds) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");

export class PageRange {
  constructor(address = location.href) {
    this.listeners = new Set();
    this.before = [];
    this.defaultS = 900;
    this.take(this.read(new URL(address)));
  }

  read({ searchParams }) {
    const [from, to] = [momentOf(searchParams.get("from")), momentOf(searchParams.get("to"))];
    const isPeriod = from !== null && to !== null && to - from >= SHORTEST_S && to - from <= LONGEST_S;
    const compare = searchParams.get("compare");
    return {
      lengthS: isPeriod ? to - from : lengthOf(searchParams.get("range")),
      from: isPeriod ? from : null,
      compare: COMPARES.has(compare) ? compare : "",
    };
  }

  take({ lengthS, from, compare }) {
    this.chosenS = lengthS;
    this.from = from;
    this.compare = compare;
  }

  // What a page shows while nobody chose: its charts say so, perhaps after others have begun to listen.
  setDefault(lengthS) {
    if (!lengthS || lengthS === this.defaultS) return;
    this.defaultS = lengthS;
    if (this.chosenS === null) this.tell();
  }

  get state() {
    return { lengthS: this.chosenS, from: this.from, compare: this.compare };
  }

  get lengthS() {
    return this.chosenS ?? this.defaultS;
  }

  get isRolling() {
    return this.from === null;
  }

  // From when to when, in seconds; a rolling one ends now.
  window(nowS = Date.now() / 1000) {
    return this.isRolling ? [nowS - this.lengthS, nowS] : [this.from, this.from + this.lengthS];
  }

  get shiftS() {
    return { day: DAY_S, week: 7 * DAY_S, period: this.lengthS }[this.compare] ?? 0;
  }

  listen(listener) {
    this.listeners.add(listener);
  }

  choose(lengthS) {
    this.before = [];
    this.go({ ...this.state, lengthS, from: null });
  }

  choosePeriod(from, to) {
    this.before = [];
    this.go({ ...this.state, ...this.fitting(from, to) });
  }

  setCompare(compare) {
    this.go({ ...this.state, compare });
  }

  // One zoom back is one Escape; the browser's own Back works as well.
  zoom(from, to) {
    this.before = [...this.before, this.state].slice(-MOST_BACK);
    this.go({ ...this.state, ...this.fitting(from, to) });
  }

  zoomBy(factor, around) {
    const [from, to] = this.window();
    const length = Math.min(LONGEST_S, Math.max(SHORTEST_S, (to - from) * factor));
    const share = (around - from) / (to - from);
    const end = Math.min(around + length * (1 - share), Math.max(to, Date.now() / 1000));
    this.zoom(end - length, end);
  }

  shift(direction) {
    const [from, to] = this.window();
    const step = (direction * (to - from)) / 2;
    this.zoom(from + step, to + step);
  }

  back() {
    const state = this.before.pop();
    if (state) this.go({ ...state, compare: this.compare }, "replaceState");
    return Boolean(state);
  }

  fitting(from, to) {
    const start = Math.floor(Math.min(from, to));
    const lengthS = Math.min(LONGEST_S, Math.max(SHORTEST_S, Math.ceil(Math.max(from, to)) - start));
    return { from: start, lengthS };
  }

  go(state, method = "pushState") {
    this.take(state);
    history[method](null, "", this.address());
    this.tell();
  }

  tell() {
    for (const listener of this.listeners) listener(this);
  }

  // This page's address with the range in it; other parts stay as they are.
  address() {
    const url = new URL(location.href);
    const { lengthS, from, compare } = this.state;
    const parts = { range: null, from: null, to: null, compare: compare || null };
    if (from !== null) Object.assign(parts, { from: iso(from), to: iso(from + lengthS) });
    else if (lengthS) parts.range = nameOf(lengthS);
    for (const [name, value] of Object.entries(parts)) {
      if (value === null) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    return url.href.replaceAll("%3A", ":");
  }

  restore() {
    const state = this.read(new URL(location.href));
    if (JSON.stringify(state) === JSON.stringify(this.state)) return;
    this.take(state);
    this.tell();
  }
}

let shared;

export const pageRange = () => {
  if (!shared) {
    shared = new PageRange();
    window.addEventListener("popstate", () => shared.restore());
  }
  return shared;
};
