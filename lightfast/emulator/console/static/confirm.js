// Asks before what is done at once to others.

import { h, openDialog, problem } from "./dom.js";

/** Whether it was confirmed and done; what went wrong is told in the dialog, which stays open. */
export async function confirmed(title, { about, consequence, action, work }) {
  const answer = await openDialog(title, (dialog) => {
    const said = h("div", { class: "said" });
    const go = async () => {
      try {
        await work();
        dialog.close("done");
      } catch (error) {
        said.replaceChildren(problem(error));
      }
    };
    return [
      h("p", {}, about),
      h("p", {}, consequence),
      said,
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, "Cancel"),
        h("button", { type: "button", class: "danger primary", onclick: go }, action),
      ),
    ];
  });
  return answer === "done";
}
