// All charts of a page move in one frame: first every plot, then every number, so that the page is laid out once.

const waiting = new Set();
let asked = null;

const run = () => {
  asked = null;
  const charts = [...waiting];
  waiting.clear();
  for (const chart of charts) chart.drawIfDue();
  for (const chart of charts) chart.showNow();
};

export const inNextFrame = (chart) => {
  waiting.add(chart);
  asked ??= requestAnimationFrame(run);
};

// Nothing is seen of what is less than a pixel of time away. Counted from one moment for all, so that plots of one size go together.
export const isDue = (drawnAt, pixelMs) => Math.floor(Date.now() / pixelMs) !== Math.floor(drawnAt / pixelMs);
