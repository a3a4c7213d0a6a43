/** Messages without acknowledgement, in localStorage. They are sent again under the same id until acknowledged. */

export class Outbox {
  constructor(key, send) {
    Object.assign(this, { key, send, busy: false });
    try {
      this.waiting = JSON.parse(localStorage.getItem(key)) ?? [];
    } catch {
      this.waiting = [];
    }
  }

  add(draft) {
    this.waiting.push(draft);
    this.keep();
  }

  drop(cid) {
    this.waiting = this.waiting.filter((draft) => draft.cid !== cid);
    this.keep();
  }

  /** Send stored messages in order. A refusal is final and calls `refused`. Without a response all stay stored. */
  async flush(acknowledged, refused) {
    if (this.busy) return;
    this.busy = true;
    while (this.waiting.length) {
      const [draft] = this.waiting;
      try {
        const answer = await this.send(draft);
        this.drop(draft.cid);
        acknowledged(draft, answer);
      } catch (refusal) {
        if (refusal.code === "lost") break;
        if (refusal.retry_after) await new Promise((resolve) => setTimeout(resolve, refusal.retry_after * 1000));
        else {
          this.drop(draft.cid);
          refused(draft, refusal);
        }
      }
    }
    this.busy = false;
  }

  keep() {
    try {
      if (this.waiting.length) localStorage.setItem(this.key, JSON.stringify(this.waiting));
      else localStorage.removeItem(this.key);
    } catch {
      // Without storage, messages last as long as the page.
    }
  }
}
