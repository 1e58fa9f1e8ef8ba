// The page of one log: follows it, pauses, finds. The newest line is the last.

import { LogConnection } from "./connection.js";
import { LogLines, MOST_LINES } from "./lines.js";

const AT_END_PX = 24;
const KEPT = "dce-log-view";

const clockOf = (timeZone) => {
  const options = { timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" };
  const format = new Intl.DateTimeFormat(document.documentElement.lang || "en", options);
  return (at) => format.format(new Date(`${at.slice(0, 23)}Z`));
};

class LogPage {
  constructor(element) {
    this.element = element;
    this.words = element.querySelector("[data-words]").dataset;
    this.box = element.querySelector("[data-lines]");
    this.lines = new LogLines(this.box, this.words, clockOf(element.dataset.timeZone));
    this.waiting = [];
    this.isFollowing = true;
    this.isAtEnd = true;
    this.unseen = 0;
    this.connection = new LogConnection(element.dataset.socket, {
      ready: () => this.ready(),
      lines: (lines, leftOut) => this.take(lines, leftOut),
      lost: () => this.lost(),
      ended: (end) => this.ended(end),
    });
    this.listen();
    this.restore();
    this.begin();
  }

  part(name) {
    return this.element.querySelector(`[data-${name}]`);
  }

  field(name) {
    return this.element.querySelector(`[name="${name}"]`);
  }

  listen() {
    this.part("follow").addEventListener("click", () => this.follow(!this.isFollowing));
    this.part("newest").addEventListener("click", () => this.toEnd());
    for (const name of ["tail", "since"]) this.field(name).addEventListener("change", () => this.begin());
    for (const name of ["times", "wrap", "only", "stream"]) this.field(name).addEventListener("change", () => this.show());
    this.field("find").addEventListener("input", () => this.search());
    this.field("find").addEventListener("keydown", (event) => this.onFindKey(event));
    this.box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    document.addEventListener("keydown", (event) => this.onKey(event));
  }

  begin() {
    this.lines.clear();
    this.waiting = [];
    this.isAtEnd = true;
    this.connection.open({ tail: Number(this.field("tail").value), since: this.field("since").value });
    const url = new URL(this.element.dataset.textUrl, location.href);
    url.searchParams.set("tail", MOST_LINES);
    url.searchParams.set("timestamps", "true");
    if (this.field("since").value) url.searchParams.set("since", this.field("since").value);
    this.part("download").href = url;
  }

  ready() {
    this.isOpen = true;
    this.sayHow();
    if (this.lines.isEmpty) this.showEmpty(this.words.empty);
  }

  take(lines, leftOut) {
    if (this.isFollowing) this.add(lines, leftOut);
    else this.keep(lines, leftOut);
  }

  // While the view is paused what comes is kept, as many as the page would show.
  keep(lines, leftOut) {
    this.waiting.push({ lines, leftOut });
    this.unseen += lines.length;
    while (this.unseen > MOST_LINES && this.waiting.length > 1) this.unseen -= this.waiting.shift().lines.length;
    this.showNewest();
  }

  add(lines, leftOut) {
    this.box.querySelector(".dce-log-empty")?.remove();
    this.lines.add(lines, leftOut);
    if (this.isAtEnd) this.box.scrollTop = this.box.scrollHeight;
    else this.unseen += lines.length;
    this.showNewest();
    this.showFound();
  }

  follow(isFollowing) {
    this.isFollowing = isFollowing;
    const button = this.part("follow");
    button.setAttribute("aria-pressed", String(isFollowing));
    button.querySelector(".material-symbols-outlined").textContent = isFollowing ? "pause" : "play_arrow";
    this.part("follow-word").textContent = isFollowing ? this.words.pause : this.words.goOn;
    if (this.isOpen) this.sayHow();
    if (!isFollowing) return;
    const kept = this.waiting;
    this.waiting = [];
    this.unseen = 0;
    for (const { lines, leftOut } of kept) this.add(lines, leftOut);
  }

  toEnd() {
    if (!this.isFollowing) this.follow(true);
    this.isAtEnd = true;
    this.unseen = 0;
    this.box.scrollTop = this.box.scrollHeight;
    this.showNewest();
  }

  scrolled() {
    this.isAtEnd = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < AT_END_PX;
    if (this.isAtEnd && this.isFollowing) this.unseen = 0;
    this.showNewest();
  }

  showNewest() {
    this.part("newest").hidden = !this.unseen;
    this.part("newest-word").textContent = this.words.new.replace("{count}", this.unseen);
  }

  showEmpty(text) {
    this.box.querySelector(".dce-log-empty")?.remove();
    this.box.append(Object.assign(document.createElement("p"), { className: "dce-log-empty", textContent: text }));
  }

  showFound() {
    const { find, hits } = this.lines;
    this.part("found").textContent = find ? this.words.hits.replace("{count}", hits) : "";
  }

  search() {
    this.lines.search(this.field("find").value);
    this.showFound();
  }

  show() {
    const { classList } = this.box;
    classList.toggle("dce-log-times", this.field("times").checked);
    classList.toggle("dce-log-wrap", this.field("wrap").checked);
    classList.toggle("dce-log-only", this.field("only").checked);
    this.box.dataset.stream = this.field("stream").value;
    if (this.isAtEnd) this.box.scrollTop = this.box.scrollHeight;
    const chosen = { times: this.field("times").checked, wrap: this.field("wrap").checked };
    localStorage.setItem(KEPT, JSON.stringify(chosen));
  }

  restore() {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    for (const name of ["times", "wrap"]) if (name in kept) this.field(name).checked = kept[name];
    this.show();
  }

  onFindKey(event) {
    if (event.key === "Enter") this.lines.jump(event.shiftKey ? -1 : 1);
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    if (event.key === "Escape") this.box.focus();
  }

  onKey(event) {
    const isTyping = event.target.closest("input, select, textarea, button, a");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { " ": () => this.follow(!this.isFollowing), "/": () => this.field("find").focus(), End: () => this.toEnd() }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  sayHow() {
    this.say(this.isFollowing ? this.words.live : this.words.paused);
  }

  lost() {
    this.isOpen = false;
    this.say(this.words.lost);
  }

  ended({ sentence, isFinal }) {
    this.isOpen = false;
    const text = isFinal ? sentence : `${sentence} ${this.words.again}`;
    this.say(text, isFinal);
    if (this.lines.isEmpty) this.showEmpty(text);
  }

  say(text, isBad = false) {
    this.part("state").textContent = text;
    this.part("state").classList.toggle("dce-problem", isBad);
  }
}

export const mount = (element) => new LogPage(element);
