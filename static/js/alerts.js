// Alerts move: each frame says that something changed, and the page's parts are read anew.

import { liveLine } from "./live.js";

const REFRESH_AFTER_MS = 300;
const ASK_EVERY_MS = 10000;

class Alerts {
  constructor(element) {
    this.element = element;
  }

  refreshSoon() {
    this.waiting ??= setTimeout(() => this.refresh(), REFRESH_AFTER_MS);
  }

  // What somebody is writing into stays as it is; the next frame or tick brings the rest.
  async refresh() {
    this.waiting = null;
    if (this.element.querySelector("details.dce-alert-take[open]")) return;
    const answer = await fetch(location.href);
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of this.element.querySelectorAll("[data-fragment]")) {
      const next = fresh.querySelector(`[data-fragment="${part.dataset.fragment}"]`);
      if (next && !part.contains(document.activeElement)) this.replace(part, next);
    }
  }

  // Which lists are open, and what the line's state says, is this window's own matter.
  replace(part, next) {
    const open = [...part.querySelectorAll("details")].map((one) => one.open);
    if (open.length === next.querySelectorAll("details").length) {
      next.querySelectorAll("details").forEach((one, index) => { one.open = open[index]; });
    }
    const [dot, fresh] = [part, next].map((side) => side.querySelector("[data-live-state]"));
    if (dot && fresh) fresh.replaceWith(dot);
    part.replaceWith(next);
  }

  onState(state) {
    const dot = this.element.querySelector("[data-live-state]");
    if (dot) {
      dot.dataset.liveState = state;
      dot.textContent = dot.dataset[state];
    }
    clearInterval(this.timer);
    if (state === "live") this.refreshSoon();
    this.timer = setInterval(() => document.hidden || this.refreshSoon(), ASK_EVERY_MS);
  }
}

export const mount = (element) => {
  const alerts = new Alerts(element);
  const line = liveLine(element);
  line.watch("alerts:all", () => alerts.refreshSoon());
  line.onState((state) => alerts.onState(state));
};
