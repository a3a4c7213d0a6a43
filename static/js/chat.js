/** A room made live. Without this script the page works by forms; with it nothing has to be loaded again. */

import { open } from "./app.js";
import { newest, setState, show, showSeen } from "./chat-log.js";
import { Outbox } from "./chat-outbox.js";
import { Socket } from "./chat-socket.js";

const NEAR = 100;
const $ = (selector) => document.querySelector(selector);
const chat = $("#chat");
const { room, me, name, messages } = chat.dataset;
const scroller = $("#scroller");
const jump = $("[data-jump]");
const composer = $("form.composer");
const menu = $("#message-menu");
const banner = $("[data-connection]");
const typing = $("[data-typing]");
let read = Number(chat.dataset.read ?? Infinity);

// Scrolling: follow the end while the reader is there, and leave them alone when they are not.
const isNear = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR;
const toEnd = () => scroller.scrollTo({ top: scroller.scrollHeight });
const unread = $("#unread");
if (unread) unread.scrollIntoView({ block: "start" });
else if (!location.hash) toEnd();
jump.addEventListener("click", toEnd);
scroller.addEventListener("scroll", () => {
  if (!isNear()) return;
  jump.hidden = true;
  markRead();
});
document.addEventListener("visibilitychange", () => markRead());

let reading;
function markRead() {
  if (document.hidden || !isNear() || reading || newest() <= read) return;
  reading = setTimeout(() => (reading = undefined, markRead()), 2000);
  read = newest();
  socket.tell({ type: "read", room, seq: read });
}

const people = new Map();
function showTyping() {
  const names = [...people.values()];
  typing.textContent = names.length > 1 ? typing.dataset.many : names.map((who) => typing.dataset.one.replace("%(name)s", who)).join("");
}

const socket = new Socket(room, Number(chat.dataset.rev), {
  state(state) {
    banner.hidden = state === "ready";
    banner.textContent = { lost: banner.dataset.lost, "signed-out": banner.dataset.signedOut, stale: banner.dataset.stale }[state] ?? "";
    if (state !== "ready") return;
    flush();
    markRead();
  },
  message(message, isNew) {
    const follow = isNear() || message.author?.id === me;
    if (!show(message)) return;
    people.delete(message.author?.id);
    showTyping();
    if (follow) toEnd();
    else if (isNew) jump.hidden = false;
    markRead();
  },
  typing({ user, name: who }) {
    if (user === me) return;
    people.set(user, who);
    showTyping();
    setTimeout(() => (people.delete(user), showTyping()), 5000);
  },
  seen({ user, seq }) {
    if (user !== me) showSeen(seq);
  },
  presence({ here }) {
    const dot = $("[data-presence]");
    if (!dot) return;
    const now = (Date.now() + socket.skew) / 1000;
    const isHere = Object.entries(here ?? {}).some(([user, at]) => user !== me && now - at < 60);
    dot.hidden = here === null;
    dot.firstElementChild.dataset.state = isHere ? "here" : "gone";
    dot.lastElementChild.textContent = isHere ? dot.dataset.here : dot.dataset.gone;
  },
});

// Writing: shown at once, kept until it is acknowledged.
const outbox = new Outbox(`talk:${me}:${room}`, (draft) => socket.ask({ type: "send", ...draft }));
const escaped = (text) => Object.assign(document.createElement("p"), { textContent: text }).outerHTML;
const draw = (draft) => show({ ...draft, kind: "text", at: new Date().toISOString(), author: { id: me, name }, html: escaped(draft.body) }, "sending");
const lineOf = (cid) => $(`#log [data-cid="${CSS.escape(cid)}"]`);
outbox.waiting.forEach(draw);

function flush() {
  if (!socket.ready) return;
  outbox.flush(
    ({ cid }, { seq }) => {
      const line = lineOf(cid);
      if (line && !line.id) Object.assign(line, { id: `m${seq}` }).dataset.seq = seq;
      if (line) setState(line, "");
    },
    (draft, refusal) => {
      const line = lineOf(draft.cid);
      setState(line, "failed");
      line.querySelector("[data-part=failed] span").textContent = refusal.detail;
      line.querySelector("[data-retries]").onclick = () => (setState(line, "sending"), outbox.add(draft), flush());
      line.querySelector("[data-drops]").onclick = () => line.remove();
    },
  );
}

composer?.addEventListener("submit", (event) => {
  event.preventDefault();
  const { body, reply_to: reply, cards } = composer.elements;
  const shown = cards.value.split(" ").filter(Boolean).map((pair) => ({ kind: pair.split(":")[0], id: pair.split(":").slice(1).join(":") }));
  if (!body.value.trim() && !shown.length) return;
  const draft = { cid: crypto.randomUUID(), body: body.value.trim(), reply_to: Number(reply.value) || null, cards: shown };
  outbox.add(draft);
  draw(draft);
  composer.reset();
  body.value = cards.value = "";
  answer();
  toEnd();
  flush();
});

composer?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !matchMedia("(pointer: fine)").matches) return;
  event.preventDefault();
  composer.requestSubmit();
});

let told = 0;
composer?.addEventListener("input", () => {
  if (Date.now() - told < 3000) return;
  told = Date.now();
  socket.tell({ type: "typing", room });
});

/** Reply to a message, or to none. */
function answer(seq = 0) {
  const chip = $("[data-reply]");
  const line = seq && $(`#m${seq}`);
  chip.hidden = !line;
  chip.querySelector("input").value = line ? seq : "";
  chip.querySelector("b").textContent = line ? line.querySelector("[data-part=author]").textContent : "";
  chip.querySelector("span span").textContent = line ? line.querySelector("[data-part=words]").textContent.trim() : "";
  if (line) composer.elements.body.focus();
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-more], [data-replies], [data-unreply], [data-older]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (link.matches("[data-more]")) {
    await window.htmx.ajax("GET", link.href, { target: "#message-menu-body", swap: "innerHTML" });
    open("message-menu");
  } else if (link.matches("[data-older]")) await showOlder(link);
  else answer((menu.close(), Number(link.dataset.replies)));
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

/** Earlier messages come before what is shown, which stays where the eye is. */
async function showOlder(link) {
  const page = new DOMParser().parseFromString(await (await fetch(link.href)).text(), "text/html");
  const height = scroller.scrollHeight;
  scroller.ariaBusy = "true";
  $("#log").prepend(...page.querySelectorAll("#log > li"));
  const next = page.querySelector("[data-older]");
  if (next) link.href = next.href;
  else link.parentElement.remove();
  scroller.scrollTop += scroller.scrollHeight - height;
  scroller.ariaBusy = "false";
}
