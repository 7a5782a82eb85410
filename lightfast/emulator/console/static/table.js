// A table that becomes one block for each row on narrow screens.

import { h } from "./dom.js";

/** A table; its last column, for what can be done, has no head. */
export function table(caption, heads, rows) {
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      {},
      h("caption", { class: "visually-hidden" }, caption),
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)), h("td"))),
      h("tbody", {}, rows),
    ),
  );
}

/** A cell that says its head itself, for narrow screens, where heads are not seen. */
export const cell = (head, content) => h("td", { "data-head": head }, content);
