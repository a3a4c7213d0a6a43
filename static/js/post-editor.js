// Tells the server where the cursor stood in the text, so that an uploaded picture is placed there.
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
