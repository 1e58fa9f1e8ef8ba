// The dashboard moves: tiles, bars and lists from each frame; words, sparklines and counts are read anew when they changed.

import { Busiest } from "./dashboard/busiest.js";
import { HeatMap } from "./dashboard/heat.js";
import { liveLine } from "./live.js";
import { bytes, number, share } from "./numbers.js";

const REFRESH_AFTER_MS = 1500;
const REFRESH_AT_MOST_MS = 5000;
// The small lines get a new point each minute.
const SPARKLINES_EVERY_MS = 60_000;

class Dashboard {
  constructor(element) {
    this.element = element;
    this.health = null;
    this.refreshedAt = Date.now();
    this.heat = new HeatMap(element);
    this.busiest = new Busiest(element, (value) => this.cores(value));
  }

  receive({ frames }) {
    const usage = frames.map((frame) => frame.data).filter((data) => data.type === "usage").at(-1);
    if (usage) this.show(usage);
    if (frames.some((frame) => frame.data.type !== "usage")) this.refreshSoon();
  }

  show(usage) {
    const { at, nodes, health } = usage;
    const poll = this.element.querySelector("[data-last-poll] time");
    if (poll) poll.dateTime = new Date(at * 1000).toISOString();
    if (nodes) this.showNodes(nodes, at);
    this.busiest.update(usage);
    const news = JSON.stringify([health, Boolean(poll)]);
    const isOld = Date.now() - this.refreshedAt > SPARKLINES_EVERY_MS;
    if ((this.health !== null && this.health !== news) || !poll || isOld) this.refreshSoon();
    this.health = news;
  }

  showNodes(nodes, at) {
    this.heat.update(nodes, at);
    const places = new Map(nodes.ref.map((ref, index) => [String(ref), index]));
    for (const row of this.element.querySelectorAll("[data-node]")) {
      const index = places.get(row.dataset.node);
      if (index === undefined) continue;
      this.showMeter(row, "cpu", nodes.cpu_share[index], nodes.cpu_cores[index]);
      this.showMeter(row, "memory", nodes.memory_share[index], nodes.memory_bytes[index]);
      this.showMeter(row, "disk", nodes.disk_share?.[index] ?? null);
    }
  }

  showMeter(row, name, part, value) {
    const percent = row.querySelector(`[data-share="${name}"]`);
    if (percent && part !== null) percent.textContent = share(part, 1);
    const text = row.querySelector(`[data-value="${name}"]`);
    if (text && value !== null && value !== undefined) text.textContent = name === "cpu" ? this.cores(value) : bytes(value);
  }

  // The server wrote "0.42 cores" in the page's language: only its number changes here.
  cores(value) {
    const written = this.element.dataset.cores;
    return written.replace("0", number(value, value < 10 ? 2 : 1));
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
      for (const part of this.element.querySelectorAll("[data-fragment]")) {
        const next = fresh.querySelector(`[data-fragment="${part.dataset.fragment}"]`);
        if (next && !part.contains(document.activeElement)) part.replaceWith(next);
      }
      this.heat.settle();
      this.showState(this.state);
    } catch {
      // The portal is away for a moment: the line says so, and the next frame asks again.
    } finally {
      this.refreshing = null;
      this.refreshedAt = Date.now();
    }
  }

  showState(state) {
    this.state = state;
    const dot = this.element.querySelector("[data-live-state]");
    if (!dot) return;
    dot.dataset.liveState = state;
    dot.textContent = dot.dataset[state];
  }
}

export const mount = (element) => {
  const dashboard = new Dashboard(element);
  if (!element.dataset.cluster || !("watch" in element.dataset)) return;
  const line = liveLine(element);
  line.watch(`cluster:${element.dataset.cluster}`, (news) => dashboard.receive(news));
  line.onState((state) => dashboard.showState(state));
};
