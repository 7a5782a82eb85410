// Elements. Whatever comes from a server goes in as text, never as HTML.

/** Returns an element: h("a", { href: "#", class: "x", onclick: f }, "text", otherElement). */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Tells a screen reader what has changed. */
export function say(text) {
  document.getElementById("live").textContent = text;
}

/** Returns a label, its input, and a hint. */
export function field(label, input, hint = null) {
  input.id ||= `field-${(field.count = (field.count ?? 0) + 1)}`;
  const note = hint ? h("small", { id: `${input.id}-hint` }, hint) : null;
  if (note) input.setAttribute("aria-describedby", note.id);
  return h("div", { class: "field" }, h("label", { for: input.id }, label), input, note);
}

/** Returns a button that copies a text and says so. */
export function copyButton(text, label = "Copy", properties = {}) {
  const button = h("button", { type: "button", ...properties }, label);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "function" ? text() : text);
      button.textContent = "Copied";
      button.dispatchEvent(new Event("copied", { bubbles: true }));
      say("Copied to the clipboard.");
    } catch {
      button.textContent = "Select and copy by hand";
    }
    setTimeout(() => (button.textContent = label), 2000);
  });
  return button;
}

/** Returns a box that says what went wrong, with the request ID for support. */
export function problem(error) {
  const code = [error.code, error.requestId].filter(Boolean).join(" · ");
  return h(
    "div",
    { class: "notice bad", role: "alert" },
    h("p", {}, error.message),
    code ? h("p", { class: "fine" }, h("code", {}, code)) : null,
  );
}

/** Opens a dialog over the page; resolves when it is closed. */
export function openDialog(title, build) {
  const heading = h("h2", { id: "dialog-title" }, title);
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, heading);
  dialog.append(...build(dialog));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}

/** Returns a time as people read it; hovering shows the exact one. */
export function time(iso, none = "–") {
  if (!iso) return h("span", { class: "none" }, none);
  const moment = new Date(iso);
  const shown = moment.toLocaleDateString(undefined, {
    year: "numeric",
    month: "short",
    day: "numeric",
  });
  return h("time", { datetime: iso, title: moment.toLocaleString() }, shown);
}
