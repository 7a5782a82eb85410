// Settings → Organization: its ID, and how to create another.

import * as api from "./api.js";
import { copyButton, field, h, problem } from "./dom.js";

export function organizationView({ session, organization, select }) {
  return {
    element: h(
      "section",
      { class: "page" },
      h("h1", { tabindex: "-1" }, organization ? organization.name : "No organization yet"),
      organization
        ? [
            h("p", { class: "lead" }, "Session authentication names the organization by its id:"),
            h(
              "p",
              { class: "copy-line" },
              h("code", {}, `X-Org-ID: ${organization.id}`),
              copyButton(organization.id, "Copy id"),
            ),
          ]
        : h("p", { class: "lead" }, `${session.user.name} is not a member of any organization.`),
      creation(select),
    ),
  };
}

function creation(select) {
  const name = h("input", { name: "organization", required: true, maxlength: 100 });
  const feedback = h("div", { class: "feedback" });
  const submit = async (event) => {
    event.preventDefault();
    try {
      const created = await api.ask("POST", "organizations", { name: name.value });
      await select(created.id);
    } catch (error) {
      feedback.replaceChildren(problem(error));
    }
  };
  return h(
    "form",
    { class: "inset", onsubmit: submit },
    h("h2", {}, "Create an organization"),
    h("p", { class: "fine" }, "You become a member. It has no data: searches in it answer CONFIG_ERROR."),
    h("div", { class: "row" }, field("Name", name), h("button", {}, "Create organization")),
    feedback,
  );
}
