// A page of results. Titles, snippets and addresses come from repositories: strangers wrote them.

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

/** The address if it is one of the web: a `javascript:` one would run when clicked. */
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

/** The text, with the query's words marked. */
function marked(text, query) {
  const words = query.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  if (!words.length) return [text];
  const stems = words.map((word) => word.slice(0, Math.max(3, word.length - 2)));
  const found = new RegExp(`(?<![\\p{L}\\p{N}])((?:${stems.join("|")})[\\p{L}\\p{N}]*)`, "giu");
  return text.split(found).map((part, index) => (index % 2 ? h("mark", {}, part) : part));
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
