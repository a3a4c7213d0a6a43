/** Buttons that print the page. */

for (const button of document.querySelectorAll("[data-prints]")) button.addEventListener("click", () => window.print());
