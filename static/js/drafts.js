/** Store unsent text of forms with data-draft in localStorage. The attribute value is the key. */

import "./text-limit.js";

/** Store and restore the text fields of a form. Returns a function that deletes the draft. Filled fields stay. */
export function keep(form, key) {
  const name = `draft:${key}`;
  const fields = [...form.querySelectorAll("textarea, input[type=text]")];
  const forget = () => store(() => localStorage.removeItem(name));
  const saved = store(() => JSON.parse(localStorage.getItem(name))) ?? {};
  for (const field of fields) {
    if (field.value || !saved[field.name]) continue;
    field.value = saved[field.name];
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
    return undefined; // without storage, the text lasts as long as the page
  }
}

for (const form of document.querySelectorAll("form[data-draft]")) form.addEventListener("submit", keep(form, form.dataset.draft));
