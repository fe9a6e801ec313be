// Looks at the numbers while somebody sees the page, and remembers the last minutes of them.
//
// Event "changed". What could not be had keeps its last value; `away` says since when nobody answers.

const STATS_MS = 2_000;
const REST_MS = 4_000;
// Four minutes: a storm and its end fit in.
export const POINTS = 120;
// After a pause (hidden tab, laptop lid) a rate over the gap would be a lie.
const LONGEST_STEP_S = 10;

export class Pulse extends EventTarget {
  #api;
  #last = null;
  #checking = false;
  stats = null;
  health = null;
  incidents = [];
  series = { backlog: [], ready: [], work: [], arrival: [], drain: [] };
  rates = { arrival: 0, drain: 0 };
  /** {api, redis}: Date since when it is away, as seen from here. */
  away = { api: null, redis: null };

  constructor(api) {
    super();
    this.#api = api;
    api.addEventListener("reached", ({ detail }) => (detail ? this.#answered() : this.#check()));
  }

  #answered() {
    if (this.away.api === null) return;
    this.away.api = null;
    this.#changed();
  }

  /** One call that hung says little: behind a frozen Redis the API itself is well. */
  async #check() {
    if (this.away.api !== null || this.#checking) return;
    this.#checking = true;
    if ((await this.#try("/livez")) === null) {
      this.away.api = new Date();
      this.#changed();
    }
    this.#checking = false;
  }

  start() {
    const every = (ms, look) => setInterval(() => document.hidden || look.call(this), ms);
    // While something is away its end is what everybody waits for.
    every(STATS_MS, () => (this.away.redis || this.health?.status === "down" ? this.lookAtAll() : this.look()));
    every(REST_MS, this.lookAround);
    document.addEventListener("visibilitychange", () => document.hidden || this.lookAtAll());
    this.lookAtAll();
  }

  lookAtAll() {
    this.look();
    this.lookAround();
  }

  async look() {
    const stats = await this.#try("/stats");
    if (!stats) return;
    if (this.stats && stats.incidents !== this.stats.incidents) this.lookAround();
    this.stats = stats;
    this.#remember(stats, performance.now() / 1000);
    this.#changed();
  }

  async lookAround() {
    // 503 is an answer here: it says which part is down.
    const [health, incidents] = await Promise.all([this.#try("/health/deep", 503), this.#try("/incidents?limit=50")]);
    if (health?.parts) {
      this.health = health;
      const down = health.parts.redis.status === "down";
      if (down !== (this.away.redis !== null)) this.away.redis = down ? new Date() : null;
    }
    if (incidents) this.incidents = incidents.items.filter(({ status }) => status !== "resolved");
    this.#changed();
  }

  #remember(stats, at) {
    const { conservation: terms } = stats;
    const backlog = terms.pending + terms.processing;
    const now = { at, accepted: terms.accepted, judged: terms.accepted - backlog };
    const step = this.#last ? at - this.#last.at : 0;
    if (step > 0 && step <= LONGEST_STEP_S) {
      this.rates = { arrival: Math.max(0, now.accepted - this.#last.accepted) / step, drain: Math.max(0, now.judged - this.#last.judged) / step };
    } else if (this.#last) {
      for (const values of Object.values(this.series)) values.length = 0;
    }
    this.#last = now;
    const values = { backlog, ready: terms.ready, work: terms.claimed, ...this.rates };
    for (const [name, list] of Object.entries(this.series)) {
      list.push(values[name]);
      if (list.length > POINTS) list.shift();
    }
  }

  async #try(path, expect = 0) {
    try {
      return await this.#api.call("GET", path, undefined, { expect });
    } catch {
      return null; // `away` and the banners tell; the next look comes by itself
    }
  }

  #changed() {
    this.dispatchEvent(new Event("changed"));
  }
}
