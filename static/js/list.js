// A list of the admin that is read anew when the clusters that it shows say that something changed.

import { liveLine } from "./live.js";

const REFRESH_AFTER_MS = 1500;
const REFRESH_AT_MOST_MS = 5000;

const isInUse = (table) => table.contains(document.activeElement) || table.querySelector("input:checked");

class LiveList {
  constructor(element) {
    this.element = element;
    this.refreshedAt = 0;
  }

  receive() {
    if (this.refreshing) return;
    const wait = Math.max(REFRESH_AFTER_MS, this.refreshedAt + REFRESH_AT_MOST_MS - Date.now());
    this.refreshing = setTimeout(() => this.refresh(), wait);
  }

  async refresh() {
    try {
      const answer = await fetch(location.href);
      if (!answer.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [old, next] = [this.element, fresh].map((page) => page.querySelector("#result_list"));
      if (old && next && !isInUse(old)) old.replaceWith(next);
    } finally {
      this.refreshing = null;
      this.refreshedAt = Date.now();
    }
  }
}

export const mount = (element) => {
  if (!element.dataset.watch) return;
  const list = new LiveList(element);
  const line = liveLine(element);
  for (const cluster of element.dataset.watch.split(" ")) line.watch(`cluster:${cluster}`, () => list.receive());
};
