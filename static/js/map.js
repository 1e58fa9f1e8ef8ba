// The cluster's map moves: bars with each frame; nodes and tiles are read anew when the cluster says that they changed.

import { liveLine } from "./live.js";

const REFRESH_AFTER_MS = 1000;
const REFRESH_AT_MOST_MS = 3000;

class ClusterMap {
  constructor(element) {
    this.element = element;
    this.refreshedAt = 0;
  }

  receive({ frames, gap }) {
    const usage = frames.map((frame) => frame.data).filter((data) => data.type === "usage").at(-1);
    if (usage?.nodes) this.showUsage(usage.nodes);
    if (gap || frames.some((frame) => frame.data.type !== "usage")) this.refreshSoon();
  }

  showUsage(nodes) {
    nodes.ref.forEach((ref, index) => {
      const column = this.element.querySelector(`[data-node="${ref}"]`);
      if (!column) return;
      for (const name of ["cpu", "memory"]) this.showBar(column, name, nodes[`${name}_share`][index]);
    });
  }

  showBar(column, name, share) {
    if (share === null) return;
    const bar = column.querySelector(`.dce-bar-${name}`);
    bar.firstElementChild.style.setProperty("--share", String(share));
    bar.nextElementSibling.textContent = `${Math.round(100 * share)} %`;
  }

  refreshSoon() {
    if (this.refreshing) return;
    const wait = Math.max(REFRESH_AFTER_MS, this.refreshedAt + REFRESH_AT_MOST_MS - Date.now());
    this.refreshing = setTimeout(() => this.refresh(), wait);
  }

  async refresh() {
    try {
      const answer = await fetch(location.href);
      if (!answer.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [old, next] = [this.element, fresh].map((page) => page.querySelector("[data-fragment='map']"));
      if (old && next && !old.contains(document.activeElement)) old.replaceWith(next);
    } finally {
      this.refreshing = null;
      this.refreshedAt = Date.now();
    }
  }

  showState(state) {
    const dot = this.element.querySelector("[data-live-state]");
    if (!dot) return;
    dot.dataset.liveState = state;
    dot.textContent = dot.dataset[state];
  }
}

export const mount = (element) => {
  if (!("watch" in element.dataset)) return;
  const map = new ClusterMap(element);
  const line = liveLine(element);
  line.watch(`cluster:${element.dataset.cluster}`, (news) => map.receive(news));
  line.onState((state) => map.showState(state));
};
