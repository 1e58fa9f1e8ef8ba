// Shows joins as they go on: each frame says that one has moved, and the page's parts are read anew.

import { liveLine } from "./live.js";

const REFRESH_AFTER_MS = 300;
const ASK_EVERY_MS = 5000;

class Joins {
  constructor(element) {
    this.element = element;
  }

  refreshSoon() {
    this.waiting ??= setTimeout(() => this.refresh(), REFRESH_AFTER_MS);
  }

  // What came meanwhile asks again: the answer may be older than the newest frame.
  async refresh() {
    this.waiting = null;
    const answer = await fetch(location.href);
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of this.element.querySelectorAll("[data-fragment]")) {
      const next = fresh.querySelector(`[data-fragment="${part.dataset.fragment}"]`);
      if (next && !part.contains(document.activeElement)) part.replaceWith(next);
    }
  }

  onState(state) {
    clearInterval(this.timer);
    if (state === "live") this.refreshSoon();
    else this.timer = setInterval(() => document.hidden || this.refreshSoon(), ASK_EVERY_MS);
  }
}

export const mount = (element) => {
  const joins = new Joins(element);
  const line = liveLine(element);
  line.watch("join:all", () => joins.refreshSoon());
  line.onState((state) => joins.onState(state));
};
