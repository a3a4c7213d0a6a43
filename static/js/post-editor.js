// The post editor: inserts uploaded images at the cursor and autosaves every few seconds.
const body = document.querySelector("#id_body")
const place = document.querySelector("#id_picture_at")

if (body && place) {
  let touched = false
  for (const kind of ["focus", "input", "select", "keyup", "click"]) body.addEventListener(kind, () => { touched = true })
  body.form.addEventListener("submit", () => {
    // Characters, not the UTF-16 units that the browser counts.
    if (touched) place.value = [...body.value.slice(0, body.selectionEnd)].length
  })
}

const status = document.querySelector("#autosave")

if (body && status) {
  const SECONDS = 10
  const texts = () => ["title", "excerpt", "body"].map((name) => [name, body.form.elements[name].value])
  let saved = JSON.stringify(texts())

  const keep = async () => {
    const now = JSON.stringify(texts())
    if (now === saved) return
    const sent = new FormData()
    for (const [name, text] of texts()) sent.append(name, text)
    sent.append("csrfmiddlewaretoken", body.form.elements.csrfmiddlewaretoken.value)
    const answer = await fetch(status.dataset.url, { method: "POST", body: sent, redirect: "manual" }).catch(() => null)
    if (answer && answer.status === 204) saved = now
    status.textContent = answer && answer.status === 204 ? status.dataset.saved : status.dataset.failed
  }
  setInterval(keep, SECONDS * 1000)
}
