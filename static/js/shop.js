/** After another variant was chosen, bring its picture into view: the gallery itself stays as it is. */

document.addEventListener("htmx:afterSwap", (event) => {
  const shown = event.detail.target.id === "buy" && document.getElementById("buy").dataset.shows;
  if (!shown) return;
  const picture = document.querySelector(`.gallery-strip a[href="${CSS.escape(shown)}"]`)?.closest("li");
  document.querySelector(`.gallery-thumbs a[href="#${picture?.id}"]`)?.click();
});
