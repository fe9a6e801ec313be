// The queue on the screen: only the rows that are seen exist, however many wait.

import { byId, el, mark, say } from "./dom.js";
import { age, count, monogram, score } from "./words.js";

// As .row's height in queue.css.
const ROW_PX = 36;
// Rows ready above and below the window, so that a quick scroll shows no gap.
const SPARE = 8;
// The next page is asked for this many rows before the end.
const AHEAD = 60;
const AGES_EVERY_MS = 10_000;
// Sorting a long queue at every frame of a storm would take the whole frame.
const LONG = 2_000;
const LONG_EVERY_MS = 200;

export class QueuePane extends EventTarget {
  #board;
  #source;
  #now;
  #list = byId("queue-list");
  #canvas = byId("queue-rows");
  #pool = [];
  #rows = [];
  #selected = null;
  #drawing = 0;
  #waiting = 0;
  #total = null;

  constructor(board, source, now) {
    super();
    this.#board = board;
    this.#source = source;
    this.#now = now;
    this.#list.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.#list);
    this.#canvas.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (!row) return;
      this.select(row.dataset.id);
      this.open();
    });
    this.#list.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
      if (step !== undefined) this.move(step);
      else if (event.key === "Enter") this.open();
      else return;
      event.preventDefault();
    });
    byId("search").addEventListener("input", (event) => {
      board.filter(event.target.value);
      this.#list.scrollTop = 0;
      this.draw();
    });
    setInterval(() => document.hidden || this.draw(), AGES_EVERY_MS);
  }

  /** How many the server has in all, from its counters. */
  set total(number) {
    this.#total = number;
    this.#foot();
  }

  get selected() {
    return this.#selected;
  }

  /** News: once a frame however many there are, more seldom for a long queue. */
  news() {
    if (this.#board.size < LONG) return this.draw();
    this.#waiting ||= setTimeout(() => {
      this.#waiting = 0;
      this.draw();
    }, LONG_EVERY_MS);
    return undefined;
  }

  draw() {
    this.#drawing ||= requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#draw();
    });
  }

  move(step) {
    const at = this.#rows.findIndex((row) => row.id === this.#selected);
    const to = Math.min(this.#rows.length - 1, Math.max(0, at < 0 ? 0 : at + step));
    const row = this.#rows[to];
    if (!row) return;
    const top = to * ROW_PX;
    const { scrollTop, clientHeight } = this.#list;
    if (top < scrollTop) this.#list.scrollTop = top;
    else if (top + ROW_PX > scrollTop + clientHeight) this.#list.scrollTop = top + ROW_PX - clientHeight;
    this.select(row.id);
  }

  select(id) {
    this.#selected = id;
    this.#draw();
  }

  open() {
    if (this.#selected) this.dispatchEvent(new CustomEvent("open", { detail: this.#selected }));
  }

  #draw() {
    const anchor = this.#anchor();
    this.#rows = this.#waiting ? this.#rows : this.#board.rows();
    const height = `${this.#rows.length * ROW_PX}px`;
    if (this.#canvas.style.height !== height) this.#canvas.style.height = height;
    this.#keepInView(anchor);
    const first = Math.max(0, Math.floor(this.#list.scrollTop / ROW_PX) - SPARE);
    const last = Math.min(this.#rows.length, Math.ceil((this.#list.scrollTop + this.#list.clientHeight) / ROW_PX) + SPARE);
    const now = this.#now();
    for (let slot = 0; slot < Math.max(last - first, this.#pool.length); slot++) {
      const row = slot < last - first ? this.#rows[first + slot] : null;
      if (row) this.#fill((this.#pool[slot] ??= this.#make()), row, first + slot, now);
      else mark(this.#pool[slot].root, "hidden", "");
    }
    const chosen = this.#pool.find(({ root }) => !root.hidden && root.dataset.id === this.#selected);
    mark(this.#list, "aria-activedescendant", chosen?.root.id);
    this.#foot();
    if (!this.#board.complete && last > this.#rows.length - AHEAD) this.#source.more();
  }

  /** The row at the window's top and how far it is scrolled; null at the very top, where new ones should be seen. */
  #anchor() {
    const at = Math.floor(this.#list.scrollTop / ROW_PX);
    const row = this.#rows[at];
    return at > 0 && row ? { id: row.id, offset: this.#list.scrollTop - at * ROW_PX, at } : null;
  }

  #keepInView(anchor) {
    if (!anchor || this.#rows[anchor.at]?.id === anchor.id) return;
    const at = this.#rows.findIndex((row) => row.id === anchor.id);
    if (at >= 0) this.#list.scrollTop = at * ROW_PX + anchor.offset;
  }

  #make() {
    const bar = el("span", { class: "fill" });
    const number = el("span", { class: "number" });
    const meter = el("span", { class: "meter" }, bar, number);
    const category = el("span", { class: "mark", "aria-hidden": "true" });
    const said = el("span", { class: "spoken" });
    const first = el("bdi", { class: "first", dir: "auto" });
    const flag = el("span", { class: "flag" });
    const who = el("bdi", { class: "who" });
    const since = el("span", { class: "since" });
    const root = el("div", { class: "row", role: "option", id: `row-${this.#pool.length}` }, meter, category, said, first, flag, who, since);
    this.#canvas.append(root);
    return { root, bar, number, meter, category, said, first, flag, who, since };
  }

  #fill(cell, row, at, now) {
    const { root } = cell;
    mark(root, "hidden", null);
    root.dataset.id = row.id;
    root.style.transform = `translateY(${at * ROW_PX}px)`;
    mark(root, "aria-selected", row.id === this.#selected);
    mark(root, "aria-posinset", at + 1);
    mark(root, "aria-setsize", this.#board.complete ? this.#rows.length : -1);
    mark(root, "data-status", row.status);
    mark(cell.meter, "data-level", row.level ?? "none");
    cell.bar.style.transform = `scaleX(${Math.max(0.06, row.score ?? 0)})`;
    say(cell.number, score(row.score));
    say(cell.category, monogram(row.category));
    mark(cell.category, "title", row.category ?? "not judged yet");
    say(cell.said, `${row.category ?? "not judged yet"}, ${row.level ?? "unknown"} urgency.`);
    say(cell.first, row.first);
    const flag = row.review ? "review" : row.fallback ? "fallback" : "";
    mark(cell.flag, "data-flag", flag || null);
    mark(cell.flag, "title", { review: "Needs review: the router is not sure", fallback: "Judged by keywords" }[flag]);
    say(cell.flag, { review: "?", fallback: "K" }[flag] ?? "");
    say(cell.who, row.status === "claimed" ? `✎ ${row.agent ?? "taken"}` : (row.agent ?? (row.section ? "…" : "")));
    mark(cell.who, "title", row.agent ?? "nobody's yet");
    say(cell.since, age(now - row.created));
  }

  #foot() {
    const { filtered, complete, size } = this.#board;
    const total = Math.max(this.#total ?? 0, size);
    const shown = this.#rows.length;
    say(byId("queue-count"), this.#source.loaded ? count(complete ? size : total) : "");
    say(byId("tab-count"), this.#source.loaded ? count(complete ? size : total) : "");
    say(byId("queue-foot"), filtered ? `${count(shown)} of ${count(size)} loaded match` : complete ? "" : `${count(size)} of ${count(total)} loaded, scroll for more`);
    const blank = byId("queue-empty");
    blank.hidden = shown > 0;
    say(blank, filtered ? "No ticket matches. Enter looks for it as a ticket id." : this.#source.loaded ? "Nothing is waiting." : "Loading the queue.");
  }
}
