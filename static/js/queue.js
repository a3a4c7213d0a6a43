// Keyboard shortcuts of the moderation queue: j and k move, x selects, a and r decide, u undoes, ? shows help.
// Everything works by mouse and without scripts too. Shortcuts are off in form fields.

const rows = [...document.querySelectorAll("[data-queue-row]")];
const tick = (row) => row.querySelector("input[type=checkbox]");
const current = () => rows.indexOf(document.activeElement?.closest?.("[data-queue-row]"));

function move(step) {
  const from = current();
  const to = from < 0 ? 0 : Math.min(Math.max(from + step, 0), rows.length - 1);
  rows[to]?.focus();
}

function toggle() {
  const row = rows[current()];
  if (row) tick(row).checked = !tick(row).checked;
}

function decide(button) {
  const row = rows[current()];
  if (row && !rows.some((one) => tick(one).checked)) tick(row).checked = true;
  if (rows.some((one) => tick(one).checked)) document.querySelector(button)?.click();
}

function showKeys() {
  const keys = document.querySelector("#queue-keys");
  if (!keys) return;
  keys.open = !keys.open;
  keys.querySelector("summary").focus();
}

const acts = {
  j: () => move(1),
  k: () => move(-1),
  x: toggle,
  a: () => decide("[data-queue-approve]"),
  r: () => decide("[data-queue-refuse]"),
  u: () => document.querySelector("[data-queue-undo]")?.click(),
  "?": showKeys,
};

const isTyping = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
