/** What every page shares: toasts, dialogs, menus, theme, small controls, and how htmx reports trouble. */

import * as dates from "./dates.js";

const on = (type, selector, act) =>
  document.addEventListener(type, (event) => {
    const found = event.target.closest?.(selector);
    if (found) act(found, event);
  });

/** Show a passing notice. Errors stay until they are closed. */
export function toast(text, level = "info") {
  const template = document.getElementById("toast-template");
  const shown = template.content.firstElementChild.cloneNode(true);
  shown.dataset.level = level;
  shown.querySelector("p").textContent = text;
  document.getElementById("toasts").append(shown);
  leaveLater(shown);
}

function leaveLater(shown) {
  if (shown.dataset.level === "error") return;
  setTimeout(() => (shown.matches(":hover, :focus-within") ? leaveLater(shown) : shown.remove()), 6000);
}

document.querySelectorAll(".toast").forEach(leaveLater);
on("click", "[data-dismisses]", (button) => button.closest(".toast").remove());

// Dialogs. A link with data-opens keeps its href for those without scripts.
export function open(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
  return dialog;
}

on("click", "[data-opens]", (opener, event) => open(opener.dataset.opens) && event.preventDefault());
on("click", "[data-closes]", (button) => button.closest("dialog")?.close());
on("click", "dialog", (dialog, event) => event.target === dialog && dialog.close());

// Menus are <details>: one open at a time, closed by Esc or a click elsewhere.
const closeMenus = (except) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(except)) menu.open = false;
};
document.addEventListener("click", (event) => closeMenus(event.target));
on("keydown", "details.menu[open]", (menu, event) => {
  if (event.key !== "Escape") return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

on("change", "[data-theme-form] input", (input) => {
  document.documentElement.dataset.theme = input.value;
  document.querySelector("meta[name=color-scheme]").content = input.value === "system" ? "light dark" : input.value;
  fetch(input.form.action, { method: "POST", body: new FormData(input.form), redirect: "manual" });
});

on("click", "[data-steps]", (button) => {
  const input = button.parentElement.querySelector("input");
  const before = input.value;
  input.stepUp(Number(button.dataset.steps));
  if (input.value !== before) input.dispatchEvent(new Event("change", { bubbles: true }));
  else if (button.dataset.steps > 0 && button.parentElement.dataset.limit) toast(button.parentElement.dataset.limit);
});
on("click", "[data-copies]", async (button) => {
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).value);
  toast(button.dataset.done, "success");
});
on("click", "[data-reveals]", (button) => {
  const input = document.getElementById(button.dataset.reveals);
  input.type = input.type === "password" ? "text" : "password";
  button.setAttribute("aria-pressed", String(input.type === "text"));
});
on("change", "[data-submits]", (input) => input.form.requestSubmit());

// The server writes times in its own zone; here they are put into the reader's.
export function localise(root) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    time.textContent = dates[time.dataset.local](new Date(time.dateTime));
  }
}
localise(document);

// htmx: say what failed, show what is busy, bring the eye to what needs it.
const submitter = (event) => event.detail.requestConfig?.triggeringEvent?.submitter ?? event.detail.elt.querySelector?.("[type=submit], button:not([type])");
let pressed;
document.addEventListener("htmx:beforeRequest", (event) => {
  const button = submitter(event);
  button?.setAttribute("aria-busy", "true");
  if (event.detail.requestConfig?.verb === "post") pressed = button;
});
document.addEventListener("htmx:afterRequest", (event) => submitter(event)?.removeAttribute("aria-busy"));
for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, (event) => {
    if (event.detail.xhr?.getResponseHeader("HX-Trigger")?.includes("toast")) return;
    toast(document.getElementById("toast-template").dataset.unreachable, "error");
  });
}
document.addEventListener("htmx:afterSettle", (event) => {
  event.target.querySelector?.(".error-summary")?.focus();
  document.querySelectorAll("#toasts > .toast").forEach(leaveLater);
});
document.addEventListener("htmx:load", (event) => localise(event.detail.elt));

// Arrows go through the suggestions under the search box.
on("keydown", ".site-search", (form, event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const places = [form.querySelector("input"), ...form.querySelectorAll(".suggestions a")];
  const next = places[places.indexOf(document.activeElement) + step];
  if (!step || !next) return;
  event.preventDefault();
  next.focus();
});

// The first change of a search is a step of the history; what is typed further changes that step.
const step = (form, attribute) => {
  form.removeAttribute("data-hx-push-url");
  form.removeAttribute("data-hx-replace-url");
  form.setAttribute(attribute, "true");
};
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.successful && event.detail.elt.closest("[data-types]");
  if (form) step(form, "data-hx-replace-url");
});
on("focusout", "[data-types]", (form) => step(form, "data-hx-push-url"));

// A page that is shown again after Back has the count of its own time.
addEventListener("pageshow", (event) => {
  const [{ type } = {}] = performance.getEntriesByType("navigation");
  const count = document.querySelector("[data-count-url]");
  if (count && (event.persisted || type === "back_forward")) htmx.ajax("GET", count.dataset.countUrl, { swap: "none" });
});

// Events a response may name in HX-Trigger: {"toast": {"text": "…", "level": "success"}}, "cart:added".
document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.level));
document.addEventListener("cart:added", () => setTimeout(() => {
  // The button that was pressed was disabled meanwhile, so the browser does not know where to return to.
  open("cart-drawer").addEventListener("close", () => pressed?.isConnected && pressed.focus(), { once: true });
}));
