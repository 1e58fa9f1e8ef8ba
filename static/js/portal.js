// The one script that the theme loads on every page: starts the helpers, and each module that the page names.

{
  const start = async () => {
    const everywhere = [import("./copy.js"), import("./ago.js")];
    const islands = [...document.querySelectorAll("[data-module]")].map(async (element) => {
      const module = await import(`./${element.dataset.module}.js`);
      return module.mount(element);
    });
    await Promise.all([...everywhere, ...islands]);
  };

  document.addEventListener("DOMContentLoaded", start);
}
