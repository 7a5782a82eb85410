// Sign-in: choose a user, or create one; there are no passwords.

import * as api from "./api.js";
import { field, h, problem } from "./dom.js";
import { peopleList } from "./people.js";

export function signInView(state, done) {
  const feedback = h("div", { class: "feedback" });
  const signIn = async (who) => {
    feedback.replaceChildren();
    try {
      await api.signIn(who);
      await done();
    } catch (error) {
      feedback.replaceChildren(problem(error));
    }
  };
  return {
    element: h(
      "section",
      { class: "card sign-in" },
      h("h1", { tabindex: "-1" }, "Sign in"),
      state.signIn
        ? [
            h("p", { class: "lead" }, "For development: no passwords, and from this machine only."),
            peopleList(state.users, (user) => signIn({ user: user.id })),
            newUser(state.users.length > 0, signIn),
          ]
        : h(
            "p",
            { class: "notice" },
            "There are no passwords here, so signing in works only while the emulator listens on a loopback address.",
          ),
      feedback,
    ),
  };
}

function newUser(others, signIn) {
  const name = h("input", { name: "name", required: true, maxlength: 100, autocomplete: "name" });
  return h(
    "form",
    {
      class: others ? "apart" : null,
      onsubmit: (event) => {
        event.preventDefault();
        signIn({ name: name.value });
      },
    },
    field(others ? "Or as somebody new" : "Your name", name),
    h("button", { class: "primary wide" }, "Create user and sign in"),
  );
}
