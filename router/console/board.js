// What the queue holds, in the server's own order, as light rows: never the whole tickets, never without a bound.

import { firstWords } from "./words.js";

// Rows kept at most: some 10 MB, more than anybody scrolls through. Beyond it the end of the queue is let go.
const MOST_ROWS = 20_000;
// As broker/work.py: a day of waiting weighs as much as 0.5 of urgency.
const AGING_PER_HOUR = 0.5 / 24;
const SECTIONS = { completed: 0, claimed: 0, processing: 1, pending: 2 };

/** Milliseconds with a fraction: a bulk makes hundreds in one millisecond, and the server's order goes by microseconds. */
function preciseMs(time) {
  const digits = /\.\d{3}(\d{1,3})/.exec(time)?.[1] ?? "";
  return Date.parse(time) + Number(`0.${digits || 0}`);
}

/** What a row needs of a ticket; null when it is no longer in the queue. */
export function rowOf(ticket) {
  const section = SECTIONS[ticket.status];
  if (section === undefined) return null;
  const created = preciseMs(ticket.created_at);
  const first = firstWords(ticket);
  return {
    id: ticket.ticket_id,
    section,
    // Lowest first in every section.
    place: section === 0 ? (AGING_PER_HOUR * (created / 1000)) / 3600 - (ticket.urgency_score ?? 0) : created,
    status: ticket.status,
    first,
    category: ticket.category,
    score: ticket.urgency_score,
    level: ticket.urgency_label,
    agent: ticket.assigned_agent,
    created,
    review: ticket.needs_review === true,
    fallback: ticket.ai_status === "fallback",
    incident: ticket.incident_id,
    hay: `${ticket.ticket_id} ${first} ${ticket.category ?? ""} ${ticket.assigned_agent ?? ""} ${ticket.requester ?? ""}`.toLowerCase(),
  };
}

function before(one, other) {
  return one.section - other.section || one.place - other.place || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);
}

export class Board {
  #rows = new Map();
  #sorted = [];
  #stale = false;
  #needle = "";
  /** Opens the next page; null: everything is here. */
  cursor = null;
  /** The last row that came by page: what sorts behind it is not shown before its page is. */
  #edge = null;

  get size() {
    return this.#rows.size;
  }

  get complete() {
    return this.cursor === null;
  }

  has(id) {
    return this.#rows.has(id);
  }

  /** The queue from its beginning, up to `cursor`. What was loaded behind that stays, so that nobody's scrolling jumps. */
  refresh(tickets, cursor) {
    const fresh = tickets.map(rowOf).filter(Boolean);
    const last = fresh.reduce((most, row) => (most && before(most, row) > 0 ? most : row), null);
    const deeper = cursor !== null && last !== null && this.#edge !== null && before(last, this.#edge) < 0;
    for (const row of this.#rows.values()) if (!deeper || before(row, last) <= 0) this.#rows.delete(row.id);
    for (const row of fresh) this.#rows.set(row.id, row);
    this.#stale = true;
    if (deeper) return;
    this.cursor = cursor;
    this.#edge = last;
  }

  append(tickets, cursor) {
    for (const ticket of tickets) {
      const row = rowOf(ticket);
      if (row) this.#rows.set(row.id, row);
      if (row && (!this.#edge || before(this.#edge, row) < 0)) this.#edge = row;
    }
    this.cursor = cursor;
    this.#stale = true;
  }

  /** News of one ticket. */
  put(ticket) {
    const row = rowOf(ticket);
    const beyond = row && this.cursor !== null && this.#edge && before(this.#edge, row) < 0;
    if (row && !beyond) this.#rows.set(row.id, row);
    else if (!this.#rows.delete(ticket.ticket_id)) return;
    this.#stale = true;
  }

  filter(text) {
    this.#needle = text.trim().toLowerCase();
    this.#stale = true;
  }

  get filtered() {
    return this.#needle !== "";
  }

  /** The rows to show, in order. Sorted once for however many changes came since. */
  rows() {
    if (!this.#stale) return this.#sorted;
    this.#stale = false;
    let all = [...this.#rows.values()].sort(before);
    if (all.length > MOST_ROWS) {
      for (const row of all.slice(MOST_ROWS)) this.#rows.delete(row.id);
      all = all.slice(0, MOST_ROWS);
    }
    const parts = this.#needle.split(/\s+/u);
    this.#sorted = this.#needle ? all.filter((row) => parts.every((part) => row.hay.includes(part))) : all;
    return this.#sorted;
  }

  categories() {
    return new Set([...this.#rows.values()].map((row) => row.category).filter(Boolean));
  }
}
