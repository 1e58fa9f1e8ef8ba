// uPlot, loaded once a page, from the portal itself.

let library;

export const loadLibrary = ({ uplot, uplotCss }) => {
  library ??= new Promise((resolve, reject) => {
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: uplotCss });
    const script = Object.assign(document.createElement("script"), { src: uplot, onload: () => resolve(window.uPlot), onerror: reject });
    document.head.append(style, script);
  });
  return library;
};
