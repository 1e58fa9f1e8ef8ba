// Makes tabs of sections that name themselves with data-tab; without this script they stand below each other.
// The tab that is open is part of the address, so that it can be shared and reloaded.

const build = (section, index) => {
  const tab = document.createElement("button");
  tab.type = "button";
  tab.id = `tab-${section.id}`;
  tab.textContent = section.dataset.tab;
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", section.id);
  section.setAttribute("role", "tabpanel");
  section.setAttribute("aria-labelledby", tab.id);
  tab.dataset.index = String(index);
  return tab;
};

export const mount = (element) => {
  const sections = [...element.querySelectorAll(":scope > [data-tab]")];
  const list = element.querySelector("[data-tablist]");
  const tabs = sections.map(build);

  const show = (chosen) => {
    sections.forEach((section, index) => {
      section.hidden = index !== chosen;
      tabs[index].setAttribute("aria-selected", String(index === chosen));
      tabs[index].tabIndex = index === chosen ? 0 : -1;
    });
    // Charts measure their place; one that was hidden has none until now.
    window.dispatchEvent(new Event("resize"));
  };

  const named = () => Math.max(0, sections.findIndex((section) => `#${section.id}` === location.hash));

  const go = (index) => {
    history.replaceState(null, "", `#${sections[index].id}`);
    show(index);
    tabs[index].focus();
  };

  const steps = { ArrowRight: 1, ArrowLeft: -1 };
  list.addEventListener("click", ({ target }) => target.dataset.index && go(Number(target.dataset.index)));
  list.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    go((Number(event.target.dataset.index) + step + tabs.length) % tabs.length);
  });
  window.addEventListener("hashchange", () => show(named()));

  list.setAttribute("role", "tablist");
  list.replaceChildren(...tabs);
  list.hidden = false;
  show(named());
};
