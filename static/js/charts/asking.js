// Asks the portal for figures and marks; charts of one page that ask the same are answered once.

import { iso } from "./range.js";

const POINTS = 600;
const SAME_FOR_MS = 5000;
const answers = new Map();

const addressOf = (base, query) => {
  const url = new URL(base, location.href);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
};

const readJson = async (url) => {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
};

const once = (url) => {
  const key = url.href;
  if (!answers.has(key)) {
    answers.set(key, readJson(url));
    setTimeout(() => answers.delete(key), SAME_FOR_MS);
  }
  return answers.get(key);
};

const queryOf = ({ kind, ref }, [from, to]) => ({ kind, ref, from: iso(Math.floor(from)), to: iso(Math.ceil(to)) });

export const askSamples = (dataset, measures, span) =>
  readJson(addressOf(dataset.url, { ...queryOf(dataset, span), points: POINTS, measures: measures.join(",") }));

export const askMarks = (dataset, span) => once(addressOf(dataset.marksUrl, queryOf(dataset, span)));

export const tableAddress = (dataset, measures, span) =>
  addressOf(dataset.tableUrl, { ...queryOf(dataset, span), measures: measures.join(",") }).href;
