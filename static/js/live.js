// The page's one live line: a WebSocket, else server-sent events. Protocol: docs/live.md.
//
// It comes back by itself, asks for what it missed, rests while the tab is hidden and then catches up.
// Frames arrive as steps from the one before; handlers get them whole.

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15000;
const SILENCE_MS = 40000;
const FAILURES_BEFORE_SSE = 3;
// A page that is slow gets the latest; this often it asks for what was left out.
const ASK_AGAIN_MS = 15000;
// After a break everybody reads the history anew, but not all at the same moment.
const GAP_SPREAD_MS = 2000;

const patched = (column, index, values) => {
  const copy = [...column];
  index.forEach((row, place) => (copy[row] = values[place]));
  return copy;
};

const mapped = (object, change) => Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(name, value)]));

// What the portal's `live_wire.applied` does.
const applied = (before, { set = {}, cells = {}, rows = {}, gone = [] }) => {
  const data = { ...before, ...set };
  for (const name of gone) delete data[name];
  for (const [name, values] of Object.entries(cells)) {
    data[name] = Object.fromEntries(Object.keys(before[name]).map((key, place) => [key, values[place]]));
  }
  for (const [name, { index, columns }] of Object.entries(rows)) {
    data[name] = { ...before[name], ...mapped(columns, (column, values) => patched(before[name][column], index, values)) };
  }
  return data;
};

class LiveLine {
  constructor(wsPath, ssePath) {
    this.wsPath = wsPath;
    this.ssePath = ssePath;
    this.handlers = new Map();
    this.seq = new Map();
    this.held = new Map();
    this.latest = new Map();
    this.askedAt = new Map();
    this.wanted = new Set();
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
    if (this.socket?.readyState === WebSocket.OPEN) this.askSoon(topic);
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

  // One request for all the topics that a page begins to watch at once.
  askSoon(topic) {
    if (!this.wanted.size) {
      queueMicrotask(() => {
        const topics = [...this.wanted];
        this.wanted.clear();
        if (this.socket?.readyState === WebSocket.OPEN) this.ask(topics);
      });
    }
    this.wanted.add(topic);
  }

  // Whether the line may ask for what this topic left out: over a socket, and not again and again.
  mayAskAgain(topic) {
    const now = Date.now();
    if (!this.socket || now - (this.askedAt.get(topic) ?? -Infinity) < ASK_AGAIN_MS) return false;
    this.askedAt.set(topic, now);
    return true;
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
    for (const one of message.type === "batch" ? message.messages : [message]) this.read(one);
  }

  read(message) {
    if (message.type === "error") return;
    this.failures = 0;
    const state = message.type === "late" ? "lost" : "live";
    if (this.state !== state) this.setState(state);
    const { delta, batch, refused, heartbeat } = this;
    const reader = { delta, replay: batch, snapshot: batch, refused, heartbeat }[message.type];
    reader?.call(this, message);
  }

  delta(message) {
    const { topic, seq } = message;
    if (seq <= (this.seq.get(topic) ?? 0)) return;
    const frame = this.whole(topic, message);
    if (frame) this.hand(topic, seq, [frame]);
    else this.anew(topic);
  }

  batch({ topic, seq, frames, gap = false, skipped = 0 }) {
    if (skipped && this.seq.has(topic) && this.mayAskAgain(topic)) {
      this.askSoon(topic);
      return;
    }
    const whole = frames.map((frame) => this.whole(topic, frame));
    if (whole.includes(null)) this.anew(topic);
    else this.hand(topic, seq, whole);
    if (gap) setTimeout(() => this.tellGap(topic), Math.random() * GAP_SPREAD_MS);
  }

  // A frame with all its data; null where the one that it goes from is not here.
  whole(topic, { seq, sent, data, step }) {
    if (step && !this.held.has(topic)) return null;
    const found = step ? applied(this.held.get(topic), step) : data;
    if (found.type === "usage") this.held.set(topic, found);
    return { topic, seq, sent, data: found };
  }

  anew(topic) {
    this.seq.delete(topic);
    if (this.mayAskAgain(topic)) this.askSoon(topic);
  }

  hand(topic, seq, frames, gap = false) {
    this.seq.set(topic, seq);
    if (frames.length) this.latest.set(topic, frames.at(-1));
    for (const handler of this.handlers.get(topic) ?? []) handler({ frames, gap });
  }

  tellGap(topic) {
    const latest = this.latest.get(topic);
    this.hand(topic, this.seq.get(topic) ?? 0, latest ? [latest] : [], true);
  }

  // The portal says up to where it told this page: what is missing here got lost on the way.
  heartbeat({ seq = {} }) {
    for (const [topic, number] of Object.entries(seq)) {
      if (number > (this.seq.get(topic) ?? 0) && this.handlers.has(topic) && this.mayAskAgain(topic)) this.askSoon(topic);
    }
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
