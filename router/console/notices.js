// What the page says about itself: messages that go, actions that can be called back, banners that stay, and the spoken word.

import { byId, button, el, mark, say } from "./dom.js";

const READ_MS = 6_000;
const DECIDE_MS = 12_000;
const MOST = 4;
const COUNTDOWN_EVERY_MS = 250;

export class Notices {
  #later;
  #undoMs;
  #area = byId("notices");
  #rows = new Map();
  #banners = new Map();

  constructor(later, undoMs) {
    this.#later = later;
    this.#undoMs = undoMs;
    later.addEventListener("changed", () => this.#drawLater());
    setInterval(() => this.#countDown(), COUNTDOWN_EVERY_MS);
  }

  /** A message; `level` "bad" stays until it is closed, and is said at once. */
  tell(text, { level = "ok", action = null } = {}) {
    const row = el("div", { class: "notice" }, el("p", { dir: "auto" }, text));
    const close = () => row.remove();
    if (action) row.append(button(action.label, null, () => action.run() !== false && close()));
    if (level === "bad" || action) row.append(button("Close", null, close));
    if (level !== "bad") setTimeout(close, action ? DECIDE_MS : READ_MS);
    this.#area.append(row);
    const plain = [...this.#area.children].filter((child) => !child.dataset.later);
    if (plain.length > MOST) plain[0].remove();
    this.speak(text, level === "bad");
  }

  /** For screen readers only. */
  speak(text, now = false) {
    const place = byId(now ? "spoken-now" : "spoken");
    // The same sentence again is news too, and a region speaks only of changes.
    place.textContent = place.textContent === text ? `${text}\u00a0` : text;
  }

  /** One banner a subject; null text takes it away. */
  banner(subject, text, { level = "warn", title = "", action = null } = {}) {
    const shown = this.#banners.get(subject);
    const key = text && `${level}|${title}|${text}`;
    if ((shown?.key ?? null) === key) return;
    shown?.node.remove();
    this.#banners.delete(subject);
    if (text === null) return;
    const node = el("div", { class: "banner", "data-level": level, role: "alert" }, el("strong", {}, title), el("span", {}, text), action && button(action.label, null, action.run));
    byId("banners").append(node);
    this.#banners.set(subject, { key, node });
  }

  #drawLater() {
    const entries = this.#later.entries;
    for (const [entry, row] of this.#rows) {
      if (entries.includes(entry)) continue;
      row.root.remove();
      this.#rows.delete(entry);
    }
    for (const entry of entries) if (!this.#rows.has(entry)) this.#rows.set(entry, this.#make(entry));
    this.#countDown();
  }

  #make(entry) {
    const left = el("span", { class: "left", "aria-hidden": "true" });
    const text = el("p", {}, entry.label);
    const undo = button("Undo", "U", () => this.#later.undo(entry));
    const now = button("Do it now", null, () => this.#later.now(entry));
    const root = el("div", { class: "notice", "data-later": entry.path }, text, undo, now, left);
    this.#area.append(root);
    this.speak(`${entry.label}. U undoes it within ten seconds.`);
    return { root, text, undo, now, left };
  }

  #countDown() {
    for (const [entry, row] of this.#rows) {
      const leftMs = Math.max(0, entry.due - Date.now());
      const waits = entry.state === "waits";
      row.left.style.transform = `scaleX(${waits ? leftMs / this.#undoMs : 0})`;
      say(row.text, waits ? `${entry.label} in ${Math.ceil(leftMs / 1000)} s` : entry.state === "goes" ? `${entry.label} now` : `${entry.label}: waits for the API`);
      mark(row.undo, "hidden", waits ? null : "");
      mark(row.now, "hidden", waits ? null : "");
    }
  }
}
