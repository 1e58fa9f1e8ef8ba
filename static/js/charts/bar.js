// The bar over a page's charts: range, a period of one's own, comparison, back, and the link to what is shown.

import { iso, nameOf, pageRange } from "./range.js";

const PRESSED = (button, isPressed) => button.setAttribute("aria-pressed", String(isPressed));

// What a field of date and time holds is in the zone of the browser, without saying so.
const localText = (seconds) => {
  const at = new Date(seconds * 1000);
  return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
};

class RangeBar {
  constructor(element) {
    this.element = element;
    this.range = pageRange();
    this.form = element.querySelector("form");
    this.compare = element.querySelector("[name=compare]");
    element.addEventListener("click", ({ target }) => this.click(target.closest("button")));
    this.form.addEventListener("submit", (event) => this.submit(event));
    // A field that was found wrong may be right again: until then the browser would not submit.
    this.form.addEventListener("input", () => this.form.elements.to.setCustomValidity(""));
    this.compare.addEventListener("change", () => this.range.setCompare(this.compare.value));
    this.range.listen(() => this.show());
    this.show();
  }

  click(button) {
    if (!button) return;
    const { range, step } = button.dataset;
    if (range) this.range.choose(Number(range));
    else if (step) this.range.shift(Number(step));
    else if ("back" in button.dataset) this.range.back();
    else if ("share" in button.dataset) this.share(button);
  }

  submit(event) {
    event.preventDefault();
    const [from, to] = ["from", "to"].map((name) => Date.parse(this.form.elements[name].value) / 1000);
    const isPeriod = Number.isFinite(from) && Number.isFinite(to) && from < to;
    this.form.elements.to.setCustomValidity(isPeriod ? "" : this.element.dataset.wrong);
    if (!this.form.reportValidity()) return;
    this.range.choosePeriod(from, to);
    this.form.closest("details").open = false;
  }

  // A link says what is seen: a range that moves on is fixed to the moments that it shows now.
  async share(button) {
    const url = new URL(this.range.address());
    const [from, to] = this.range.window().map((at) => iso(Math.floor(at)));
    url.searchParams.delete("range");
    url.searchParams.set("from", from);
    url.searchParams.set("to", to);
    await navigator.clipboard.writeText(url.href.replaceAll("%3A", ":"));
    button.dataset.done = "";
    setTimeout(() => delete button.dataset.done, 2000);
  }

  show() {
    const { range } = this;
    const name = range.isRolling ? nameOf(range.lengthS) : "";
    for (const button of this.element.querySelectorAll("[data-range]")) PRESSED(button, nameOf(Number(button.dataset.range)) === name);
    this.compare.value = range.compare;
    this.element.querySelector("[data-back]").hidden = !range.before.length;
    this.element.querySelector("summary").dataset.chosen = String(!range.isRolling);
    const [from, to] = range.window();
    const wanted = [["from", from], ["to", to]];
    for (const [field, seconds] of wanted) {
      this.form.elements[field].value = localText(seconds);
      this.form.elements[field].setCustomValidity("");
    }
  }
}

export const mount = (element) => new RangeBar(element);
