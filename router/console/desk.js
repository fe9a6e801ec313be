// The tickets in this window's hands: pull, answer, pass on, give back. Knows leases; draws nothing.
//
// Events: "changed", "said" {detail: {text, level?, action?}}.

import { plural } from "./words.js";

const PLACE = "smart-support.held";
// A lease must outlive the undo time and the call after it.
const LEASE_FOR_UNDO_MS = 20_000;

export class Desk extends EventTarget {
  #api;
  #me;
  #later;
  #held = new Map();
  current = null;
  busy = false;
  /** Why the last pull brought nothing; null after one that did. */
  nothing = null;

  constructor(api, me, later) {
    super();
    this.#api = api;
    this.#me = me;
    this.#later = later;
  }

  get held() {
    return [...this.#held.values()];
  }

  get hand() {
    return this.#held.get(this.current) ?? null;
  }

  /** After a reload: what this window held, if it still holds it. Raises Trouble when nobody answers. */
  async recover() {
    for (const { id, token, total, draft } of JSON.parse(sessionStorage.getItem(PLACE) ?? "[]")) {
      const ticket = await this.#api.get(`/tickets/${id}`).catch((trouble) => {
        if (trouble.passes) throw trouble;
        return null;
      });
      if (ticket?.status === "claimed" && ticket.lease) this.#take({ ...ticket, lease: { ...ticket.lease, token } }, { total, draft });
    }
    this.#changed();
  }

  async next() {
    if (this.busy || this.hand) return;
    this.busy = true;
    this.#changed();
    try {
      const ticket = await this.#api.call("POST", `/tickets/next?agent=${encodeURIComponent(this.#me.name)}`);
      this.nothing = null;
      this.#take(ticket);
      this.#say(`In hand: ${ticket.category}, ${ticket.urgency_label} urgency. ${ticket.subject || ticket.summary || ""}`, { spoken: true });
    } catch (trouble) {
      if (trouble.kind === "queue-empty") this.nothing = "empty";
      else this.#say(trouble.message, { level: "bad" });
    } finally {
      this.busy = false;
      this.#changed();
    }
  }

  #take(ticket, { total = null, draft = null } = {}) {
    const ends = Date.parse(ticket.lease.expires_at);
    this.#held.set(ticket.ticket_id, {
      ticket,
      token: ticket.lease.token,
      ends,
      total: total ?? Math.max(1, ends - this.#api.now()),
      draft: draft ?? ticket.draft_response ?? "",
      source: ticket.draft_response ? (ticket.draft_source ?? "the router") : null,
      lost: false,
    });
    this.current = ticket.ticket_id;
  }

  keepDraft(id, text) {
    const hand = this.#held.get(id);
    if (!hand) return;
    hand.draft = text;
    this.#store();
  }

  switchTo(id) {
    this.current = id;
    this.#changed();
  }

  /** Away with a ticket whose lease is lost. */
  forget(id) {
    this.#drop(id);
    this.#changed();
  }

  async extend() {
    const hand = this.hand;
    if (!hand || hand.lost) return false;
    try {
      const ticket = await this.#api.post(`/tickets/${hand.ticket.ticket_id}/extend`, { lease_token: hand.token });
      hand.ends = Date.parse(ticket.lease.expires_at);
      hand.total = Math.max(1, hand.ends - this.#api.now());
      this.#say("Yours for longer.", { spoken: true });
      return true;
    } catch (trouble) {
      this.#refused(hand, trouble);
      return false;
    } finally {
      this.#changed();
    }
  }

  resolve(response) {
    const text = response.trim();
    return this.#leave(text ? "Reply and resolve" : "Resolve without a reply", "resolve", text ? { response: text } : {}, "Resolved");
  }

  skip(reason) {
    return this.#leave("Skip", "skip", { reason }, "Passed on");
  }

  snooze(seconds) {
    const until = new Date(Date.now() + seconds * 1000).toLocaleString([], { weekday: "short", hour: "2-digit", minute: "2-digit" });
    return this.#leave(`Snooze until ${until}`, "snooze", { seconds: Math.round(seconds) }, "Snoozed");
  }

  /** Harmless, so at once: the ticket goes back to its old place. */
  async release() {
    const hand = this.hand;
    if (!hand) return;
    try {
      await this.#api.post(`/tickets/${hand.ticket.ticket_id}/release`, { lease_token: hand.token });
      this.#drop(hand.ticket.ticket_id);
      this.#say("Given back to the queue.");
    } catch (trouble) {
      this.#refused(hand, trouble);
    }
    this.#changed();
  }

  async correct(changes) {
    const hand = this.hand;
    if (!hand) return;
    const { category: before, urgency_score: scored } = hand.ticket;
    try {
      const ticket = await this.#api.call("PATCH", `/tickets/${hand.ticket.ticket_id}`, { ...changes, lease_token: hand.token });
      hand.ticket = { ...ticket, lease: hand.ticket.lease };
      const old = changes.category ? { category: before } : { urgency_score: scored };
      const back = Object.values(old)[0] === null ? null : { label: "Undo", run: () => void this.correct(old) };
      this.#say(changes.category ? `Category is ${changes.category}; the router learns from it.` : "Urgency changed.", { action: back });
    } catch (trouble) {
      this.#refused(hand, trouble);
    }
    this.#changed();
  }

  /** News of a ticket; only of ours they matter. */
  news(ticket) {
    const hand = this.#held.get(ticket.ticket_id);
    if (!hand || Date.parse(ticket.updated_at) < Date.parse(hand.ticket.updated_at)) return;
    hand.ticket = { ...ticket, lease: hand.ticket.lease };
    if (ticket.status !== "claimed") hand.lost = true;
    else if (ticket.lease) hand.ends = Math.max(hand.ends, Date.parse(ticket.lease.expires_at));
    this.#changed();
  }

  /** Called with the clock: a lease that ended is lost, whoever has the ticket now. */
  tick(now) {
    for (const hand of this.#held.values()) {
      if (hand.lost || now < hand.ends) continue;
      hand.lost = true;
      this.#say("The lease ended: the ticket went back to the queue. Your text is kept.", { level: "bad" });
      this.#changed();
    }
  }

  async #leave(label, verb, body, done) {
    const hand = this.hand;
    if (!hand || hand.lost) return;
    if (hand.ends - this.#api.now() < LEASE_FOR_UNDO_MS && !(await this.extend())) return;
    const id = hand.ticket.ticket_id;
    this.#drop(id);
    this.nothing = null;
    this.#later.add({
      label,
      path: `/tickets/${id}/${verb}`,
      body: { lease_token: hand.token, ...body },
      back: () => {
        this.#held.set(id, hand);
        this.current = id;
        this.#changed();
      },
      done: () => this.#say(`${done}.`, { spoken: true }),
      failed: (trouble) => {
        hand.lost = trouble.kind === "stale-lease" || trouble.kind === "wrong-state" || trouble.kind === "not-found";
        this.#held.set(id, hand);
        this.current ??= id;
        this.#say(`${label} failed: ${trouble.message} Your text is kept.`, { level: "bad" });
        this.#changed();
      },
    });
    this.#changed();
  }

  #drop(id) {
    this.#held.delete(id);
    if (this.current === id) this.current = this.#held.keys().next().value ?? null;
  }

  #refused(hand, trouble) {
    if (trouble.kind === "stale-lease") hand.lost = true;
    const others = this.#held.size - 1;
    this.#say(trouble.message + (others > 0 ? ` (${plural(others, "other ticket")} still in hand)` : ""), { level: "bad" });
  }

  #say(text, options = {}) {
    this.dispatchEvent(new CustomEvent("said", { detail: { text, ...options } }));
  }

  #changed() {
    this.#store();
    this.dispatchEvent(new Event("changed"));
  }

  #store() {
    const held = this.held.filter(({ lost }) => !lost).map(({ ticket, token, total, draft }) => ({ id: ticket.ticket_id, token, total, draft }));
    if (held.length) sessionStorage.setItem(PLACE, JSON.stringify(held));
    else sessionStorage.removeItem(PLACE);
  }
}
