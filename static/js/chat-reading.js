/** Scrolling in a long log: to the first unread message, to earlier and later parts, to the newest. Tracks what was read. */

import { localise } from "./app.js";
import { isAtEnd, newest } from "./chat-log.js";
import { setRoom } from "./chat-unread.js";

const NEAR = 100;
const REST = 2000; // at most one read mark in two seconds
const $ = (selector) => document.querySelector(selector);

/** Remove the second day line where two parts of the log meet within a day. */
function joinDays(before, after) {
  const last = before.filter((line) => line.matches(".day-line")).at(-1);
  const next = after.find((line) => line.matches(".day-line"));
  if (last && next && after.indexOf(next) === 0 && last.textContent === next.textContent) {
    after.shift();
    next.remove();
  }
}

export class Reading {
  constructor({ room, socket }) {
    const { read, unreadHere, last } = $("#chat").dataset;
    Object.assign(this, { room, socket, log: $("#log"), scroller: $("#scroller"), jump: $("[data-jump]") });
    this.read = this.marked = Number(read ?? Infinity); // non-members have no read mark
    this.unread = Number(unreadHere ?? 0);
    this.last = Number(last);
    this.begin();
    this.jump.addEventListener("click", () => this.toNewest());
    this.scroller.addEventListener("scroll", () => this.look(), { passive: true });
    addEventListener("resize", () => this.look());
    document.addEventListener("visibilitychange", () => this.look());
    document.addEventListener("click", (event) => this.page(event));
  }

  /** Scroll to the first unread message, and again after loading unless the user has scrolled. */
  begin() {
    const divider = $("#unread");
    if (!divider || location.hash.startsWith("#m")) return this.look();
    const place = () => (this.scroller.scrollTop += divider.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top - 16);
    place();
    const at = this.scroller.scrollTop;
    if (document.readyState !== "complete") addEventListener("load", () => this.scroller.scrollTop === at && place(), { once: true });
    this.look();
  }

  // The log is laid out from its end: the end is at 0, everything above is negative.
  isNear() {
    return isAtEnd() && -this.scroller.scrollTop < NEAR;
  }

  toEnd() {
    this.scroller.scrollTop = 0;
    this.look();
  }

  /** Count a message of another member: a new one, or one deleted before it was read. */
  count({ seq, deleted }) {
    const isNew = seq > this.last;
    this.last = Math.max(this.last, seq);
    if (this.read === Infinity || seq <= this.read || isNew === Boolean(deleted)) return;
    this.setUnread(Math.max(0, this.unread + (isNew ? 1 : -1)));
  }

  setUnread(count) {
    if (count !== this.unread) setRoom(this.room, count, this.unread);
    this.unread = count;
    this.showJump();
  }

  showJump() {
    this.jump.hidden = this.isNear();
    const count = this.jump.querySelector("[data-jump-count]");
    count.hidden = !this.unread;
    count.textContent = this.unread > 99 ? "99+" : this.unread;
  }

  /** Mark visible messages as read, and load the next part near the end. */
  look() {
    this.showJump();
    if (document.hidden || this.read === Infinity) return;
    const seen = this.lastInView();
    if (seen > this.read) this.readTo(seen);
    this.mark();
    if (!isAtEnd() && -this.scroller.scrollTop < 3 * NEAR) this.load($("[data-newer]"), "newer");
  }

  lastInView() {
    const bottom = this.scroller.getBoundingClientRect().bottom + 4;
    const lines = [...this.log.querySelectorAll(".message[id]")];
    for (let at = lines.length - 1; at >= 0; at -= 1) if (lines[at].getBoundingClientRect().bottom <= bottom) return Number(lines[at].dataset.seq);
    return 0;
  }

  /** Handle a read mark from this or another device. */
  readTo(seq) {
    if (seq <= this.read) return;
    const isNew = (line) => Number(line.dataset.seq) > this.read && Number(line.dataset.seq) <= seq;
    const passed = [...this.log.querySelectorAll(".message[id]:not([data-own], [data-state=deleted])")].filter(isNew).length;
    this.read = seq;
    this.setUnread(isAtEnd() && seq >= newest() ? 0 : Math.max(0, this.unread - passed));
  }

  mark() {
    if (!this.socket?.ready || document.hidden || this.resting || this.read === Infinity || this.read <= this.marked) return;
    this.marked = this.read;
    this.socket.tell({ type: "read", room: this.room, seq: this.read });
    this.resting = setTimeout(() => {
      this.resting = undefined;
      this.mark();
    }, REST);
  }

  /** Scroll to the end, and load the newest part if necessary. */
  async toNewest() {
    if (!isAtEnd()) {
      const page = await this.fetch("?latest");
      if (!page) return;
      const waiting = this.log.querySelectorAll("[data-state=sending], [data-state=failed]");
      this.log.replaceChildren(...page.querySelectorAll("#log > li"), ...waiting);
      this.takeLink(page, "newer");
      this.takeLink(page, "older");
    }
    this.toEnd();
  }

  page(event) {
    const link = event.target.closest("[data-older], [data-newer]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.load(link, link.matches("[data-older]") ? "older" : "newer");
  }

  /** Load the next part on one side. Keeps the scroll position and does not announce the loaded messages. */
  async load(link, side) {
    if (this.loading) return;
    this.loading = true;
    const page = await this.fetch(link.href);
    this.loading = false;
    if (!page) return;
    this.scroller.setAttribute("aria-live", "off");
    setTimeout(() => this.scroller.removeAttribute("aria-live"), 1000);
    const held = side === "older" ? this.log.querySelector(".message") : [...this.log.querySelectorAll(".message[id]")].at(-1);
    const top = held?.getBoundingClientRect().top;
    const lines = [...page.querySelectorAll("#log > li")].filter((line) => !line.id || !document.getElementById(line.id));
    joinDays(side === "older" ? lines : [...this.log.children], side === "older" ? [...this.log.children] : lines);
    if (side === "older") this.log.prepend(...lines);
    else held?.after(...lines);
    this.takeLink(page, side);
    if (held) this.scroller.scrollTop += held.getBoundingClientRect().top - top;
    this.look();
  }

  async fetch(address) {
    try {
      const answer = await fetch(address, { cache: "no-store" });
      if (!answer.ok) return undefined;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      localise(page);
      return page;
    } catch {
      return undefined;
    }
  }

  takeLink(page, side) {
    const [ours, theirs] = [$(`[data-${side}]`), page.querySelector(`[data-${side}]`)];
    if (ours && theirs) ours.setAttribute("href", theirs.getAttribute("href"));
    else if (theirs) this.log[side === "older" ? "before" : "after"](theirs.parentElement);
    else ours?.parentElement.remove();
  }
}
