/** The API in a browser: sends what was typed, as JSON, and shows the answer below. */

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-api]");
  if (!form) return;
  event.preventDefault();
  const [method, path] = [event.submitter.value, form.dataset.api];
  const headers = { Accept: "application/json", "Content-Type": "application/json", ...JSON.parse(document.body.dataset.hxHeaders ?? "{}") };
  const answer = await fetch(path, { method, headers, body: method === "DELETE" ? null : form.elements.content.value });
  const text = await answer.text();
  const shown = form.querySelector("output");
  shown.hidden = false;
  shown.firstElementChild.textContent = `${method} ${path}\nHTTP ${answer.status} ${answer.statusText}\n\n${pretty(text)}`;
});

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
