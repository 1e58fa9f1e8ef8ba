// Colours that programs write into their output, as classes; everything else that a terminal would obey is left out.
// Only text and class names come from here, so that nothing in a log can become a part of the page.

const SEQUENCE = /\x1b\[([0-9;:]*)m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
const STYLES = { 1: "bold", 2: "faint", 3: "italic", 4: "underline", 7: "inverse", 9: "struck" };
const ENDS = { 22: ["bold", "faint"], 23: ["italic"], 24: ["underline"], 27: ["inverse"], 29: ["struck"] };

const begin = () => ({ styles: new Set(), front: "", back: "" });

// 256 and true colours: the sixteen named ones among them, others keep the page's colour.
const extended = (codes) => {
  const kind = codes.shift();
  if (kind === 5) {
    const number = codes.shift();
    return number < 16 ? String(number) : "";
  }
  if (kind === 2) codes.splice(0, 3);
  return "";
};

const colored = (state, code, codes) => {
  const side = code % 100 >= 40 && code !== 90 ? "back" : "front";
  if (code === 38 || code === 48) state[code === 38 ? "front" : "back"] = extended(codes);
  else if (code === 39) state.front = "";
  else if (code === 49) state.back = "";
  else if ((code >= 30 && code <= 37) || (code >= 40 && code <= 47)) state[side] = String(code % 10);
  else if (code >= 90 && code <= 97) state.front = String(code - 82);
  else if (code >= 100 && code <= 107) state.back = String(code - 92);
};

const applied = (state, text) => {
  const codes = text.split(/[;:]/).map(Number);
  while (codes.length) {
    const code = codes.shift();
    if (code === 0) Object.assign(state, begin());
    else if (STYLES[code]) state.styles.add(STYLES[code]);
    else if (ENDS[code]) ENDS[code].forEach((name) => state.styles.delete(name));
    else colored(state, code, codes);
  }
};

const classesOf = ({ styles, front, back }) =>
  [...[...styles].map((name) => `dce-ansi-${name}`), front && `dce-ansi-front-${front}`, back && `dce-ansi-back-${back}`].filter(Boolean).join(" ");

// The parts of a line: `{text, classes}`.
export const partsOf = (line) => {
  const parts = [];
  const state = begin();
  let place = 0;
  const add = (text) => text && parts.push({ text, classes: classesOf(state) });
  for (const match of line.matchAll(SEQUENCE)) {
    add(line.slice(place, match.index));
    place = match.index + match[0].length;
    if (match[1] !== undefined) applied(state, match[1]);
  }
  add(line.slice(place));
  return parts;
};
