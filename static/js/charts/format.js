// How figures and moments are written, by unit and by how much time is shown.

import { byteUnit, bytes, cores, number, share } from "../numbers.js";

const DAY_S = 86400;
// A chart of nothing still has a scale: this is its least height.
const LEAST = { cores: 0.1, bytes: 1024 ** 2, "bytes/s": 1024 };

export const isKnown = (value) => value !== null && value !== undefined;

export const text = (value, { unit, words }) => {
  if (!isKnown(value)) return "–";
  if (unit === "cores") return cores(value, words.cores);
  if (unit === "bytes") return bytes(value);
  if (unit === "bytes/s") return `${bytes(value)}/s`;
  const digits = Number.isInteger(value) || value >= 100 ? 0 : 2;
  return `${number(value, digits)} ${words[unit] ?? unit}`.trim();
};

// "0.42 of 4 cores": the whole in few digits.
const ofWhole = (value, whole, { unit, words }) => {
  const digits = Number.isInteger(whole) ? 0 : 1;
  if (unit === "cores") return `${number(value, value < 10 ? 2 : 1)} ${words.of} ${number(whole, digits)} ${words.cores}`;
  return `${text(value, { unit, words })} ${words.of} ${text(whole, { unit, words })}`;
};

// The newest figure with its share: of the limit, else of the machine.
export const withShare = (value, { limit, capacity }, how) => {
  if (limit) return `${ofWhole(value, limit, how)} · ${share(value, limit)}`;
  const plain = text(value, how);
  return capacity && how.unit !== "processes" ? `${plain} · ${share(value, capacity)} ${how.words.ofMachine}` : plain;
};

export const leastTop = (unit) => LEAST[unit] ?? 1;

// One unit for the whole axis, so that its numbers compare at a glance.
export const ticks = (values, unit) => {
  const top = values.at(-1) ?? 0;
  const small = top < 1 ? 2 : top < 10 ? 1 : 0;
  if (!unit.startsWith("bytes")) return values.map((value) => number(value, small));
  const scale = byteUnit(top);
  const digits = top / scale.size < 10 ? 1 : 0;
  const suffix = unit === "bytes/s" ? "/s" : "";
  return values.map((value) => (value === 0 ? "0" : `${number(value / scale.size, digits)} ${scale.name}${suffix}`));
};

// Steps that are round in the unit shown: powers of two for bytes.
export const steps = (unit) => (unit.startsWith("bytes") ? Array.from({ length: 50 }, (_, power) => 2 ** power) : undefined);

const language = document.documentElement.lang || "en";
const formats = new Map();

const formatOf = (style) => {
  const key = JSON.stringify(style);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(language, { ...style, hour12: false }));
  return formats.get(key);
};

const TIME = { hour: "2-digit", minute: "2-digit" };
const styleOf = (lengthS) => {
  if (lengthS <= 600) return { ...TIME, second: "2-digit" };
  if (lengthS <= DAY_S) return TIME;
  if (lengthS <= 3 * DAY_S) return { weekday: "short", ...TIME };
  return lengthS <= 60 * DAY_S ? { month: "short", day: "numeric" } : { year: "numeric", month: "short" };
};

// A moment on the axis: as short as the time that is shown allows.
export const axisMoment = (seconds, lengthS) => formatOf(styleOf(lengthS)).format(seconds * 1000);

export const moment = (seconds) => formatOf({ dateStyle: "medium", timeStyle: "medium" }).format(seconds * 1000);

export const rangeText = ([from, to]) => formatOf({ dateStyle: "medium", timeStyle: "short" }).formatRange(from * 1000, to * 1000);
