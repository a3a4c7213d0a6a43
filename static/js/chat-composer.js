/** The message form. Sent messages are shown at once and stored until they are acknowledged. */

import { setState, show } from "./chat-log.js";
import { keep } from "./drafts.js";
import { Outbox } from "./chat-outbox.js";

const chat = document.getElementById("chat");
const { room, me, name, avatar, staff } = chat.dataset;
const form = document.querySelector("form.composer");
const chip = document.querySelector("[data-reply]");
const lineOf = (cid) => document.querySelector(`#log [data-cid="${CSS.escape(cid)}"]`);
const words = (line, part) => line.querySelector(`[data-part=${part}]`).textContent.trim();

let socket;
let outbox;
let wrote = () => {};

/** Set up the form. `onWrite` scrolls to the end of the log. */
export function begin(wire, onWrite) {
  socket = wire;
  wrote = onWrite;
  outbox = new Outbox(`talk:${me}:${room}`, (draft) => socket.ask({ type: "send", ...draft }));
  outbox.waiting.forEach(draw);
}

/** Send stored messages if the socket is ready. */
export function flush() {
  if (socket.ready) outbox.flush(settle, fail);
}

function draw(draft) {
  const html = Object.assign(document.createElement("p"), { textContent: draft.body }).outerHTML;
  show({ ...draft, kind: "text", at: new Date().toISOString(), author: { uid: me, name, avatar, is_staff: staff !== undefined }, html }, "sending");
}

function settle({ cid }, { seq }) {
  const line = lineOf(cid);
  if (!line) return;
  if (!line.id) Object.assign(line, { id: `m${seq}` }).dataset.seq = seq;
  setState(line, "");
}

function fail(draft, refusal) {
  const line = lineOf(draft.cid);
  if (!line) return;
  setState(line, "failed");
  line.querySelector("[data-part=failed] span").textContent = refusal.detail;
  line.querySelector("[data-drops]").onclick = () => line.remove();
  line.querySelector("[data-retries]").onclick = () => {
    setState(line, "sending");
    outbox.add(draft);
    flush();
  };
}

function pairs(text) {
  return text.split(" ").filter(Boolean).map((pair) => {
    const [kind, ...id] = pair.split(":");
    return { kind, id: id.join(":") };
  });
}

if (form) keep(form, `${me}:${room}`);

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { body, reply_to: reply, cards } = form.elements;
  const draft = { cid: crypto.randomUUID(), body: body.value.trim(), reply_to: Number(reply.value) || null, cards: pairs(cards.value) };
  if (!draft.body && !draft.cards.length) return;
  outbox.add(draft);
  body.value = cards.value = "";
  body.dispatchEvent(new Event("input", { bubbles: true })); // clears the draft and the counter
  answer(0);
  await wrote();
  draw(draft);
  flush();
});

form?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !matchMedia("(pointer: fine)").matches) return;
  event.preventDefault();
  form.requestSubmit();
});

let typingSentAt = 0;
form?.addEventListener("input", () => {
  if (!form.elements.body.value || Date.now() - typingSentAt < 3000) return;
  typingSentAt = Date.now();
  socket.tell({ type: "typing", room });
});

/** Set or clear the message to reply to. */
export function answer(seq) {
  const line = seq && document.getElementById(`m${seq}`);
  chip.hidden = !line;
  chip.querySelector("input").value = line ? seq : "";
  chip.querySelector("bdi").textContent = line ? words(line, "author") : "";
  chip.querySelector("span span").textContent = line ? words(line, "words") : "";
  if (line) form.elements.body.focus();
}
