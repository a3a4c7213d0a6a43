/** A product's page beyond HTML: the gallery follows the chosen variant, the bar at the foot waits its turn. */

const bar = document.querySelector("[data-buy-bar]");
const away = new IntersectionObserver(([button]) => {
  bar.hidden = button.isIntersecting;
});

function watch() {
  away.disconnect();
  const button = document.querySelector(".buy-button");
  if (bar && button) away.observe(button);
}

watch();

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "buy") return;
  watch();
  const shown = CSS.escape(document.getElementById("buy").dataset.shows ?? "");
  const picture = document.querySelector(`.gallery-strip a[href="${shown}"]`)?.closest("li");
  document.querySelector(`.gallery-thumbs a[href="#${picture?.id}"]`)?.click();
});
