// The line to one log: comes back by itself and goes on after the last line that the page has. docs/logs-and-console.md

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15000;
const ENDED_PAUSE_MS = 5000;
const SILENCE_MS = 40000;
const MOST_SOURCES = 200;
const DONE = 1000;
// Trying again would not help: not signed in, no right, gone, cannot be, too many.
const FINAL = new Set([4401, 4403, 4404, 4409, 4429]);

export class LogConnection {
  // `on`: ready(), lines(lines, leftOut), lost(), ended({code, sentence, isFinal}).
  constructor(path, on) {
    this.url = new URL(path, location.href.replace(/^http/, "ws"));
    this.on = on;
    this.failures = 0;
  }

  // From the beginning, with other choices.
  open(choices) {
    this.choices = choices;
    this.marks = new Map();
    this.failures = 0;
    this.connect();
  }

  connect() {
    this.leave();
    const socket = new WebSocket(this.url);
    this.socket = socket;
    let end;
    socket.onopen = () => socket.send(JSON.stringify({ type: "open", ...this.choices, resume: this.resume() }));
    socket.onmessage = ({ data }) => {
      this.expectNews();
      const message = JSON.parse(data);
      if (message.type === "end") end = message;
      else this.receive(message);
    };
    socket.onclose = () => this.socket === socket && this.closed(end);
    this.expectNews();
  }

  receive(message) {
    this.failures = 0;
    if (message.type === "ready") this.on.ready();
    if (message.type !== "lines") return;
    for (const [stream, at, , source] of message.lines) this.mark(at, stream, source);
    this.on.lines(message.lines, message.left_out);
  }

  // Within one stream of one task moments only grow.
  mark(at, stream, source) {
    if (!at) return;
    const key = `${stream} ${source}`;
    const mark = this.marks.get(key);
    if (!mark || at > mark.at) {
      // The latest is the last, so that the oldest ones fall out.
      this.marks.delete(key);
      this.marks.set(key, { stream, source, at, count: 1 });
    } else if (at === mark.at) mark.count += 1;
    if (this.marks.size > MOST_SOURCES) this.marks.delete(this.marks.keys().next().value);
  }

  resume() {
    return [...this.marks.values()].map(({ stream, source, at, count }) => [stream, source, at, count]);
  }

  expectNews() {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.closed(), SILENCE_MS);
  }

  closed(end) {
    this.leave();
    const isFinal = FINAL.has(end?.code);
    if (end) this.on.ended({ ...end, isFinal });
    else this.on.lost();
    if (isFinal) return;
    const pause = end?.code === DONE ? ENDED_PAUSE_MS : Math.min(FIRST_PAUSE_MS * 2 ** this.failures, LONGEST_PAUSE_MS);
    this.failures += 1;
    this.timer = setTimeout(() => this.connect(), pause * (0.75 + Math.random() / 2));
  }

  leave() {
    clearTimeout(this.timer);
    clearTimeout(this.watchdog);
    const { socket } = this;
    this.socket = null;
    socket?.close();
  }
}
