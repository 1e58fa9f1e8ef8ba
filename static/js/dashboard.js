// The dashboard moves: bars and busiest containers from each frame; words, lists and counts are read anew when they changed.

import { liveLine } from "./live.js";
import { bytes, number } from "./numbers.js";

const REFRESH_AFTER_MS = 1500;
const REFRESH_AT_MOST_MS = 5000;

// The same shortening as the server's filter of this name.
const middle = (text, length = 32) => {
  if (text.length <= length) return text;
  const head = Math.floor((length - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(-(length - 1 - head))}`;
};

const setShare = (element, share) => element?.style.setProperty("--share", String(share ?? 0));

class Dashboard {
  constructor(element) {
    this.element = element;
    this.health = null;
    this.refreshedAt = 0;
  }

  receive({ frames }) {
    const usage = frames.map((frame) => frame.data).filter((data) => data.type === "usage").at(-1);
    if (usage) this.show(usage);
    if (frames.some((frame) => frame.data.type !== "usage")) this.refreshSoon();
  }

  show({ at, nodes, busiest, health }) {
    const poll = this.element.querySelector("[data-last-poll] time");
    if (poll) poll.dateTime = new Date(at * 1000).toISOString();
    if (nodes) nodes.ref.forEach((ref, index) => this.showNode(ref, nodes, index));
    if (busiest) this.showBusiest(busiest, nodes);
    const news = JSON.stringify([health, Boolean(poll)]);
    if (this.health !== null && this.health !== news) this.refreshSoon();
    if (!poll) this.refreshSoon();
    this.health = news;
  }

  showNode(ref, nodes, index) {
    setShare(this.element.querySelector(`[data-heat="${ref}"]`), nodes.cpu_share[index]);
    const row = this.element.querySelector(`[data-node="${ref}"]`);
    if (!row) return;
    this.showMeter(row, "cpu", nodes.cpu_share[index], nodes.cpu_cores[index]);
    this.showMeter(row, "memory", nodes.memory_share[index], nodes.memory_bytes[index]);
  }

  showMeter(row, name, share, value) {
    const text = row.querySelector(`[data-value="${name}"]`);
    if (!text || value === null) return;
    setShare(row.querySelector(`.dce-bar-${name} > i`), share);
    text.textContent = name === "cpu" ? this.cores(value) : bytes(value);
  }

  // The server wrote "0.42 cores" in the page's language: only its number changes here.
  cores(value) {
    const written = this.element.dataset.cores;
    return written.replace("0", number(value, value < 10 ? 2 : 1));
  }

  showBusiest({ ref, label, node_ref: nodeRef, cpu_cores: cpu, memory_bytes: memory }) {
    const body = this.element.querySelector("[data-busiest]");
    const template = this.element.querySelector("[data-busiest-row]");
    if (!body || !template || !ref.length) return;
    const rows = ref.map((number_, index) => {
      const row = template.content.firstElementChild.cloneNode(true);
      const [name, cpuCell, memoryCell] = row.children;
      const [link, node] = name.children;
      link.textContent = middle(label[index]);
      link.title = label[index];
      link.href = template.dataset.page.replace("/0/", `/${number_}/`);
      node.textContent = this.element.querySelector(`[data-node="${nodeRef[index]}"] .dce-node-name a`)?.textContent ?? "";
      cpuCell.textContent = this.cores(cpu[index]);
      memoryCell.textContent = bytes(memory[index] ?? 0);
      return row;
    });
    body.replaceChildren(...rows);
    body.closest("table").hidden = false;
    this.element.querySelector("[data-busiest-empty]")?.remove();
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
      this.showState(this.state);
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
