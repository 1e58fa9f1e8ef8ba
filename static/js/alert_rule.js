// A rule's form shows what belongs to the chosen condition, and tries the rule without leaving the page.

const HIDDEN = {
  threshold: [],
  rate: ["against"],
  absence: ["metric", "against", "comparison", "window_s", "min_samples"],
  forecast: ["min_samples"],
  time_to_full: ["against", "comparison", "window_s", "min_samples"],
  event: ["against", "min_samples"],
};
const NEEDS_SELECTOR = new Set(["name", "label", "stack", "object"]);

class Rule {
  constructor(element) {
    this.element = element;
    this.form = element.querySelector("form");
  }

  field(name) {
    return this.form.elements[name];
  }

  arrange() {
    const condition = this.field("condition").value;
    const hidden = new Set(HIDDEN[condition] ?? []);
    if (!NEEDS_SELECTOR.has(this.field("selection").value)) hidden.add("selector");
    for (const row of this.form.querySelectorAll("[data-row]")) row.hidden = hidden.has(row.dataset.row);
    if (hidden.has("against")) this.field("against").value = "absolute";
    if (condition === "time_to_full") this.field("comparison").value = "below";
    if (condition === "absence") this.field("comparison").value = "above";
    this.offerMetrics(condition === "event");
  }

  // Facts belong to events, metrics to everything else.
  offerMetrics(isEvent) {
    const groups = [...this.field("metric").querySelectorAll("optgroup")];
    groups.forEach((group, index) => { group.hidden = group.disabled = (index === 1) !== isEvent; });
    const chosen = this.field("metric").selectedOptions[0];
    if (!chosen || chosen.parentElement.disabled) {
      this.field("metric").value = groups[isEvent ? 1 : 0].querySelector("option").value;
    }
  }

  async tryOut(event) {
    event.preventDefault();
    const body = new FormData(this.form);
    body.set("try", "1");
    const answer = await fetch(location.href, { method: "POST", body });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    this.swap(fresh, '[data-fragment="tried"]', this.element);
    for (const row of this.form.querySelectorAll("[data-row]")) this.showErrors(fresh, row);
    const found = this.element.querySelector('[role="alert"], [data-fragment="tried"]');
    found?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  showErrors(fresh, row) {
    for (const old of row.querySelectorAll('[role="alert"]')) old.remove();
    const other = fresh.querySelector(`[data-row="${row.dataset.row}"]`);
    for (const error of other?.querySelectorAll('[role="alert"]') ?? []) {
      row.hidden = false;
      row.append(error);
    }
  }

  swap(fresh, selector, root) {
    const [old, next] = [root.querySelector(selector), fresh.querySelector(selector)];
    if (old && next) old.replaceWith(next);
  }
}

export const mount = (element) => {
  const rule = new Rule(element);
  rule.form.addEventListener("change", () => rule.arrange());
  element.querySelector("[data-try]").addEventListener("click", (event) => rule.tryOut(event));
  rule.arrange();
};
