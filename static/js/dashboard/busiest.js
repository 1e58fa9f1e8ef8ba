// The busiest services and containers: by CPU from each frame, by memory or network read anew every few seconds.

import { bytes } from "../numbers.js";

const READ_EVERY_MS = 10_000;

// The same shortening as the server's filter of this name.
const middle = (text, length = 32) => {
  if (text.length <= length) return text;
  const head = Math.floor((length - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(-(length - 1 - head))}`;
};

const known = (value, write) => (value === null || value === undefined ? "–" : write(value));

export class Busiest {
  constructor(board, cores) {
    this.board = board;
    this.cores = cores;
    board.addEventListener("click", (event) => {
      const by = event.target.closest("[data-busy-by]")?.dataset.busyBy;
      if (by) this.choose(by);
    });
    setInterval(() => this.by !== "cpu" && !document.hidden && this.read(), READ_EVERY_MS);
  }

  get card() {
    return this.board.querySelector("[data-busy]");
  }

  get by() {
    return this.card?.dataset.by ?? "cpu";
  }

  choose(by) {
    this.card.dataset.by = by;
    this.press();
    const url = new URL(location.href);
    if (by === "cpu") url.searchParams.delete("by");
    else url.searchParams.set("by", by);
    history.replaceState(null, "", url);
    this.read();
  }

  press() {
    for (const button of this.card.querySelectorAll("[data-busy-by]")) {
      button.setAttribute("aria-pressed", String(button.dataset.busyBy === this.by));
    }
  }

  async read() {
    const { by } = this;
    const url = new URL(this.board.dataset.busiestUrl, location.href);
    url.search = new URLSearchParams({ cluster: this.board.dataset.cluster, by });
    try {
      const answer = await fetch(url);
      if (!answer.ok || answer.redirected || by !== this.by) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const list of ["services", "containers"]) this.replace(list, fresh);
    } catch {
      // The next reading comes in a moment; what is shown stays.
    }
  }

  replace(list, fresh) {
    const [old, next] = [this.card, fresh].map((place) => place.querySelector(`tbody[data-busiest="${list}"]`));
    if (old && next && !old.contains(document.activeElement)) old.replaceWith(next);
  }

  // From a frame, which is in order of CPU.
  update({ busiest, busiest_services: services }) {
    if (this.by !== "cpu" || !this.card) return;
    this.show("services", services);
    this.show("containers", busiest);
  }

  show(list, columns) {
    const body = this.card.querySelector(`tbody[data-busiest="${list}"]`);
    const template = this.card.querySelector(`[data-busiest-row="${list}"]`);
    if (!body || !template || !columns?.ref.length || body.contains(document.activeElement)) return;
    body.replaceChildren(...columns.ref.map((ref, index) => this.row(template, columns, index)));
  }

  row(template, columns, index) {
    const row = template.content.firstElementChild.cloneNode(true);
    const [name, cpu, memory, network] = row.children;
    const [link, where] = name.children;
    link.textContent = middle(columns.label[index]);
    link.title = columns.label[index];
    link.href = template.dataset.page.replace("/0/", `/${columns.ref[index]}/`);
    where.textContent = this.board.querySelector(`[data-heat="${columns.node_ref[index]}"]`)?.dataset.name ?? "";
    cpu.textContent = known(columns.cpu_cores[index], this.cores);
    memory.textContent = known(columns.memory_bytes[index], bytes);
    network.textContent = known(columns.network_bps?.[index], (value) => `${bytes(value)}/s`);
    return row;
  }
}
