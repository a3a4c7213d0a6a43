/** Unread counts: in the room list, the page header and the title. */

const badge = document.querySelector(".site-header [data-total]");
const title = document.title;
const shown = (count) => (count > 99 ? "99+" : String(count));
let total = 0;

export function setTotal(count) {
  total = Math.max(0, count);
  if (badge) {
    badge.hidden = !total;
    badge.firstElementChild.textContent = shown(total);
  }
  document.title = total ? `(${shown(total)}) ${title}` : title;
}

export const countOf = (line) => Number(line?.dataset.unread ?? 0);
export const lineOf = (room) => document.querySelector(`[data-rooms] [data-room="${CSS.escape(room)}"]`);

/** Show the unread count of a room. Muted rooms do not count in the total. */
export function setLine(line, count) {
  if (!line.hasAttribute("data-muted")) setTotal(total + count - countOf(line));
  if (count) line.dataset.unread = count;
  else delete line.dataset.unread;
  const mark = line.querySelector(".badge-count");
  mark.hidden = !count;
  mark.firstElementChild.textContent = shown(count);
}

/** Update the count of a room that may not be in the list. */
export function setRoom(room, count, before) {
  const line = lineOf(room);
  if (line) setLine(line, count);
  else setTotal(total + count - before);
}

setTotal(Number(document.querySelector("[data-rooms]")?.dataset.total ?? badge?.firstElementChild.textContent ?? 0) || 0);
