/** The room list. Socket frames update it; when in doubt it is fetched again. */

import { keepFresh, replace } from "./chat-fresh.js";
import { countOf, lineOf, setLine, setTotal } from "./chat-unread.js";

/** `current` is the open room. Its page counts its unread messages itself. */
export function follow(isLive, current = "") {
  const list = () => document.querySelector("[data-rooms]");
  const soon = keepFresh(async () => {
    if (!list()) return;
    const answer = await fetch(list().dataset.rooms, { cache: "no-store" });
    if (!answer.ok || answer.redirected) return;
    const here = countOf(lineOf(current));
    const fresh = replace(list(), await answer.text());
    setTotal(Number(fresh.dataset.total));
    if (lineOf(current)) setLine(lineOf(current), here);
  }, isLive);
  return {
    soon,
    news({ room, seq, author, text, new: isNew }) {
      const line = lineOf(room);
      if (!line || !isNew) return soon();
      if (seq <= Number(line.dataset.last)) return;
      line.dataset.last = seq;
      line.querySelector(".room-last").textContent = text || "…";
      if (room !== current) setLine(line, author === list().dataset.me ? 0 : countOf(line) + 1);
      first(line);
    },
    read({ room, seq }) {
      const line = lineOf(room);
      if (!line || room === current) return;
      if (seq >= Number(line.dataset.last)) setLine(line, 0);
      else soon();
    },
    stale: ({ list: name }) => name === "rooms" && soon(),
  };
}

/** Move a room to the top, unless the list has hover or focus. */
function first(line) {
  const item = line.closest("li");
  const list = item.parentElement;
  if (list.firstElementChild === item || list.contains(document.activeElement) || list.matches(":hover")) return;
  list.prepend(item);
}
