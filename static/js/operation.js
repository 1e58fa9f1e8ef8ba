// Follows one operation on its page: over the live line, and by asking while that is down.

import { liveLine } from "./live.js";

const ASK_EVERY_MS = 2000;

class OperationPage {
  constructor(element) {
    this.element = element;
    this.stands = element.dataset.stands;
    this.clock = new Intl.DateTimeFormat(document.documentElement.lang || "en", {
      timeZone: element.dataset.timeZone,
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    });
  }

  part(name) {
    return this.element.querySelector(`[data-field="${name}"]`);
  }

  receive({ frames }) {
    const latest = frames.at(-1);
    if (latest) this.show(latest.data);
  }

  show(operation) {
    if (this.isOver) return;
    this.isOver = operation.is_final;
    if (operation.log.length) this.part("log").replaceChildren(...operation.log.map((entry) => this.line(entry)));
    this.showProgress(operation.progress_percent);
    const stands = `${operation.state} ${operation.cancel_requested}`;
    // The words of states, errors and results are the server's, in the person's language.
    if (stands !== this.stands) this.refresh();
    this.stands = stands;
  }

  showProgress(percent) {
    const progress = this.part("progress");
    progress.hidden = percent === null;
    progress.value = percent ?? 0;
  }

  line(entry) {
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.dateTime = entry.at;
    time.textContent = this.clock.format(new Date(entry.at));
    item.append(time, ` ${entry.text}`);
    return item;
  }

  async refresh() {
    const answer = await fetch(location.href);
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of this.element.querySelectorAll("[data-fragment]")) {
      const next = fresh.querySelector(`[data-fragment="${part.dataset.fragment}"]`);
      if (next) part.replaceWith(next);
    }
  }

  onState(state) {
    this.part("late").hidden = state !== "lost" || this.isOver;
    clearInterval(this.timer);
    if (state !== "live") this.timer = setInterval(() => this.ask(), ASK_EVERY_MS);
  }

  async ask() {
    if (this.isOver) clearInterval(this.timer);
    if (this.isOver || document.hidden) return;
    try {
      const answer = await fetch(this.element.dataset.answer, { headers: { Accept: "application/json" } });
      if (answer.ok) this.show(await answer.json());
    } catch {
      // The note on the page says so already; the next attempt comes by itself.
    }
  }
}

export const mount = (element) => {
  const page = new OperationPage(element);
  const line = liveLine(element);
  line.watch(`operation:${element.dataset.operation}`, (news) => page.receive(news));
  line.onState((state) => page.onState(state));
};
