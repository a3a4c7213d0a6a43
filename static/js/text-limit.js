/** Say when a text is too long, while it is written. Nothing that was pasted is cut. Only texts with data-limit. */

const NEAR = 0.9;

function check(field) {
  const limit = Number(field.dataset.limit);
  const n = [...field.value].length;
  const text = n > limit ? field.dataset.over : n > limit * NEAR ? field.dataset.near : "";
  const numbers = { n, limit, over: n - limit };
  const said = text.replace(/\{(\w+)\}/g, (_, name) => numbers[name].toLocaleString(document.documentElement.lang));
  field.setCustomValidity(n > limit ? said : "");
  if (!said && !field.limitNote) return;
  const note = (field.limitNote ??= noteFor(field));
  note.textContent = said;
  note.hidden = !said;
  note.toggleAttribute("data-over", n > limit);
}

function noteFor(field) {
  const note = Object.assign(document.createElement("p"), { className: "text-limit", id: `${field.id}-limit` });
  note.setAttribute("role", "status");
  field.after(note);
  field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), note.id].filter(Boolean).join(" "));
  return note;
}

document.addEventListener("input", ({ target }) => target.dataset?.limit && check(target));
for (const field of document.querySelectorAll("[data-limit]")) check(field);
