/** Update the desk without a reload. */

import { localise } from "./app.js";
import { keepFresh, replace } from "./chat-fresh.js";
import { Socket } from "./chat-socket.js";

const title = document.title;
const news = document.querySelector("[data-desk-news]");
const desk = () => document.getElementById("desk");

function showTitle() {
  const waiting = Number(desk().dataset.waiting);
  document.title = waiting ? `(${waiting}) ${title}` : title;
}

const soon = keepFresh(async () => {
  const answer = await fetch(location.href, { cache: "no-store", headers: { "HX-Request": "true" } });
  if (!answer.ok || answer.redirected) return;
  const markup = await answer.text();
  const before = desk().textContent;
  localise(replace(desk(), markup));
  showTitle();
  if (desk().textContent !== before) news.textContent = news.dataset.text;
}, () => socket.ready);

const socket = new Socket({ watch: ["desk"] }, {
  stale: soon,
  state: (state) => state === "ready" && soon(),
});
showTitle();
