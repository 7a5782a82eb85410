// Settings → API Keys: create one, see it once, revoke it.

import * as api from "./api.js";
import { confirmed } from "./confirm.js";
import { copyButton, field, h, openDialog, problem, say, time } from "./dom.js";
import { cell, table } from "./table.js";

const LIFETIMES = [
  ["", "Never"],
  ["7", "In 7 days"],
  ["30", "In 30 days"],
  ["90", "In 90 days"],
  ["365", "In a year"],
];

export function keysView({ organization }) {
  const list = h("div", { class: "list", "aria-busy": "true" }, h("p", { class: "loading" }, "Loading…"));
  const refresh = async () => {
    try {
      const { keys } = await api.ask("GET", "keys");
      const rows = keys.map((key) => row(key, refresh));
      list.replaceChildren(rows.length ? table("API keys, newest first", HEADS, rows) : empty());
    } catch (error) {
      list.replaceChildren(problem(error));
    }
    list.removeAttribute("aria-busy");
  };
  refresh();
  const create = h("button", { type: "button", class: "primary" }, "Create New Key");
  create.addEventListener("click", async () => {
    await openDialog("Create New Key", (dialog) => creation(dialog, refresh));
    create.focus();
  });
  return {
    element: h(
      "section",
      { class: "page" },
      h("div", { class: "head" }, h("h1", { tabindex: "-1" }, "API Keys"), create),
      h(
        "p",
        { class: "lead" },
        "A key opens the data of ",
        h("strong", {}, organization.name),
        " to code that runs on a server. Keep it in the environment, never in the code.",
      ),
      list,
    ),
  };
}

function empty() {
  return h(
    "div",
    { class: "empty" },
    h("p", {}, h("strong", {}, "No keys yet")),
    h("p", {}, "Create one, and use it with the SDK, with curl, or from anywhere."),
  );
}

// --- the list --------------------------------------------------------------------------------

const HEADS = ["Name", "Key", "Created", "Last used", "Expires", "Status"];

function row(key, refresh) {
  const state = status(key);
  return h(
    "tr",
    { class: state === "active" ? null : "over" },
    h("th", { scope: "row" }, key.name),
    cell("Key", h("code", {}, key.masked)),
    cell("Created", time(key.createdAt)),
    cell("Last used", lastUse(key)),
    cell("Expires", time(key.expiresAt, "Never")),
    cell("Status", h("span", { class: `status ${state}` }, state)),
    h("td", { class: "end" }, state === "revoked" ? null : revokeButton(key, refresh)),
  );
}

function lastUse({ lastUsedAt, lastUsedFrom }) {
  if (!lastUsedAt) return time(null, "Never");
  const moment = new Date(lastUsedAt);
  const shown = moment.toLocaleString(undefined, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
  const from = ["127.0.0.1", "::1"].includes(lastUsedFrom) ? "this machine" : lastUsedFrom;
  return h("span", {}, h("time", { datetime: lastUsedAt, title: moment.toLocaleString() }, shown), from ? h("small", {}, `from ${from}`) : null);
}

function status(key) {
  if (!key.active) return "revoked";
  return key.expiresAt && new Date(key.expiresAt) <= new Date() ? "expired" : "active";
}

function revokeButton(key, refresh) {
  const label = `Revoke ${key.name}`;
  const revoke = async () => {
    const done = await confirmed("Revoke this key?", {
      about: [h("strong", {}, key.name), " ", h("code", {}, key.masked)],
      consequence: "Whatever still uses it is refused from now on. This cannot be undone.",
      action: "Revoke key",
      work: () => api.ask("POST", "keys/revoke", { id: key.id }),
    });
    if (!done) return;
    await refresh();
    say(`${key.name} is revoked.`);
    document.querySelector("h1")?.focus();
  };
  return h("button", { type: "button", class: "danger quiet", "aria-label": label, onclick: revoke }, "Revoke");
}

// --- creating one ----------------------------------------------------------------------------

function creation(dialog, refresh) {
  const name = h("input", { name: "key-name", required: true, maxlength: 100, autofocus: true, autocomplete: "off" });
  const lifetime = h("select", { name: "lifetime" });
  lifetime.append(...LIFETIMES.map(([value, label]) => h("option", { value }, label)));
  const feedback = h("div", { class: "feedback" });
  const submit = async (event) => {
    event.preventDefault();
    try {
      const expiresAt = lifetime.value ? inDays(Number(lifetime.value)) : null;
      const { key } = await api.ask("POST", "keys", { name: name.value, expiresAt });
      refresh();
      show(dialog, key);
    } catch (error) {
      feedback.replaceChildren(problem(error));
    }
  };
  return [
    h(
      "form",
      { onsubmit: submit },
      field("Name", name, "What it is for, such as “billing service, production”."),
      field("Expires", lifetime),
      feedback,
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
        h("button", { class: "primary" }, "Create key"),
      ),
    ),
  ];
}

const inDays = (days) => new Date(Date.now() + days * 86_400_000).toISOString();

function show(dialog, key) {
  const shown = h("input", { class: "secret", readonly: true, value: key, spellcheck: "false" });
  shown.addEventListener("focus", () => shown.select());
  const line = `LIGHTFAST_API_KEY=${key}`;
  const copy = copyButton(key, "Copy key", { class: "primary" });
  const done = h("button", { type: "button", onclick: () => dialog.close() }, "Done");
  const feedback = h("p", { class: "feedback", role: "alert" });
  keepUntilCopied(dialog, feedback);
  dialog.replaceChildren(
    h("h2", { id: "dialog-title" }, "Copy your key now"),
    h("p", {}, "It is shown this once: only its digest is kept."),
    h("div", { class: "row" }, field("Your new API key", shown), copy),
    h("p", { class: "fine" }, "As a line of ", h("code", {}, ".env.local"), ", which git must ignore:"),
    h("div", { class: "row" }, h("pre", { class: "code" }, `LIGHTFAST_API_KEY=${key.slice(0, 6)}…${key.slice(-4)}`), copyButton(line, "Copy line")),
    feedback,
    h("div", { class: "actions" }, done),
  );
  copy.focus();
}

/** Escape closes a dialog by accident more often than on purpose, and the key would be gone. */
function keepUntilCopied(dialog, feedback) {
  let copied = false;
  const guard = (event) => {
    if (copied || (event.type === "keydown" && event.key !== "Escape")) return;
    event.preventDefault();
    feedback.replaceChildren(h("span", { class: "notice" }, "The key is not copied yet. Copy it, or choose Done to go without it."));
  };
  // The second Escape in a row closes a dialog whatever its `cancel` event says; its key press can be stopped.
  dialog.addEventListener("keydown", guard);
  dialog.addEventListener("cancel", guard);
  for (const event of ["copy", "copied"]) dialog.addEventListener(event, () => (copied = true));
}
