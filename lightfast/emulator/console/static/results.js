// Page of results. Titles, snippets and addresses come from repositories: they are untrusted.

import { h, time } from "./dom.js";

const SHOWN = 4; // entities and references on a card

export function resultCard(result, query) {
  const link = webAddress(result.url);
  return h(
    "li",
    { class: "result" },
    h(
      "p",
      { class: "meta" },
      h("span", { class: "source" }, result.source),
      h("span", {}, result.type.replaceAll("_", " ")),
      result.occurredAt ? time(result.occurredAt) : null,
      score(result.score),
    ),
    h("h2", {}, link ? h("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, result.title) : result.title),
    result.snippet && result.snippet !== result.title ? h("p", { class: "snippet" }, marked(result.snippet, query)) : null,
    mentions(result),
  );
}

/** Returns the address if it is one of the web: a `javascript:` one would run when clicked. */
function webAddress(url) {
  try {
    return ["http:", "https:"].includes(new URL(url).protocol) ? url : null;
  } catch {
    return null;
  }
}

function score(value) {
  const shown = value.toFixed(2);
  return h(
    "span",
    { class: "score", title: `Score ${value}` },
    h("meter", { min: 0, max: 1, value: Math.max(0, Math.min(1, value)), "aria-hidden": "true" }),
    h("span", { class: "visually-hidden" }, "Score "),
    shown,
  );
}

// Words that say nothing about what is asked; marking them would mark half of every snippet.
const STOP_WORDS = new Set(
  (
    "a about after all also am an and any are as at be been before but by can could did do does for from get had has have " +
    "how i if in into is it its just me my no not of on or our out should so than that the their them then there these they " +
    "this to up us was we were what when where which who whom why will with would you your"
  ).split(" "),
);
const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

/** Returns the text with the query's words marked: whole ones, in any of their endings. */
function marked(text, query) {
  const wanted = new Set(words(query).filter((word) => !STOP_WORDS.has(word)).map(stem));
  const parts = [];
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    if (isWordLike && wanted.has(stem(segment.toLowerCase()))) parts.push(h("mark", {}, segment));
    else parts.push(segment);
  }
  return parts;
}

const words = (text) =>
  [...segmenter.segment(text.toLowerCase())].filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment);

/** Returns a word without its commonest English endings. */
function stem(word) {
  const short = word.replace(/(?:ies|ied)$/u, "y").replace(/(?:ing|ed|es|s|e)$/u, "");
  return short.length < 3 ? word : short.replace(/(.)\1$/u, "$1");
}

function mentions({ entities = [], references = [] }) {
  const named = [
    ...references.map(({ id, label }) => (label ? `${label} ${id}` : id)),
    ...entities.map(({ key }) => key),
  ];
  if (!named.length) return null;
  const shown = named.slice(0, SHOWN).map((name) => h("li", {}, name));
  if (named.length > SHOWN) shown.push(h("li", { class: "more" }, `+${named.length - SHOWN}`));
  return h("ul", { class: "mentions", "aria-label": "Mentions" }, shown);
}

export function pager(request, total, count, turnTo) {
  const first = request.offset + 1;
  const last = request.offset + count;
  if (first === 1 && last >= total) return "";
  const button = (label, offset, possible) =>
    h("button", { type: "button", disabled: !possible, onclick: () => turnTo(offset) }, label);
  return h(
    "nav",
    { class: "pager", "aria-label": "Pages" },
    button("Previous", Math.max(0, request.offset - request.limit), request.offset > 0),
    h("span", {}, `${first.toLocaleString()}–${last.toLocaleString()} of ${total.toLocaleString()}`),
    button("Next", request.offset + request.limit, last < total),
  );
}
