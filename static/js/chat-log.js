/** The message log. Socket messages fill the same template that the server renders. */

import { date, time } from "./dates.js";

const TOGETHER = 5 * 60_000;
const chat = document.getElementById("chat");
const log = document.getElementById("log");

const blank = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
const part = (line, name) => line.querySelector(`[data-part="${name}"]`);
const place = (line) => Number(line.dataset.seq) || Infinity;
const find = (message) =>
  document.getElementById(`m${message.seq}`) ??
  (message.cid && log.querySelector(`[data-cid="${CSS.escape(message.cid)}"]:is([data-state=sending], [data-state=failed])`));

const lines = () => [...log.querySelectorAll(".message")];
const hasMore = (side) => Boolean(document.querySelector(`[data-${side}]`));
export const newest = () => Math.max(0, ...lines().map((line) => Number(line.dataset.seq)));
export const isAtEnd = () => !hasMore("newer");

/** Whether a message is outside of the loaded part of the log. */
const isElsewhere = ({ seq }) => (hasMore("older") && seq < Math.min(...lines().map(place))) || (!isAtEnd() && seq > newest());

/** Show a new or changed message. Returns its line, or nothing if it is outside of the loaded part. */
export function show(message, state = "") {
  const known = find(message);
  if (!known && message.seq && isElsewhere(message)) return undefined;
  if (known && Number(known.dataset.rev) >= message.rev && message.seq) return undefined;
  const line = known ?? blank("message-template");
  fill(line, message, message.deleted ? "deleted" : state);
  if (!known || !known.id) put(line);
  line.id = message.seq ? `m${message.seq}` : "";
  group(line);
  group(line.nextElementSibling);
  log.querySelector("[data-nothing]")?.remove();
  return line;
}

function fill(line, message, state) {
  const own = message.author?.uid === chat.dataset.me;
  Object.assign(line.dataset, { seq: message.seq ?? "", rev: message.rev ?? 0, cid: message.cid, at: message.at, author: message.author?.uid ?? "" });
  line.toggleAttribute("data-own", own);
  line.toggleAttribute("data-staff", Boolean(message.author?.is_staff));
  part(line, "staff").hidden = !message.author?.is_staff;
  line.toggleAttribute("data-system", message.kind === "system");
  setState(line, state);
  const name = message.author?.name ?? "";
  part(line, "author").textContent = name;
  face(line.querySelector(".avatar"), name, message.author?.avatar);
  const clock = line.querySelector("time");
  clock.dateTime = message.at;
  clock.textContent = time(new Date(message.at));
  part(line, "edited").hidden = !message.edited_at || message.deleted;
  part(line, "gone").hidden = !message.deleted;
  // The server rendered this HTML from escaped text.
  part(line, "words").innerHTML = message.html;
  quote(part(line, "quote"), message.reply_to);
  part(line, "marks").replaceChildren(...(message.reactions ?? []).map((mark) => button(message.seq, mark)));
  const more = line.querySelector("[data-more]");
  if (more) {
    more.href = `${chat.dataset.messages}${message.seq}/`;
    more.hidden = !message.seq || message.deleted;
  }
  cards(part(line, "cards"), message);
}

export function setState(line, state) {
  if (state) line.dataset.state = state;
  else delete line.dataset.state;
  part(line, "failed").hidden = state !== "failed";
}

/** Show a small image, or initials if there is none or it fails to load. */
function face(avatar, name, address) {
  avatar.dataset.tone = new TextEncoder().encode(name).reduce((sum, byte) => sum + byte, 0) % 6;
  if (address && avatar.querySelector("img")?.getAttribute("src") === address) return;
  if (!address) return showInitials(avatar, name);
  const picture = Object.assign(document.createElement("img"), { src: address, alt: "", width: 40, height: 40 });
  picture.addEventListener("error", () => showInitials(avatar, name));
  avatar.replaceChildren(picture);
}

function showInitials(avatar, name) {
  const words = name.split(/\s+/).filter(Boolean);
  avatar.textContent = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => word?.[0] ?? "").join("");
}

function quote(link, seq) {
  link.hidden = !seq;
  if (!seq) return;
  const answered = document.getElementById(`m${seq}`);
  link.href = `#m${seq}`;
  link.querySelector("bdi").textContent = answered ? part(answered, "author").textContent : "";
  link.querySelector("span").textContent = answered ? part(answered, "words").textContent.trim().slice(0, 120) : "…";
}

function button(seq, { emoji, people }) {
  const mark = blank("mark-template");
  const [sign, count] = mark.children;
  sign.textContent = emoji;
  count.textContent = people.length;
  mark.value = emoji;
  mark.setAttribute("formaction", `${chat.dataset.messages}${seq}/reactions/`);
  mark.setAttribute("aria-pressed", String(people.includes(chat.dataset.me)));
  return mark;
}

/** Cards depend on the viewer, so the server renders them for each page. */
async function cards(box, message) {
  if (!message.cards?.length || !message.seq) return box.replaceChildren();
  const answer = await fetch(`${chat.dataset.messages}${message.seq}/cards/`);
  if (answer.ok) box.innerHTML = await answer.text();
}

/** Insert a line in order of its number, with a day line before the first of a day. */
function put(line) {
  const before = [...log.querySelectorAll(".message")].reverse().find((other) => other !== line && place(other) < place(line));
  if (before) before.after(line);
  else log.prepend(line);
  const previous = before && new Date(before.dataset.at);
  const now = new Date(line.dataset.at);
  if (previous?.toDateString() === now.toDateString()) return;
  const day = blank("day-template");
  const stamp = document.createElement("time");
  stamp.dateTime = line.dataset.at;
  stamp.textContent = date(now);
  day.append(stamp);
  line.before(day);
}

function group(line) {
  if (!line?.matches(".message")) return;
  const before = line.previousElementSibling;
  const near = before?.matches(".message") && Date.parse(line.dataset.at) - Date.parse(before.dataset.at) < TOGETHER;
  const same = near && line.dataset.author && line.dataset.author === before.dataset.author;
  line.toggleAttribute("data-grouped", Boolean(same && part(line, "quote").hidden));
}

/** Mark the last own message up to this number as seen. */
export function showSeen(seq) {
  const mine = [...log.querySelectorAll(".message[data-own]:not([data-state])")].filter((line) => place(line) <= seq);
  for (const line of log.querySelectorAll(".message[data-own]")) part(line, "seen").hidden = line !== mine.at(-1);
}
