// A screen on a wall: turns from cluster to cluster, says when what it shows is old, and comes back by itself.
//
// It leaves a page only for one that has answered, so that a portal which is away never leaves a browser's error page.
// It asks nothing that would lengthen the session: when that ends, the screen says so.

import { liveLine } from "./live.js";

const ASK_AGAIN_MS = 5000;
const LOST_FOR_MS = 8000;
// A page that hangs for days is read anew each hour: new versions of it arrive, and nothing piles up.
const ANEW_AFTER_MS = 3_600_000;
const TIMEOUT_MS = 10_000;

class Kiosk {
  constructor(element) {
    this.element = element;
    this.login = element.dataset.login;
    this.since = new Date();
    this.watch(element.querySelector("[data-watch]"));
    const turnsMs = Number(element.dataset.turnsS) * 1000;
    setTimeout(() => this.leave(), turnsMs || ANEW_AFTER_MS);
    this.keepAwake();
    document.addEventListener("visibilitychange", () => this.keepAwake());
  }

  watch(board) {
    if (!board) return;
    liveLine(board).onState((state) => this.heard(state));
  }

  heard(state) {
    clearTimeout(this.lostTimer);
    if (state === "live") {
      if (this.wasLost) this.leave();
      else this.since = new Date();
    } else if (state === "lost") {
      if (!this.wasLost && this.state === "live") this.since = new Date();
      this.lostTimer = setTimeout(() => this.lost(), LOST_FOR_MS);
    }
    this.state = state;
  }

  lost() {
    this.wasLost = true;
    this.say("lost");
    this.ask();
  }

  // The live line may stay away while pages answer: what ended is then the session.
  async ask() {
    clearTimeout(this.askTimer);
    const found = await this.look(location.href);
    if (found === "over") this.say("over");
    else if (found === "there" && this.state === "live") this.leave();
    else this.askTimer = setTimeout(() => this.ask(), ASK_AGAIN_MS);
  }

  async look(address) {
    try {
      const answer = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS), cache: "no-store" });
      if (answer.redirected && new URL(answer.url).pathname === this.login) return "over";
      return answer.ok ? "there" : "away";
    } catch {
      return "away";
    }
  }

  // To the next cluster, or to the same page anew.
  async leave() {
    const next = new URL(this.element.dataset.next, location.href).href;
    const found = await this.look(next);
    if (found === "there") location.replace(next);
    else {
      this.say(found === "over" ? "over" : "lost");
      setTimeout(() => this.leave(), ASK_AGAIN_MS);
    }
  }

  say(name) {
    for (const note of this.element.querySelectorAll("[data-kiosk-note]")) note.hidden = note.dataset.kioskNote !== name;
    this.element.querySelector("[data-kiosk-since]").dateTime = this.since.toISOString();
  }

  // Not every browser can, and none must.
  async keepAwake() {
    if (document.hidden || !navigator.wakeLock) return;
    await navigator.wakeLock.request("screen").catch(() => undefined);
  }
}

export const mount = (element) => new Kiosk(element);
