// Keeps "42 s ago" moving, in the page's language.

const STEPS = [
  [60, 1, "second"],
  [3600, 60, "minute"],
  [86400, 3600, "hour"],
  [Infinity, 86400, "day"],
];
const words = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { style: "narrow" });

export const ago = (ageS) => {
  const age = Math.max(0, ageS);
  const [, unitS, unit] = STEPS.find(([limit]) => age < limit);
  return words.format(-Math.floor(age / unitS), unit);
};

const refresh = () => {
  if (document.hidden) return;
  const now = Date.now();
  for (const element of document.querySelectorAll("time.dce-ago")) {
    element.textContent = ago((now - Date.parse(element.dateTime)) / 1000);
  }
};

setInterval(refresh, 1000);
document.addEventListener("visibilitychange", refresh);
