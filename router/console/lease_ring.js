// The lease as a ring that empties, with the time left as a number in it.

import { el, mark, say, svg } from "./dom.js";
import { clock } from "./words.js";

const RADIUS = 19;
const LENGTH = 2 * Math.PI * RADIUS;
// From here on somebody who is typing should know.
const SOON_MS = 120_000;
const SOON_SHARE = 0.15;

export class LeaseRing {
  #left = svg("circle", { class: "left", cx: 22, cy: 22, r: RADIUS, "stroke-dasharray": LENGTH.toFixed(1), transform: "rotate(-90 22 22)" });
  #time = el("span", { class: "ring-time" });
  #warned = null;

  constructor() {
    this.root = el(
      "div",
      { class: "ring", role: "timer", "aria-label": "Time left of your lease" },
      svg("svg", { viewBox: "0 0 44 44", "aria-hidden": "true" }, svg("circle", { class: "track", cx: 22, cy: 22, r: RADIUS }), this.#left),
      this.#time,
    );
  }

  /** True once for each lease, at the moment when it begins to be short. */
  draw(hand, now) {
    const leftMs = Math.max(0, hand.ends - now);
    const share = Math.min(1, leftMs / hand.total);
    const soon = leftMs < Math.min(SOON_MS, hand.total * SOON_SHARE);
    this.#left.style.strokeDashoffset = String(LENGTH * (1 - share));
    say(this.#time, hand.lost ? "over" : clock(leftMs));
    mark(this.root, "data-soon", hand.lost || soon ? "" : null);
    const lease = `${hand.token} ${hand.ends}`;
    if (!soon || hand.lost || this.#warned === lease) return false;
    this.#warned = lease;
    return true;
  }
}
