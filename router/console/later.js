// What can hurt waits ten seconds before it is done, and can be called back until then.
//
// What still waits when the page closes is sent then; what even that could not send is sent when the page opens again. Sending
// twice is harmless: a lease answers once.

export const UNDO_MS = 10_000;
const RETRY_MS = 2_000;
// Longer outages are for people: the lease may be gone by then.
const GIVE_UP_MS = 120_000;
const PLACE = "smart-support.later";

export class Later extends EventTarget {
  #api;
  #entries = [];

  constructor(api) {
    super();
    this.#api = api;
    addEventListener("pagehide", () => this.#leave());
  }

  get entries() {
    return this.#entries;
  }

  /** Sends what an earlier page left behind. */
  async recover() {
    const left = JSON.parse(sessionStorage.getItem(PLACE) ?? "[]");
    sessionStorage.removeItem(PLACE);
    for (const { path, body } of left) await this.#api.post(path, body).catch(() => null);
  }

  /** `path`, `body`: the call. `back()` runs on undo, `done()` when it is made, `failed(trouble)` when it can't be. */
  add({ label, path, body, back, done = () => {}, failed = () => {} }) {
    const entry = { label, path, body, back, done, failed, due: Date.now() + UNDO_MS, state: "waits", timer: 0 };
    entry.timer = setTimeout(() => this.now(entry), UNDO_MS);
    this.#entries.push(entry);
    this.#changed();
    return entry;
  }

  /** Calls back the given one, or the last that still can be. */
  undo(entry = this.#entries.findLast(({ state }) => state === "waits")) {
    if (entry?.state !== "waits") return false;
    clearTimeout(entry.timer);
    this.#drop(entry);
    entry.back();
    return true;
  }

  async now(entry) {
    if (entry.state !== "waits") return;
    clearTimeout(entry.timer);
    entry.state = "goes";
    this.#changed();
    const giveUp = Date.now() + GIVE_UP_MS;
    for (;;) {
      try {
        const answer = await this.#api.post(entry.path, entry.body);
        this.#drop(entry);
        return entry.done(answer);
      } catch (trouble) {
        if (!trouble.passes || Date.now() > giveUp) {
          this.#drop(entry);
          return entry.failed(trouble);
        }
        entry.state = "waits for the API";
        this.#changed();
        await new Promise((resolve) => setTimeout(resolve, Math.max(RETRY_MS, trouble.retryAfterS * 1000)));
      }
    }
  }

  #drop(entry) {
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#changed();
  }

  #changed() {
    const left = this.#entries.map(({ path, body }) => ({ path, body }));
    if (left.length) sessionStorage.setItem(PLACE, JSON.stringify(left));
    else sessionStorage.removeItem(PLACE);
    this.dispatchEvent(new Event("changed"));
  }

  #leave() {
    for (const entry of this.#entries) {
      clearTimeout(entry.timer);
      this.#api.post(entry.path, entry.body, { keepalive: true }).catch(() => null);
    }
  }
}
