// What one chart holds: moments in order, for each measure its mean, least and greatest value; silence stays a gap.

import { isKnown } from "./format.js";

export class SeriesData {
  constructor(measures) {
    this.measures = measures;
    this.clear();
  }

  clear() {
    this.at = [];
    this.columns = Object.fromEntries(this.measures.map((name) => [name, { mean: [], low: [], high: [] }]));
    this.gapS = 45;
    this.stepS = 1;
    this.latest = null;
    this.bucket = null;
    this.hasLow = false;
  }

  // The answer of the API: columns of equal length; `<measure>_min` is there with newer portals only.
  take({ at, columns, gap_s: gapS, step_s: stepS }, shiftS = 0) {
    this.clear();
    this.gapS = gapS;
    this.stepS = stepS;
    const hasSpread = (name) => columns[`${name}_min`]?.some((low, index) => low !== columns[`${name}_max`][index]);
    // A band that is nowhere wider than its line is none.
    this.hasLow = this.measures.some(hasSpread);
    at.forEach((moment, index) => this.push(moment + shiftS, (name) => ({
      mean: columns[name][index],
      low: columns[`${name}_min`]?.[index] ?? columns[name][index],
      high: columns[`${name}_max`]?.[index] ?? columns[name][index],
    })));
    const last = at.length - 1;
    if (last >= 0) this.latest = { at: at[last] + shiftS, values: Object.fromEntries(this.measures.map((name) => [name, columns[name][last]])) };
  }

  // A silence longer than usual gets a moment without figures, which breaks the line.
  push(at, figures) {
    const last = this.at.at(-1);
    if (last !== undefined && at - last > this.gapS) this.put(last + 1, () => ({ mean: null, low: null, high: null }));
    this.put(at, figures);
  }

  put(at, figures) {
    this.at.push(at);
    for (const name of this.measures) {
      const figure = figures(name);
      for (const part of ["mean", "low", "high"]) this.columns[name][part].push(figure[part]);
    }
  }

  // A live frame: on a long range it joins the step that it falls in, as the store will sum it up.
  append(at, values) {
    if (at <= (this.latest?.at ?? 0)) return false;
    this.latest = { at, values };
    const bucket = at - (at % this.stepS);
    if (this.stepS > 1 && this.at.at(-1) === bucket) this.join(bucket, values);
    else this.begin(this.stepS > 1 ? bucket : at, values);
    return true;
  }

  begin(at, values) {
    if (at <= (this.at.at(-1) ?? 0)) return;
    this.bucket = { at, count: 1 };
    const figureOf = (name) => values[name] ?? null;
    this.push(at, (name) => ({ mean: figureOf(name), low: figureOf(name), high: figureOf(name) }));
  }

  join(bucket, values) {
    // How many samples the history summed up in its last step is not known here: its mean stays until the next.
    const isOwn = this.bucket?.at === bucket;
    if (isOwn) this.bucket.count += 1;
    const last = this.at.length - 1;
    for (const name of this.measures) {
      const value = values[name];
      if (isKnown(value)) this.mix(this.columns[name], last, value, isOwn ? this.bucket.count : 0);
    }
  }

  mix({ mean, low, high }, last, value, count) {
    if (!isKnown(mean[last])) mean[last] = value;
    else if (count) mean[last] += (value - mean[last]) / count;
    low[last] = Math.min(low[last] ?? value, value);
    high[last] = Math.max(high[last] ?? value, value);
  }

  dropBefore(start) {
    const old = this.at.findIndex((moment) => moment >= start);
    if (old <= 1) return;
    // One moment before the window stays, so that the line enters it from the side.
    this.at.splice(0, old - 1);
    for (const name of this.measures) for (const part of Object.values(this.columns[name])) part.splice(0, old - 1);
  }

  get isEmpty() {
    return !this.columns[this.measures[0]].mean.some(isKnown);
  }

  // Where the first measure has no figures between two that it has, and after the last of a chart that is to be live.
  gaps(endS) {
    const { mean } = this.columns[this.measures[0]];
    const found = [];
    let last = null;
    this.at.forEach((at, index) => {
      if (!isKnown(mean[index])) return;
      if (last !== null && at - last > this.gapS) found.push([last, at]);
      last = at;
    });
    if (last !== null && endS - last > Math.max(this.gapS, this.stepS * 2)) found.push([last, endS]);
    return found;
  }

  highest() {
    let most = 0;
    for (const name of this.measures) {
      for (const value of this.columns[name].high) if (value > most) most = value;
    }
    return most;
  }
}

// One list of moments for two series: `undefined` where one of them has no point, which is no gap.
export const union = (first, second) => {
  const at = [];
  const places = [];
  for (let one = 0, two = 0; one < first.length || two < second.length; ) {
    const moment = Math.min(first[one] ?? Infinity, second[two] ?? Infinity);
    at.push(moment);
    places.push([first[one] === moment ? one++ : -1, second[two] === moment ? two++ : -1]);
  }
  const placed = (column, side) => places.map((place) => (place[side] < 0 ? undefined : column[place[side]]));
  return { at, first: (column) => placed(column, 0), second: (column) => placed(column, 1) };
};
