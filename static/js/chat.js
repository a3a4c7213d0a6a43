/** A room made live. Without this script the page works by forms; with it nothing has to be loaded again. */

import { open } from "./app.js";
import { answer, begin, flush } from "./chat-composer.js";
import { newest, show, showSeen } from "./chat-log.js";
import { Socket } from "./chat-socket.js";

const NEAR = 100;
const HERE_SECONDS = 60;
const $ = (selector) => document.querySelector(selector);
const chat = $("#chat");
const { room, me } = chat.dataset;
const scroller = $("#scroller");
const jump = $("[data-jump]");
const menu = $("#message-menu");
const banner = $("[data-connection]");
const typing = $("[data-typing]");
let read = Number(chat.dataset.read ?? Infinity);

// The log is laid out from its end, so the end is at 0 and everything above is negative.
const isNear = () => -scroller.scrollTop < NEAR;
const toEnd = () => (scroller.scrollTop = 0);
const unread = $("#unread");
if (unread) scroller.scrollTop = unread.offsetTop - 16 - (scroller.scrollHeight - scroller.clientHeight);
jump.addEventListener("click", toEnd);
scroller.addEventListener("scroll", () => {
  if (!isNear()) return;
  jump.hidden = true;
  markRead();
});
document.addEventListener("visibilitychange", () => markRead());

// At most one mark in two seconds; the next one says what came meanwhile.
let resting;
function markRead() {
  if (!socket.ready || document.hidden || resting || !isNear() || newest() <= read) return;
  resting = setTimeout(() => {
    resting = undefined;
    markRead();
  }, 2000);
  read = newest();
  socket.tell({ type: "read", room, seq: read });
  $("#rooms [aria-current] .badge")?.remove();
}

const lastSeen = {};
const writing = new Map();
function showTyping() {
  const [first, second] = writing.values();
  typing.textContent = second ? typing.dataset.many : first ? typing.dataset.one.replace("%(name)s", first) : "";
}

const socket = new Socket(room, Number(chat.dataset.rev), {
  state(state) {
    const { lost, signedOut, stale } = banner.dataset;
    banner.textContent = { lost, stale, "signed-out": signedOut }[state] ?? "";
    banner.hidden = state === "ready";
    flush();
    markRead();
  },
  message(message, isNew) {
    const follow = isNear() || message.author?.id === me;
    if (!show(message)) return;
    writing.delete(message.author?.id);
    showTyping();
    if (follow) toEnd();
    else if (isNew) jump.hidden = false;
    markRead();
  },
  typing({ user, name }) {
    if (user === me) return;
    writing.set(user, name);
    showTyping();
    setTimeout(() => {
      writing.delete(user);
      showTyping();
    }, 5000);
  },
  seen({ user, seq }) {
    if (user !== me) showSeen(seq);
  },
  presence({ here }) {
    const mark = $("[data-presence]");
    if (!mark) return;
    Object.assign(lastSeen, here);
    const now = (Date.now() + socket.skew) / 1000;
    const isHere = Object.entries(lastSeen).some(([user, at]) => user !== me && now - at < HERE_SECONDS);
    mark.hidden = here === null;
    mark.firstElementChild.dataset.state = isHere ? "here" : "gone";
    mark.lastElementChild.textContent = isHere ? mark.dataset.here : mark.dataset.gone;
  },
});
begin(socket, toEnd);

document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-more], [data-replies], [data-unreply], [data-older]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (link.matches("[data-more]")) {
    await window.htmx.ajax("GET", link.href, { target: "#message-menu-body", swap: "innerHTML" });
    open("message-menu");
  } else if (link.matches("[data-older]")) await showOlder(link);
  else {
    menu.close();
    answer(Number(link.dataset.replies ?? 0));
  }
});
document.addEventListener("message:done", () => menu.close());

// The buttons of marks belong to one form; over the socket nothing is loaded again.
$("#react").addEventListener("submit", (event) => {
  if (!socket.ready) return;
  event.preventDefault();
  const mark = event.submitter;
  const seq = Number(mark.closest(".message").dataset.seq);
  socket.ask({ type: "react", seq, emoji: mark.value, on: mark.getAttribute("aria-pressed") !== "true" }).catch(() => {});
});

/** Earlier messages come before what is shown; a screen reader is not read all of them. */
async function showOlder(link) {
  const page = new DOMParser().parseFromString(await (await fetch(link.href)).text(), "text/html");
  scroller.setAttribute("aria-live", "off");
  $("#log").prepend(...page.querySelectorAll("#log > li"));
  setTimeout(() => scroller.removeAttribute("aria-live"), 1000);
  const next = page.querySelector("[data-older]");
  if (next) link.href = next.href;
  else link.parentElement.remove();
}
