// The page's colours as the style sheet has them at this moment, day or night.

const known = new Map();
let context;

// A canvas works out what a colour is each time that it is told one: once is enough.
const plain = (color) => {
  context ??= Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, ${(alpha / 255).toFixed(3)})`;
};

const remembered = (color) => {
  if (!known.has(color)) known.set(color, plain(color));
  return known.get(color);
};

export const fade = (color, percent = 14) => remembered(`color-mix(in oklch, ${color} ${percent}%, transparent)`);

export const palette = () => {
  const css = getComputedStyle(document.documentElement);
  const named = new Map();
  return (name) => {
    if (!named.has(name)) named.set(name, remembered(css.getPropertyValue(name).trim()));
    return named.get(name);
  };
};

export const TONES = { good: "--dce-good", late: "--dce-late", bad: "--dce-bad", busy: "--dce-busy", off: "--dce-quiet" };
