// The page's colours as the style sheet has them at this moment, day or night.

export const fade = (color, percent = 14) => `color-mix(in oklch, ${color} ${percent}%, transparent)`;

export const palette = () => {
  const css = getComputedStyle(document.documentElement);
  const known = new Map();
  return (name) => {
    if (!known.has(name)) known.set(name, css.getPropertyValue(name).trim());
    return known.get(name);
  };
};

export const TONES = { good: "--dce-good", late: "--dce-late", bad: "--dce-bad", busy: "--dce-busy", off: "--dce-quiet" };
