// The search form: a query, a mode, and filters made of what is there to be filtered.

import { field, h } from "./dom.js";

const MODES = [
  ["fast", "Fast", "Scores only"],
  ["balanced", "Balanced", "Reranked"],
  ["thorough", "Thorough", "Scored hardest"],
];

export function searchForm(go) {
  const query = h("input", {
    type: "search", name: "q", placeholder: "How are failed requests retried?", autocomplete: "off",
    autofocus: true, required: true, "aria-label": "Search", "aria-keyshortcuts": "/",
  });
  const modes = h("fieldset", { class: "segments" }, h("legend", { class: "visually-hidden" }, "Mode"), MODES.map(mode));
  const sources = facet("Sources");
  const types = facet("Types");
  const from = h("input", { type: "date", name: "from" });
  const to = h("input", { type: "date", name: "to" });
  const reset = h("button", { type: "button", class: "quiet" }, "Clear filters");
  const summary = h("summary", {}, "Filters");
  const filters = h(
    "details",
    { class: "filters" },
    summary,
    h(
      "div",
      { class: "filter-grid" },
      sources,
      types,
      h("div", { class: "dates" }, field("From", from), field("To", to), reset),
    ),
  );
  const form = h(
    "form",
    { class: "search-form", role: "search" },
    h("div", { class: "ask" }, query, h("button", { class: "primary" }, "Search")),
    h("div", { class: "options" }, modes, filters),
  );
  let known = null;

  function readForm() {
    const parameters = new URLSearchParams({ q: query.value.trim() });
    const values = new FormData(form);
    if (values.get("mode") !== "balanced") parameters.set("mode", values.get("mode"));
    for (const name of ["source", "type"]) {
      for (const value of values.getAll(name)) parameters.append(name, value);
    }
    for (const name of ["from", "to"]) if (values.get(name)) parameters.set(name, values.get(name));
    return parameters;
  }

  function fill(parameters) {
    query.value = parameters.get("q") ?? "";
    choose(parameters);
  }

  function choose(parameters) {
    const mode = parameters.get("mode") || "balanced";
    for (const radio of modes.querySelectorAll("input")) radio.checked = radio.value === mode;
    for (const box of filters.querySelectorAll("input[type=checkbox]")) {
      box.checked = parameters.getAll(box.name).includes(box.value);
    }
    from.value = parameters.get("from") ?? "";
    to.value = parameters.get("to") ?? "";
    const count = ["source", "type", "from", "to"].flatMap((name) => parameters.getAll(name)).length;
    summary.textContent = count ? `Filters (${count})` : "Filters";
    reset.hidden = !count;
    if (count) filters.open = true;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (query.value.trim()) go(readForm());
  });
  // What is ticked counts at once when there is something to search for.
  form.addEventListener("change", (event) => {
    if (event.target !== query && query.value.trim()) go(readForm());
  });
  reset.addEventListener("click", () => {
    for (const box of filters.querySelectorAll("input:checked")) box.checked = false;
    from.value = to.value = "";
    go(readForm());
    summary.focus();
  });
  return {
    element: form,
    fill,
    facets: () => known,
    offer(facets, parameters) {
      known = facets;
      offer(sources, "source", facets.sources);
      offer(types, "type", facets.types);
      choose(parameters); // and leave alone what somebody may be typing by now
    },
  };
}

function mode([value, label, hint]) {
  return h(
    "label",
    { title: hint },
    h("input", { type: "radio", name: "mode", value, checked: value === "balanced" }),
    h("span", {}, label),
  );
}

function facet(name) {
  return h("fieldset", { class: "facet", hidden: true }, h("legend", {}, name), h("div", { class: "ticks" }));
}

function offer(fieldset, name, values) {
  fieldset.hidden = !values.length;
  fieldset.querySelector(".ticks").replaceChildren(
    ...values.map((value) =>
      h(
        "label",
        { class: "tick" },
        h("input", { type: "checkbox", name, value: value.name }),
        h(
          "span",
          { title: value.name },
          h("b", {}, value.name.replaceAll("_", " ")),
          h("small", {}, value.count.toLocaleString()),
        ),
      ),
    ),
  );
}
