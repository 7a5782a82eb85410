// Search: the query stands in the address, so that reloading and going back work.

import * as api from "./api.js";
import { copyButton, h, problem, say } from "./dom.js";
import { searchForm } from "./form.js";
import { pager, resultCard } from "./results.js";
import { SNIPPETS } from "./snippets.js";

export const LIMIT = 10;

export function searchView(context, parameters) {
  const results = h("div", { class: "results" });
  const code = h("aside", { class: "code-panel", "aria-labelledby": "code-title" });
  const form = searchForm(go);
  let latest = 0;

  async function run(given) {
    form.fill(given);
    const request = requestFrom(given);
    code.replaceChildren(...panel(request));
    if (!request.query) {
      results.replaceChildren(...welcome(form.facets()));
      return;
    }
    const turn = ++latest;
    results.setAttribute("aria-busy", "true");
    if (!results.querySelector(".result")) results.replaceChildren(...skeleton());
    let shown;
    try {
      shown = answered(await api.search(request), request, turnTo);
    } catch (error) {
      shown = [problem(error)];
    }
    if (turn !== latest) return; // a later search has overtaken this one
    results.replaceChildren(...shown);
    results.removeAttribute("aria-busy");
  }

  function turnTo(offset) {
    const next = new URLSearchParams(location.hash.split("?")[1]);
    next.set("offset", offset);
    go(next);
    scrollTo(0, 0);
  }

  api
    .ask("GET", "facets")
    .then((facets) => {
      form.offer(facets, current());
      if (!current().get("q")) results.replaceChildren(...welcome(facets));
    })
    .catch(() => {}); // without them, the filters have nothing to tick
  run(parameters);
  return {
    element: h(
      "div",
      { class: "search" },
      h("h1", { class: "visually-hidden" }, "Search"),
      form.element,
      h("div", { class: "columns" }, h("section", { "aria-label": "Results" }, results), code),
    ),
    update: run,
  };
}

const current = () => new URLSearchParams(location.hash.split("?")[1]);

function go(parameters) {
  const hash = `#/search?${parameters}`;
  if (location.hash === hash) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = hash;
}

/** Returns the API's request for the query in the address: its filters under the names of both revisions. */
export function requestFrom(parameters) {
  const request = { query: parameters.get("q") ?? "", limit: LIMIT };
  request.offset = Number(parameters.get("offset")) || 0;
  request.mode = parameters.get("mode") || "balanced";
  const filters = {};
  if (parameters.has("source")) {
    request.sources = filters.sources = filters.sourceTypes = parameters.getAll("source");
  }
  if (parameters.has("type")) {
    request.types = filters.observationTypes = filters.entityTypes = parameters.getAll("type");
  }
  const dateRange = {};
  if (parameters.get("from")) request.after = dateRange.start = `${parameters.get("from")}T00:00:00Z`;
  if (parameters.get("to")) request.before = dateRange.end = `${parameters.get("to")}T23:59:59.999Z`;
  if (Object.keys(dateRange).length) filters.dateRange = dateRange;
  if (Object.keys(filters).length) request.filters = filters;
  return request;
}

function answered(body, request, turnTo) {
  const { data, meta } = documented(body);
  if (!data.length) return [nothing(request)];
  const took = meta.took === undefined ? "" : ` in ${meta.took < 10 ? meta.took.toFixed(1) : Math.round(meta.took)} ms`;
  const total = meta.total === 1 ? "1 result" : `${meta.total.toLocaleString()} results`;
  say(`${total}.`);
  return [
    h("p", { class: "count" }, h("strong", {}, total), took),
    h("ol", { class: "cards", start: request.offset + 1 }, data.map((result) => resultCard(result, request.query))),
    pager(request, meta.total, data.length, turnTo),
  ];
}

/** Returns an answer of either revision under the names of the pinned one. */
function documented(body) {
  return body.results ? { data: body.results, meta: { total: body.total } } : body;
}

function nothing(request) {
  say("No results.");
  const further = request.filters ? "Fewer filters may help." : "Try other words for the same thing.";
  return h("div", { class: "empty" }, h("p", {}, h("strong", {}, "Nothing found")), h("p", {}, further));
}

function welcome(facets) {
  if (!facets) return [];
  const count = facets.documents.toLocaleString();
  const where = facets.sources.map(({ name }) => name).join(", ");
  return [
    h(
      "div",
      { class: "empty" },
      h("p", {}, h("strong", {}, facets.documents ? `${count} documents to search` : "Nothing is indexed here")),
      h("p", {}, facets.documents ? `From ${where}. Ask in your own words.` : "Give the emulator a repository or a file when you start it."),
      facets.questions.length
        ? h("ul", { class: "questions", "aria-label": "Questions to begin with" }, facets.questions.map(suggestion))
        : null,
    ),
  ];
}

const suggestion = (text) => h("li", {}, h("a", { href: `#/search?${new URLSearchParams({ q: text })}` }, text));

const skeleton = () => [h("p", { class: "count" }, "Searching…"), ...Array.from({ length: 3 }, () => h("div", { class: "bone" }))];

// --- as code ---------------------------------------------------------------------------------

let language = "curl";

function panel(request) {
  const text = h("pre", { class: "code", tabindex: "0", "aria-label": "Code" });
  const example = { ...request, query: request.query || "login bug" };
  const show = () => (text.textContent = SNIPPETS.find(([id]) => id === language)[2](example));
  const choices = SNIPPETS.map(([id, label]) => {
    const radio = h("input", { type: "radio", name: "language", value: id, checked: id === language });
    radio.addEventListener("change", () => {
      language = id;
      show();
    });
    return h("label", {}, radio, h("span", {}, label));
  });
  show();
  return [
    h("h2", { id: "code-title" }, "This search, in code"),
    h(
      "div",
      { class: "code-head" },
      h("fieldset", { class: "segments" }, h("legend", { class: "visually-hidden" }, "Language"), choices),
      copyButton(() => text.textContent),
    ),
    text,
    h("p", { class: "fine" }, "It needs a key: ", h("a", { href: "#/settings/keys" }, "Settings, API Keys"), "."),
  ];
}
