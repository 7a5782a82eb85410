// Settings → Members: list, add and remove the members of the organization.

import * as api from "./api.js";
import { confirmed } from "./confirm.js";
import { field, h, openDialog, problem, say, time } from "./dom.js";
import { peopleList } from "./people.js";
import { cell, table } from "./table.js";

export function membersView({ session, organization, reload }) {
  const list = h("div", { class: "list", "aria-busy": "true" }, h("p", { class: "loading" }, "Loading…"));
  let others = [];
  const refresh = async () => {
    try {
      const told = await api.ask("GET", "members");
      others = told.others;
      const rows = told.members.map((member) => row(member, { session, organization, refresh, reload }));
      list.replaceChildren(table("Members, by when they joined", ["Name", "Id", "Member since"], rows));
    } catch (error) {
      list.replaceChildren(problem(error));
    }
    list.removeAttribute("aria-busy");
  };
  refresh();
  const add = h("button", { type: "button", class: "primary" }, "Add Member");
  add.addEventListener("click", async () => {
    const added = await openDialog("Add a member", (dialog) => addition(dialog, others));
    if (added) {
      await refresh();
      say(`${added} is a member of ${organization.name}.`);
    }
    add.focus();
  });
  return {
    element: h(
      "section",
      { class: "page" },
      h("div", { class: "head" }, h("h1", { tabindex: "-1" }, "Members"), add),
      h(
        "p",
        { class: "lead" },
        "Members sign in, search the data of ",
        h("strong", {}, organization.name),
        ", make its keys, and choose who else is a member.",
      ),
      list,
    ),
  };
}

// --- the list --------------------------------------------------------------------------------

function row(member, context) {
  const you = member.id === context.session.user.id;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, member.name, you ? [" ", h("span", { class: "tag" }, "you")] : null),
    cell("Id", h("code", {}, member.id)),
    cell("Member since", time(member.since)),
    h("td", { class: "end" }, removeButton(member, you, context)),
  );
}

function removeButton(member, you, { organization, refresh, reload }) {
  const remove = async () => {
    const done = await confirmed(you ? "Leave this organization?" : "Remove this member?", {
      about: [h("strong", {}, member.name), " ", h("code", {}, member.id)],
      consequence: `${you ? "You see" : "They see"} nothing of ${organization.name} from now on. Keys that ${you ? "you" : "they"} made go on working.`,
      action: you ? "Leave organization" : "Remove member",
      work: () => api.ask("POST", "members/remove", { user: member.id }),
    });
    if (!done) return;
    await (you ? reload() : refresh());
    say(`${you ? "You are" : `${member.name} is`} no longer a member of ${organization.name}.`);
    document.querySelector("h1")?.focus();
  };
  const label = `Remove ${member.name}`;
  return h("button", { type: "button", class: "danger quiet", "aria-label": label, onclick: remove }, "Remove");
}

// --- adding one ------------------------------------------------------------------------------

/** Returns the form of a dialog that closes with the new member's name. */
function addition(dialog, others) {
  const name = h("input", { name: "member-name", required: true, maxlength: 100, autocomplete: "off" });
  const feedback = h("div", { class: "feedback" });
  const add = async (who) => {
    feedback.replaceChildren();
    try {
      const { user } = await api.ask("POST", "members", who);
      dialog.close(user.name);
    } catch (error) {
      feedback.replaceChildren(problem(error));
    }
  };
  const submit = (event) => {
    event.preventDefault();
    add({ name: name.value });
  };
  return [
    peopleList(others, (user) => add({ user: user.id })) ?? "",
    h(
      "form",
      { onsubmit: submit },
      field(others.length ? "Or somebody new" : "Name", name, "They sign in here by choosing that name."),
      feedback,
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
        h("button", { class: "primary" }, "Create and add"),
      ),
    ),
  ];
}
