/** The gallery beyond HTML: thumbnails scroll the strip without moving the page, a picture opens large. */

for (const gallery of document.querySelectorAll("[data-gallery]")) {
  const strip = gallery.querySelector(".gallery-strip");
  const thumbs = [...gallery.querySelectorAll(".gallery-thumbs a")];
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  for (const thumb of thumbs) {
    thumb.addEventListener("click", (event) => {
      event.preventDefault();
      const picture = document.getElementById(thumb.hash.slice(1));
      strip.scrollTo({ left: picture.offsetLeft - strip.offsetLeft, behavior: calm ? "instant" : "smooth" });
    });
  }

  const seen = new IntersectionObserver(
    (entries) => {
      const shown = entries.find((entry) => entry.isIntersecting);
      if (!shown) return;
      for (const thumb of thumbs) {
        if (thumb.hash === `#${shown.target.id}`) thumb.setAttribute("aria-current", "true");
        else thumb.removeAttribute("aria-current");
      }
    },
    { root: strip, threshold: 0.6 },
  );
  for (const picture of strip.children) seen.observe(picture);

  const dialog = gallery.querySelector("dialog");
  const zoomed = dialog.querySelector("[data-zoomed]");
  zoomed.addEventListener("click", () => dialog.close());
  strip.addEventListener("click", (event) => {
    const link = event.target.closest("[data-zoom]");
    if (!link) return;
    event.preventDefault();
    zoomed.src = link.href;
    zoomed.alt = link.querySelector("img").alt;
    dialog.showModal();
  });
}
