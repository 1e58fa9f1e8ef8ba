// The chart as a PNG: title, range and key drawn above and below what the canvas shows.

import { rangeText } from "./format.js";

const MARGIN = 16;
const HEAD = 54;
const FOOT = 30;

const drawHead = (context, chart, color) => {
  context.fillStyle = color("--dce-strong");
  context.font = "600 15px Inter, sans-serif";
  context.fillText(chart.fullTitle, MARGIN, MARGIN + 10);
  context.fillStyle = color("--dce-quiet");
  context.font = "12px Inter, sans-serif";
  context.fillText([rangeText(chart.window), chart.compareWord].filter(Boolean).join(" · "), MARGIN, MARGIN + 30);
};

const drawKey = (context, chart, { color, top }) => {
  let left = MARGIN;
  context.font = "12px Inter, sans-serif";
  for (const { label, color: name, isDashed } of chart.key()) {
    context.strokeStyle = color(name);
    context.lineWidth = 2;
    context.setLineDash(isDashed ? [5, 4] : []);
    context.beginPath();
    context.moveTo(left, top);
    context.lineTo(left + 18, top);
    context.stroke();
    context.fillStyle = color("--dce-text");
    context.fillText(label, left + 24, top + 4);
    left += 40 + context.measureText(label).width;
  }
};

export const pictureOf = (chart, color) => {
  const { canvas } = chart.plot.ctx;
  const ratio = devicePixelRatio;
  const [width, height] = [canvas.width / ratio + 2 * MARGIN, canvas.height / ratio + HEAD + FOOT];
  const picture = Object.assign(document.createElement("canvas"), { width: width * ratio, height: height * ratio });
  const context = picture.getContext("2d");
  context.scale(ratio, ratio);
  context.fillStyle = color("--dce-surface");
  context.fillRect(0, 0, width, height);
  context.drawImage(canvas, MARGIN, HEAD, canvas.width / ratio, canvas.height / ratio);
  drawHead(context, chart, color);
  drawKey(context, chart, { color, top: height - FOOT / 2 });
  return picture;
};

const save = (address, name) => {
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
};

export const savePicture = (chart, color) => {
  pictureOf(chart, color).toBlob((blob) => {
    const address = URL.createObjectURL(blob);
    save(address, `${chart.fileName}.png`);
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }, "image/png");
};

// The server says how the file is called.
export const saveTable = (address) => save(address, "");
