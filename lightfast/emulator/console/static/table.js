// Table that becomes one block for each row on narrow screens.

import { h } from "./dom.js";

/** Returns a table; its last column, for actions, has no head. */
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

/** Returns a cell that repeats its head, for narrow screens, where heads are hidden. */
export const cell = (head, content) => h("td", { "data-head": head }, content);
