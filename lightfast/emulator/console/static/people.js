// Users to choose from.

import { h } from "./dom.js";

/** Returns a button for each user; null when there are none. */
export function peopleList(users, choose) {
  if (!users.length) return null;
  const choices = users.map((user) =>
    h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: "person", onclick: () => choose(user) },
        h("span", { class: "avatar", "aria-hidden": "true" }, [...user.name][0].toUpperCase()),
        h("span", { class: "who" }, h("strong", {}, user.name), h("small", {}, user.id)),
      ),
    ),
  );
  return h("ul", { class: "people", "aria-label": "Users" }, choices);
}
