// The page's one live line: a WebSocket, else server-sent events. Protocol: docs/live.md.
//
// It comes back by itself, asks for what it missed, rests while the tab is hidden and then catches up.

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15000;
const SILENCE_MS = 40000;
const FAILURES_BEFORE_SSE = 3;

class LiveLine {
  constructor(wsPath, ssePath) {
    this.wsPath = wsPath;
    this.ssePath = ssePath;
    this.handlers = new Map();
    this.seq = new Map();
    this.stateListeners = new Set();
    this.failures = 0;
    this.state = "waiting";
    document.addEventListener("visibilitychange", () => (document.hidden ? this.rest() : this.open()));
    window.addEventListener("online", () => this.open());
    window.addEventListener("pagehide", () => this.rest());
  }

  // `handler({frames, gap})`: frames oldest first; gap says that some before them are lost.
  watch(topic, handler) {
    const known = this.handlers.has(topic);
    if (!known) this.handlers.set(topic, new Set());
    this.handlers.get(topic).add(handler);
    if (known) return;
    if (this.socket?.readyState === WebSocket.OPEN) this.ask([topic]);
    else queueMicrotask(() => this.reopen());
  }

  onState(listener) {
    this.stateListeners.add(listener);
    listener(this.state);
  }

  setState(state) {
    this.state = state;
    for (const listener of this.stateListeners) listener(state);
  }

  since(topics) {
    return Object.fromEntries(topics.filter((topic) => this.seq.has(topic)).map((topic) => [topic, this.seq.get(topic)]));
  }

  ask(topics) {
    this.socket.send(JSON.stringify({ type: "subscribe", topics, since: this.since(topics) }));
  }

  reopen() {
    if (this.events) this.rest();
    this.open();
  }

  open() {
    clearTimeout(this.timer);
    if (this.socket || this.events || document.hidden || !this.handlers.size) return;
    if (this.failures >= FAILURES_BEFORE_SSE) this.openEvents();
    else this.openSocket();
  }

  openSocket() {
    const socket = new WebSocket(new URL(this.wsPath, location.href.replace(/^http/, "ws")));
    this.socket = socket;
    socket.onopen = () => this.ask([...this.handlers.keys()]);
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = () => {
      if (this.socket === socket) this.lost();
    };
    this.expectNews();
  }

  openEvents() {
    const topics = [...this.handlers.keys()];
    const url = new URL(this.ssePath, location.href);
    url.searchParams.set("topics", topics.join(","));
    url.searchParams.set("since", Object.entries(this.since(topics)).map((pair) => pair.join("=")).join(","));
    this.events = new EventSource(url);
    this.events.onmessage = (event) => this.receive(event.data);
    this.events.onerror = () => this.lost();
    this.expectNews();
  }

  // A line that is silent for two heartbeats is dead, even if nobody said so.
  expectNews() {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.lost(), SILENCE_MS);
  }

  rest() {
    clearTimeout(this.timer);
    clearTimeout(this.watchdog);
    const { socket, events } = this;
    this.socket = null;
    this.events = null;
    socket?.close();
    events?.close();
  }

  lost() {
    const usedEvents = Boolean(this.events);
    this.rest();
    this.setState("lost");
    // After a while of events the socket gets another chance.
    this.failures = usedEvents ? 0 : this.failures + 1;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.failures, LONGEST_PAUSE_MS);
    this.timer = setTimeout(() => this.open(), pause * (0.5 + Math.random() / 2));
  }

  receive(text) {
    this.expectNews();
    const message = JSON.parse(text);
    const reader = { delta: this.delta, replay: this.batch, snapshot: this.batch, refused: this.refused }[message.type];
    if (message.type !== "error") {
      this.failures = 0;
      if (this.state !== "live") this.setState("live");
    }
    reader?.call(this, message);
  }

  delta(message) {
    const last = this.seq.get(message.topic) ?? 0;
    if (message.seq > last + 1 && this.socket) {
      // Something in between was skipped, or came while this page was slow: the ring has it.
      this.ask([message.topic]);
      return;
    }
    this.batch({ topic: message.topic, seq: message.seq, frames: [message], gap: false });
  }

  batch({ topic, seq, frames, gap = false }) {
    this.seq.set(topic, seq);
    for (const handler of this.handlers.get(topic) ?? []) handler({ frames, gap });
  }

  refused({ topic }) {
    this.handlers.delete(topic);
  }
}

let line;

export const liveLine = (element) => {
  line ??= new LiveLine(element.dataset.liveWs, element.dataset.liveSse);
  return line;
};
