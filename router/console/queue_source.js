// Brings the queue's pages to the board: the first at once, the next as somebody scrolls, all again when news were missed.

const PAGE = 200;
// What is fetched again without being asked for; further pages come back by scrolling.
const MOST_REFRESHED = 1_000;
// News heal themselves by this: whatever slipped through is right again after a minute.
const EVERY_MS = 60_000;

export class QueueSource extends EventTarget {
  #api;
  #board;
  #busy = null;
  #again = false;
  loaded = false;

  constructor(api, board) {
    super();
    this.#api = api;
    this.#board = board;
    setInterval(() => document.hidden || this.look(), EVERY_MS);
  }

  /** Fetch what is shown again. Many wishes at once are one fetch, and one more after it. */
  async look() {
    if (this.#busy) {
      this.#again = true;
      return this.#busy;
    }
    this.#busy = this.#fetchAll();
    try {
      await this.#busy;
    } finally {
      this.#busy = null;
      if (this.#again) {
        this.#again = false;
        this.look();
      }
    }
  }

  async more() {
    if (this.#busy || this.#board.complete) return;
    this.#busy = this.#page(this.#board.cursor);
    try {
      const page = await this.#busy;
      if (page) this.#board.append(page.items, page.cursor);
      this.#changed();
    } finally {
      this.#busy = null;
    }
  }

  async #fetchAll() {
    const wanted = Math.min(MOST_REFRESHED, this.#board.size);
    const items = [];
    let cursor = null;
    do {
      const page = await this.#page(cursor);
      if (!page) return; // what is on the screen stays until there is something better
      items.push(...page.items);
      cursor = page.cursor;
    } while (cursor && items.length < wanted);
    this.loaded = true;
    this.#board.refresh(items, cursor);
    this.#changed();
  }

  async #page(cursor) {
    try {
      return await this.#api.get(`/queue?limit=${PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    } catch {
      return null; // the link's state and the banners say what is wrong; the next look comes by itself
    }
  }

  #changed() {
    this.dispatchEvent(new Event("changed"));
  }
}
