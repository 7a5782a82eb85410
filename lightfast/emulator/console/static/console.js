// The frame: who is signed in, which organization, which view.

import * as api from "./api.js";
import { h, problem, say } from "./dom.js";
import { keysView } from "./keys.js";
import { membersView } from "./members.js";
import { organizationView } from "./organization.js";
import { searchView } from "./search.js";
import { signInView } from "./signin.js";

const main = document.getElementById("main");
const nav = document.getElementById("nav");
const account = document.getElementById("account");
const select = document.getElementById("organization");
const REMEMBERED = "lightfast.organization";

const VIEWS = {
  "/search": ["Search", searchView],
  "/settings/keys": ["API Keys", keysView],
  "/settings/members": ["Members", membersView],
  "/settings/organization": ["Organization", organizationView],
};

let session = null;
let shown = { path: null, view: null };

async function start() {
  try {
    const state = await api.state();
    session = state.user ? state : null;
    frame();
    if (session) route();
    else show("Sign in", signInView(state, start));
  } catch (error) {
    main.replaceChildren(problem(error));
  }
}

function frame() {
  nav.hidden = account.hidden = !session;
  shown = { path: null, view: null };
  if (!session) return;
  document.getElementById("user").textContent = session.user.name;
  const options = session.organizations.map(({ id, name }) => h("option", { value: id }, name));
  select.replaceChildren(...options);
  const last = localStorage.getItem(REMEMBERED);
  if (session.organizations.some(({ id }) => id === last)) select.value = last;
  api.useOrganization(select.value || null);
}

function route() {
  const [path, query] = location.hash.slice(1).split("?");
  if (path === "main") return; // the skip link
  const organization = session.organizations.find(({ id }) => id === select.value);
  const wanted = organization ? path : "/settings/organization";
  if (!(wanted in VIEWS)) {
    location.replace(wanted?.startsWith("/settings") ? "#/settings/keys" : "#/search");
    return;
  }
  const parameters = new URLSearchParams(query);
  if (shown.path === wanted) {
    shown.view.update?.(parameters);
    return;
  }
  const [title, make] = VIEWS[wanted];
  const context = { session, organization, select: chooseOrganization, reload: start };
  const view = make(context, parameters);
  show(title, wanted.startsWith("/settings") ? settings(wanted, view) : view);
  shown = { path: wanted, view };
}

function settings(path, view) {
  const link = (href, text) =>
    h("a", { href: `#${href}`, "aria-current": href === path ? "page" : null }, text);
  return {
    element: h(
      "div",
      { class: "settings" },
      h(
        "nav",
        { class: "side", "aria-label": "Settings" },
        h("p", { class: "side-title" }, "Settings"),
        link("/settings/keys", "API Keys"),
        link("/settings/members", "Members"),
        link("/settings/organization", "Organization"),
      ),
      view.element,
    ),
  };
}

function show(title, view) {
  document.title = `${title} – Lightfast Console`;
  for (const link of nav.querySelectorAll("a")) {
    const here = location.hash.startsWith(link.hash);
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  main.replaceChildren(view.element);
  // So that a screen reader begins where the new view begins.
  const first = view.element.querySelector("[autofocus], h1[tabindex]");
  first?.focus({ preventScroll: true });
  scrollTo(0, 0);
}

async function chooseOrganization(id) {
  localStorage.setItem(REMEMBERED, id);
  await start();
}

select.addEventListener("change", () => {
  chooseOrganization(select.value);
  say(`Organization ${select.selectedOptions[0].textContent}.`);
});
document.getElementById("sign-out").addEventListener("click", async () => {
  await api.signOut().catch(() => {});
  await start();
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, dialog");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const box = document.querySelector("input[type=search]");
  if (!box) return;
  event.preventDefault();
  box.focus();
});
api.whenSignedOut(() => session && start());
addEventListener("hashchange", () => session && route());
start();
