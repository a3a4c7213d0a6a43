/** Update a room without reloads. Without this script the page works by forms. */

import { localise, open } from "./app.js";
import { answer, begin, flush } from "./chat-composer.js";
import { replace } from "./chat-fresh.js";
import { follow } from "./chat-lists.js";
import { isAtEnd, show, showSeen } from "./chat-log.js";
import { Reading } from "./chat-reading.js";
import { Socket } from "./chat-socket.js";

const HERE_SECONDS = 60;
const $ = (selector) => document.querySelector(selector);
const chat = $("#chat");
const { room, me } = chat.dataset;
const menu = $("#message-menu");
const banner = $("[data-connection]");
const typing = $("[data-typing]");

const lastSeen = {};
const writing = new Map();
function showTyping() {
  const [first, second] = [...writing.values()].map(({ name }) => name);
  typing.textContent = second ? typing.dataset.many : first ? typing.dataset.one.replace("%(name)s", `\u2068${first}\u2069`) : "";
}
function stopsTyping(user) {
  clearTimeout(writing.get(user)?.timer);
  writing.delete(user);
  showTyping();
}

const lists = follow(() => socket.ready, room);
const socket = new Socket({ room, rev: Number(chat.dataset.rev), watch: ["rooms"] }, {
  ...lists,
  state(state) {
    const { lost, signedOut, stale } = banner.dataset;
    banner.textContent = { lost, stale, "signed-out": signedOut }[state] ?? "";
    banner.hidden = state === "ready";
    flush();
    reading.mark();
    if (state === "ready") lists.soon();
  },
  message(message, isNew) {
    const isOwn = message.author?.uid === me;
    const wasNear = reading.isNear();
    const isShown = show(message);
    stopsTyping(message.author?.uid);
    if (isShown && (wasNear || isOwn)) reading.toEnd();
    if (!isOwn) reading.count(message);
    reading.look();
    if (isNew) lists.news({ room, seq: message.seq, author: message.author?.uid, text: message.body.slice(0, 120), new: true });
  },
  typing({ user, name }) {
    if (user === me) return;
    stopsTyping(user);
    writing.set(user, { name, timer: setTimeout(() => stopsTyping(user), 5000) });
    showTyping();
  },
  seen({ user, seq }) {
    if (user !== me) showSeen(seq);
  },
  read({ room: where, seq }) {
    if (where === room) reading.readTo(seq);
    else lists.read({ room: where, seq });
  },
  presence({ here }) {
    const mark = $("[data-presence]");
    if (!mark) return;
    Object.assign(lastSeen, here);
    const now = (Date.now() + socket.skew) / 1000;
    const isHere = mark.dataset.presence.split(" ").some((user) => user && now - (lastSeen[user] ?? 0) < HERE_SECONDS);
    mark.hidden = here === null;
    mark.firstElementChild.dataset.state = isHere ? "here" : "gone";
    mark.lastElementChild.textContent = isHere ? mark.dataset.here : mark.dataset.gone;
  },
  async case({ status }) {
    const mark = $("[data-case]");
    if (mark) mark.textContent = mark.dataset[status];
    const panel = $("#case");
    // Do not replace the case panel while it has focus. The server validates what is saved.
    if (!panel || panel.contains(document.activeElement)) return;
    const fresh = await fetch(panel.dataset.url, { cache: "no-store" });
    if (fresh.ok) localise(replace(panel, await fresh.text()));
  },
});
const reading = new Reading({ room, socket });
begin(socket, async () => {
  if (!isAtEnd()) await reading.toNewest();
  reading.toEnd();
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-more], [data-replies], [data-unreply]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (link.matches("[data-more]")) {
    await window.htmx.ajax("GET", link.href, { target: "#message-menu-body", swap: "innerHTML" });
    open("message-menu");
  } else {
    menu.close();
    answer(Number(link.dataset.replies ?? 0));
  }
});
document.addEventListener("message:done", () => menu.close());

// All reaction buttons belong to one form; with a socket they send frames instead.
$("#react").addEventListener("submit", (event) => {
  if (!socket.ready) return;
  event.preventDefault();
  const mark = event.submitter;
  const seq = Number(mark.closest(".message").dataset.seq);
  socket.ask({ type: "react", seq, emoji: mark.value, on: mark.getAttribute("aria-pressed") !== "true" }).catch(() => {});
});
