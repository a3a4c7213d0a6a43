/** The gallery beyond HTML: thumbnails scroll the strip without moving the page, a picture opens large. */

const calm = matchMedia("(prefers-reduced-motion: reduce)");

function follow(strip, thumbs) {
  strip.addEventListener("scroll", () => {
    const shown = Math.round(Math.abs(strip.scrollLeft) / strip.clientWidth);
    thumbs.forEach((thumb, index) => thumb.setAttribute("aria-current", String(index === shown)));
  });
  for (const [index, thumb] of thumbs.entries()) {
    thumb.addEventListener("click", (event) => {
      event.preventDefault();
      const picture = strip.children[index];
      strip.scrollTo({ left: picture.offsetLeft - strip.firstElementChild.offsetLeft, behavior: calm.matches ? "instant" : "smooth" });
    });
  }
}

function zoom(strip, dialog) {
  const large = dialog.querySelector("img");
  large.addEventListener("click", () => dialog.close());
  strip.addEventListener("click", (event) => {
    const link = event.target.closest("[data-zoom]");
    if (!link) return;
    event.preventDefault();
    large.src = link.href;
    large.alt = link.querySelector("img").alt;
    dialog.showModal();
  });
}

for (const gallery of document.querySelectorAll("[data-gallery]")) {
  const strip = gallery.querySelector(".gallery-strip");
  follow(strip, [...gallery.querySelectorAll(".gallery-thumbs a")]);
  zoom(strip, gallery.querySelector("dialog"));
}
