// A terminal in the browser for a program in a container. Protocol: docs/logs-and-console.md

const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace";
const SCROLLBACK = 5000;
// What is pasted goes out in pieces, since the portal takes no larger ones.
const PIECE_BYTES = 32 * 1024;
const LIGHT = {
  background: "#ffffff", foreground: "#1f2937", cursor: "#1f2937", cursorAccent: "#ffffff", selectionBackground: "#bfdbfe",
  black: "#1f2937", red: "#b91c1c", green: "#15803d", yellow: "#92610a", blue: "#1d4ed8", magenta: "#a21caf", cyan: "#0e7490", white: "#4b5563",
  brightBlack: "#6b7280", brightRed: "#dc2626", brightGreen: "#16803c", brightYellow: "#a16207", brightBlue: "#2563eb", brightMagenta: "#c026d3", brightCyan: "#0e7490", brightWhite: "#111827",
};
const DARK = {
  background: "#111827", foreground: "#e5e7eb", cursor: "#e5e7eb", cursorAccent: "#111827", selectionBackground: "#374151",
  black: "#4b5563", red: "#f87171", green: "#4ade80", yellow: "#facc15", blue: "#60a5fa", magenta: "#e879f9", cyan: "#22d3ee", white: "#d1d5db",
  brightBlack: "#9ca3af", brightRed: "#fca5a5", brightGreen: "#86efac", brightYellow: "#fde047", brightBlue: "#93c5fd", brightMagenta: "#f0abfc", brightCyan: "#67e8f9", brightWhite: "#ffffff",
};

const load = (src) =>
  new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src, onload: resolve, onerror: reject }));
  });

const theme = () => (document.documentElement.classList.contains("dark") ? DARK : LIGHT);

class ConsolePage {
  constructor(element) {
    this.element = element;
    this.words = element.querySelector("[data-words]").dataset;
    this.form = element.querySelector("form.dce-console-form");
    this.place = element.querySelector("[data-terminal]");
    this.encoder = new TextEncoder();
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.open();
    });
    this.part("end").addEventListener("click", () => this.socket?.close());
    window.addEventListener("beforeunload", (event) => this.socket && event.preventDefault());
  }

  part(name) {
    return this.element.querySelector(`[data-${name}]`);
  }

  async open() {
    if (this.socket) return;
    this.say(this.words.opening);
    try {
      await this.prepare();
    } catch {
      this.say(this.words.failed, true);
      return;
    }
    this.terminal.reset();
    this.connect();
  }

  async prepare() {
    if (this.terminal) return;
    const { xterm, fit } = this.element.dataset;
    await load(xterm);
    await load(fit);
    this.place.hidden = this.part("help").hidden = false;
    // What a program prints may not lead anywhere: a link in it does nothing.
    const linkHandler = { activate: () => undefined };
    const look = { fontFamily: FONT, fontSize: 14, scrollback: SCROLLBACK, theme: theme(), cursorBlink: true };
    this.terminal = new window.Terminal({ ...look, linkHandler, screenReaderMode: true });
    this.fit = new window.FitAddon.FitAddon();
    this.terminal.loadAddon(this.fit);
    this.terminal.open(this.place);
    this.fit.fit();
    this.listen();
  }

  listen() {
    this.terminal.onData((text) => this.type(this.encoder.encode(text)));
    this.terminal.onBinary((text) => this.type(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
    this.terminal.onResize(({ cols, rows }) => this.tell({ type: "resize", columns: cols, rows }));
    this.terminal.attachCustomKeyEventHandler((event) => this.onKey(event));
    new ResizeObserver(() => this.fit.fit()).observe(this.place);
    const recolor = () => (this.terminal.options.theme = theme());
    new MutationObserver(recolor).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  }

  // The terminal takes Tab and Escape, so that a key of its own leads out of it.
  onKey(event) {
    if (!(event.ctrlKey && event.shiftKey && event.code === "KeyL")) return true;
    event.preventDefault();
    if (event.type === "keydown") this.part("end").focus();
    return false;
  }

  connect() {
    const socket = new WebSocket(new URL(this.element.dataset.socket, location.href.replace(/^http/, "ws")));
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    let end;
    socket.onopen = () => this.tell({ type: "open", ...this.wish(), columns: this.terminal.cols, rows: this.terminal.rows });
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.terminal.write(new Uint8Array(data));
      else end = this.receive(JSON.parse(data)) ?? end;
    };
    socket.onclose = () => this.closed(end);
    this.showOpen(true);
  }

  wish() {
    return Object.fromEntries(["command", "user", "working_dir"].map((name) => [name, this.form.elements[name].value.trim()]));
  }

  receive(message) {
    if (message.type === "end") return message;
    if (message.type === "ready") {
      this.say(this.words.running);
      this.terminal.focus();
    }
    return undefined;
  }

  send(data) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(data);
  }

  type(bytes) {
    for (let place = 0; place < bytes.length; place += PIECE_BYTES) this.send(bytes.subarray(place, place + PIECE_BYTES));
  }

  tell(message) {
    this.send(JSON.stringify(message));
  }

  closed(end) {
    this.socket = null;
    this.showOpen(false);
    this.say(end?.sentence || this.words.lost, !end || end.code !== 1000);
    this.part("open").focus();
  }

  showOpen(isOpen) {
    for (const field of this.form.elements) if (field.name) field.disabled = isOpen;
    this.part("open").hidden = isOpen;
    this.part("end").hidden = !isOpen;
  }

  say(text, isBad = false) {
    this.part("state").textContent = text;
    this.part("state").classList.toggle("dce-problem", isBad);
  }
}

export const mount = (element) => new ConsolePage(element);
