/** The socket of a page: says hello, follows its room, watches lists, resumes and reconnects. */

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const SILENCE = 60_000;
const FINAL = new Set(["signed_out", "protocol"]);

export class Socket {
  /**
   * Follow `room` from `rev` on, if there is one, and `watch` lists. `hears` gets changes (`message`), of what
   * passes (`typing`, `seen`, `presence`, `news`, …) and of our `state`.
   */
  constructor({ room, rev = 0, watch = [] }, hears) {
    Object.assign(this, { room, rev, lists: watch, hears, tries: 0, refs: 0, pending: new Map(), after: 0, ready: false, syncing: false });
    addEventListener("online", () => this.retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.retryNow());
    this.open();
  }

  open() {
    clearTimeout(this.timer);
    this.wire = new WebSocket(`${location.origin.replace("http", "ws")}/ws/talk/`);
    this.wire.onopen = () => this.tell({ type: "hello", proto: 1 });
    this.wire.onmessage = (event) => this.hear(JSON.parse(event.data));
    this.wire.onclose = () => this.lost();
    this.watch();
  }

  tell(frame) {
    if (this.wire.readyState === WebSocket.OPEN) this.wire.send(JSON.stringify(frame));
  }

  /** Send a request. Resolves with its `ok`, rejects with its `err`, or with {code: "lost"} when the connection ends. */
  ask(frame) {
    const ref = String(++this.refs);
    return new Promise((resolve, reject) => {
      if (this.wire.readyState !== WebSocket.OPEN) return reject({ code: "lost" });
      this.pending.set(ref, { resolve, reject });
      this.tell({ room: this.room, ...frame, ref });
    });
  }

  hear(frame) {
    this.watch();
    const { resolve, reject } = this.pending.get(frame.ref) ?? {};
    this.pending.delete(frame.ref);
    if (frame.type === "ok") resolve?.(frame);
    else if (frame.type === "err") reject?.(frame);
    else if (frame.type === "welcome") this.follow(frame);
    else if (frame.type === "bye") this.farewell = frame;
    else if (frame.type === "head") this.compare(frame.rooms[this.room] ?? 0);
    else if (["news", "read", "stale"].includes(frame.type)) this.hears[frame.type]?.(frame);
    else if (frame.room !== this.room) return;
    else if (frame.type === "msg" || frame.type === "chg") this.take(frame);
    else if (frame.type === "sync") this.catchUp(frame);
    else if (frame.type === "reset") this.hears.state("stale", frame.reason);
    else this.hears[frame.type]?.(frame);
  }

  async follow(welcome) {
    this.skew = Date.parse(welcome.now) - Date.now();
    try {
      if (this.room) {
        const { head } = await this.ask({ type: "sub", rev: this.rev });
        this.rev = Math.max(this.rev, head);
      }
      if (this.lists.length) await this.ask({ type: "watch", lists: this.lists });
      this.tries = 0;
      this.ready = true;
      this.hears.state("ready");
    } catch (refusal) {
      if (refusal.code === "not_found") this.hears.state("stale", "closed");
      else if (refusal.code !== "lost") this.wire.close();
    }
  }

  /** Apply the next change, ignore an old one, and request a sync after a gap. */
  take({ type, message }) {
    if (message.rev > this.rev + 1) return this.compare(message.rev);
    if (message.rev <= this.rev) return;
    this.rev = message.rev;
    this.hears.message(message, type === "msg");
  }

  catchUp({ messages, head, more }) {
    for (const message of messages) this.hears.message(message, false);
    this.rev = Math.max(this.rev, head);
    this.syncing = more;
  }

  compare(head) {
    if (head <= this.rev || this.syncing) return;
    this.syncing = true;
    this.tell({ type: "sync", room: this.room, after: this.rev });
  }

  /** Full jitter, so that clients of a restarted server do not all reconnect at once. */
  lost() {
    this.ready = this.syncing = false;
    for (const { reject } of this.pending.values()) reject({ code: "lost" });
    this.pending.clear();
    const { code, after = 0 } = this.farewell ?? {};
    this.farewell = undefined;
    if (FINAL.has(code)) return this.hears.state(code === "signed_out" ? "signed-out" : "stale");
    this.hears.state("lost");
    const pause = after * 1000 + Math.random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.tries++);
    this.timer = setTimeout(() => this.open(), pause);
  }

  retryNow() {
    if (this.wire.readyState === WebSocket.CLOSED && this.tries) this.open();
    else this.tell({ type: "ping" });
  }

  /** A connection without frames for a minute is dead. */
  watch() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.wire.close(), SILENCE);
  }
}
