// Dialog that asks before something that cannot be undone.

import { h, openDialog, problem } from "./dom.js";

/** Resolves to whether it was confirmed and done; the dialog shows what went wrong, and stays open. */
export async function confirmed(title, { about, consequence, action, work }) {
  const answer = await openDialog(title, (dialog) => {
    const feedback = h("div", { class: "feedback" });
    const go = async () => {
      try {
        await work();
        dialog.close("done");
      } catch (error) {
        feedback.replaceChildren(problem(error));
      }
    };
    return [
      h("p", {}, about),
      h("p", {}, consequence),
      feedback,
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
