// Numbers in the page's language, with the units that the pages use.

const language = document.documentElement.lang || "en";
const formats = new Map();

export const number = (value, digits) => {
  if (!formats.has(digits)) {
    formats.set(digits, new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits }));
  }
  return formats.get(digits).format(value);
};

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export const byteUnit = (value) => {
  const power = value > 0 ? Math.min(UNITS.length - 1, Math.floor(Math.log2(value) / 10)) : 0;
  return { name: UNITS[Math.max(0, power)], size: 1024 ** Math.max(0, power) };
};

export const bytes = (value, unit = byteUnit(value)) => {
  const scaled = value / unit.size;
  return `${number(scaled, unit.size === 1 || scaled >= 100 ? 0 : 1)} ${unit.name}`;
};

export const cores = (value, word) => `${number(value, value < 10 ? 2 : 1)} ${word}`;

export const share = (value, whole) => `${number((100 * value) / whole, 0)} %`;

export const clock = (seconds) =>
  new Date(seconds * 1000).toLocaleString(language, { dateStyle: "short", timeStyle: "medium" });
