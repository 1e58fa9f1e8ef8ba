// The heat map: by CPU, memory or disk; arrow keys move between the tiles, a tip says value and freshness.

import { ago } from "../ago.js";

const MEASURES = ["cpu", "memory", "disk"];
// The server's own steps (apps/metrics/dashboard/heat.py).
const LEVELS = [25, 50, 75, 90];

const sharesOf = (tile) => tile.dataset.shares.split(",").map((text) => (text === "" ? null : Number(text)));
const levelOf = (share) => (share === null ? "x" : String(LEVELS.filter((least) => share >= least).length));
const percent = (share) => (share === null ? "–" : `${share} %`);

export class HeatMap {
  constructor(board) {
    this.board = board;
    this.by = board.querySelector("[data-heat-map]")?.dataset.by ?? "cpu";
    this.tip = Object.assign(document.createElement("div"), { className: "dce-heat-tip", hidden: true });
    this.tip.setAttribute("role", "tooltip");
    document.body.append(this.tip);
    board.addEventListener("click", (event) => this.choose(event));
    board.addEventListener("keydown", (event) => this.move(event));
    for (const name of ["pointerover", "focusin"]) board.addEventListener(name, (event) => this.point(event));
    for (const name of ["pointerout", "focusout"]) board.addEventListener(name, () => this.hide());
    this.settle();
  }

  get map() {
    return this.board.querySelector("[data-heat-map]");
  }

  get tiles() {
    return [...(this.map?.children ?? [])];
  }

  // One stop for the tab key; a map that was read anew keeps what was chosen.
  settle() {
    this.tiles.forEach((tile, index) => (tile.tabIndex = index === 0 ? 0 : -1));
    if (this.map && this.map.dataset.by !== this.by) this.show(this.by);
  }

  choose(event) {
    const link = event.target.closest("[data-heat-by]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.replaceState(null, "", link.href);
    this.show(link.dataset.heatBy);
  }

  show(by) {
    this.by = by;
    this.map.dataset.by = by;
    for (const link of this.board.querySelectorAll("[data-heat-by]")) {
      if (link.dataset.heatBy === by) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    this.tiles.forEach((tile) => this.paint(tile));
  }

  paint(tile) {
    const share = sharesOf(tile)[MEASURES.indexOf(this.by)];
    const next = `dce-heat-${levelOf(share)}`;
    if (!tile.classList.contains(next)) {
      tile.className = tile.className.replace(/dce-heat-[0-4x]/, next);
    }
    tile.lastElementChild.textContent = share ?? "–";
    tile.setAttribute("aria-label", `${tile.dataset.name}, ${tile.dataset.word}, ${percent(share)}`);
  }

  // From a frame: shares are 0…1, null where unknown.
  update(nodes, at) {
    const places = new Map(nodes.ref.map((ref, index) => [String(ref), index]));
    const columns = MEASURES.map((name) => nodes[`${name}_share`] ?? []);
    for (const tile of this.tiles) {
      const index = places.get(tile.dataset.heat);
      if (index === undefined) continue;
      const shares = columns.map((column) => column[index] ?? null);
      const text = shares.map((share) => (share === null ? "" : Math.round(100 * share))).join(",");
      if (shares[0] !== null || shares[1] !== null) tile.dataset.at = String(at);
      if (text === tile.dataset.shares) continue;
      tile.dataset.shares = text;
      this.paint(tile);
    }
  }

  move(event) {
    const { tiles } = this;
    const index = tiles.indexOf(event.target);
    if (index < 0) return;
    const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tiles.length - 1 }[event.key] ?? this.across(event.key, index);
    if (next === undefined) return;
    event.preventDefault();
    const tile = tiles[Math.min(tiles.length - 1, Math.max(0, next))];
    event.target.tabIndex = -1;
    tile.tabIndex = 0;
    tile.focus();
  }

  across(key, index) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (!step) return undefined;
    const { tiles } = this;
    const wide = tiles.findIndex((tile) => tile.offsetTop > tiles[0].offsetTop);
    return index + step * (wide > 0 ? wide : tiles.length);
  }

  point(event) {
    const tile = event.target.closest?.("[data-heat]");
    if (!tile) return;
    const words = this.map.dataset;
    const shares = sharesOf(tile);
    const lines = [`${tile.dataset.name} · ${tile.dataset.word}`, MEASURES.map((name, index) => `${words[name]} ${percent(shares[index])}`).join(" · ")];
    if (tile.dataset.at) lines.push(ago(Date.now() / 1000 - Number(tile.dataset.at)));
    this.tip.textContent = lines.join("\n");
    this.tip.hidden = false;
    this.place(tile.getBoundingClientRect());
  }

  place(tile) {
    const { width, height } = this.tip.getBoundingClientRect();
    const left = Math.min(window.innerWidth - width - 8, Math.max(8, tile.left + tile.width / 2 - width / 2));
    const above = tile.top - height - 6;
    this.tip.style.left = `${left}px`;
    this.tip.style.top = `${above > 8 ? above : tile.bottom + 6}px`;
  }

  hide() {
    this.tip.hidden = true;
  }
}
