/** What was typed and not sent outlives the page: forms with data-draft, whose value names whose and what it is. */

import "./text-limit.js";

/** Keep the texts of a form; returns what forgets them. What the server filled in stays. */
export function keep(form, key) {
  const name = `draft:${key}`;
  const fields = [...form.querySelectorAll("textarea, input[type=text]")];
  const forget = () => store(() => localStorage.removeItem(name));
  const kept = store(() => JSON.parse(localStorage.getItem(name))) ?? {};
  for (const field of fields) {
    if (field.value || !kept[field.name]) continue;
    field.value = kept[field.name];
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  form.addEventListener("input", () => {
    const texts = Object.fromEntries(fields.map((field) => [field.name, field.value]));
    if (Object.values(texts).some(Boolean)) store(() => localStorage.setItem(name, JSON.stringify(texts)));
    else forget();
  });
  return forget;
}

function store(act) {
  try {
    return act();
  } catch {
    return undefined; // no storage: the text lives as long as the page
  }
}

for (const form of document.querySelectorAll("form[data-draft]")) form.addEventListener("submit", keep(form, form.dataset.draft));
