// The middle column: the ticket in hand, or the one that is looked at, or what to do when there is none.

import { byId, button, el, mark, say, words } from "./dom.js";
import { LeaseRing } from "./lease_ring.js";
import { Related } from "./related.js";
import { ReplyBox } from "./reply_box.js";
import { ticketText, verdict } from "./ticket_text.js";
import { age, score, STATUS_WORDS } from "./words.js";

/** `actions`: what the buttons call; `can(method, path)`; `now()`. */
export class TicketPane {
  #root = byId("ticket-pane");
  #desk;
  #me;
  #api;
  #actions;
  #ring = new LeaseRing();
  #reply;
  #related;
  #shown = "";
  #notices;
  /** A ticket that is only looked at. */
  preview = null;

  constructor({ desk, me, api, actions, notices }) {
    this.#desk = desk;
    this.#me = me;
    this.#api = api;
    this.#actions = actions;
    this.#notices = notices;
    this.#reply = new ReplyBox(desk, actions);
    this.#related = new Related(api, (id) => actions.look(id));
  }

  get reply() {
    return this.#reply;
  }

  draw() {
    const hand = this.preview ? null : this.#desk.hand;
    const ticket = this.preview ?? hand?.ticket ?? null;
    // Rebuilt only when something other than time changed, so that focus and selection stay.
    const key = JSON.stringify([
      ticket && [ticket.ticket_id, ticket.updated_at, ticket.category, ticket.urgency_score, ticket.status],
      this.preview !== null,
      hand?.lost,
      this.#desk.held.map(({ ticket: { ticket_id } }) => ticket_id),
      ticket ? null : [this.#me.name, this.#me.agents.map(({ name }) => name), this.#desk.nothing, this.#desk.busy],
    ]);
    if (key !== this.#shown) {
      this.#shown = key;
      const writing = this.#reply.hasFocus;
      const scrolled = this.#root.querySelector(".ticket-scroll")?.scrollTop ?? 0;
      const same = ticket && this.#root.dataset.id === ticket.ticket_id;
      this.#root.replaceChildren(...(ticket ? this.#ticket(ticket, hand) : [this.#nobody()]));
      mark(this.#root, "data-id", ticket?.ticket_id);
      if (same) this.#root.querySelector(".ticket-scroll").scrollTop = scrolled;
      if (same && writing) this.#reply.focus();
    }
    this.tick();
  }

  tick() {
    const hand = this.preview ? null : this.#desk.hand;
    if (hand && this.#ring.draw(hand, this.#api.now())) {
      this.#notices.tell("Your lease is about to end. E keeps the ticket.", { level: "ok", action: { label: "Keep it (E)", run: () => this.#actions.extend() } });
    }
    const since = this.#root.querySelector("[data-since]");
    if (since) say(since, `${age(this.#api.now() - Number(since.dataset.since))} ago`);
  }

  #ticket(ticket, hand) {
    const looking = this.preview !== null;
    this.#related.for(ticket);
    return [
      this.#desk.held.length > 1 || (looking && this.#desk.held.length) ? this.#strip(looking) : null,
      looking ? el("p", { class: "hint", role: "status" }, el("span", {}, `Only looking: ${STATUS_WORDS[ticket.status] ?? ticket.status}.`), this.#reopen(ticket), button("Close", "Esc", () => this.#actions.close())) : null,
      hand?.lost ? el("p", { class: "hint", "data-level": "bad", role: "alert" }, el("span", {}, "The lease ended. The ticket is no longer yours; your text is kept below to copy."), button("Put away", null, () => this.#actions.forget(ticket.ticket_id))) : null,
      this.#head(ticket, hand),
      el("div", { class: "ticket-scroll", tabindex: "0", role: "group", "aria-label": "What the customer wrote and what the router made of it" }, ticketText(ticket), verdict(ticket), this.#related.root),
      hand ? this.#reply.for(hand) : null,
      hand ? this.#buttons(hand) : null,
    ].filter(Boolean);
  }

  #strip(looking) {
    return el(
      "div",
      { class: "strip" },
      this.#desk.held.map(({ ticket }) =>
        el("button", { type: "button", "aria-current": !looking && ticket.ticket_id === this.#desk.current ? "true" : null, onclick: () => this.#actions.show(ticket.ticket_id) }, words(ticket.subject || ticket.summary || ticket.ticket_id, "first")),
      ),
    );
  }

  #reopen(ticket) {
    if (ticket.status !== "resolved") return null;
    return this.#guarded("Reopen", null, "POST", "/tickets/{}/reopen", () => this.#actions.reopen(ticket.ticket_id));
  }

  #head(ticket, hand) {
    return el(
      "header",
      { class: "ticket-head" },
      el(
        "div",
        { class: "ticket-title" },
        el("h2", { class: "subject", dir: "auto" }, ticket.subject || ticket.summary || "No subject"),
        el("p", { class: "soft" }, ticket.requester ? [words(ticket.requester), " · "] : null, el("span", { "data-since": Date.parse(ticket.created_at) }), " · ", el("span", { class: "id" }, ticket.ticket_id)),
        el(
          "p",
          { class: "labels" },
          el("span", { class: "level", "data-level": ticket.urgency_label ?? "none" }, el("span", { class: "meter wide" }, el("span", { class: "fill" }), el("span", { class: "number" }, score(ticket.urgency_score))), ticket.urgency_label ?? "not judged"),
          el("span", { class: "chip" }, words(ticket.category ?? "No category")),
          ticket.needs_review ? el("span", { class: "chip", "data-flag": "review" }, "Needs review") : null,
          ticket.ai_status === "fallback" ? el("span", { class: "chip", title: "The models were away; they look again while it waits" }, "Judged by keywords") : null,
          ticket.incident_id ? el("span", { class: "chip" }, "Part of an incident") : null,
        ),
      ),
      hand ? el(
            "div",
            { class: "lease", role: "group", "aria-label": "Your lease" },
            this.#ring.root,
            el("div", {}, button("Keep longer", "E", () => this.#actions.extend(), { disabled: hand.lost }), button("Give back", "G", () => this.#actions.release(), { disabled: hand.lost })),
          ) : null,
    );
  }

  #buttons(hand) {
    const off = { disabled: hand.lost };
    return el(
      "div",
      { class: "actions", role: "group", "aria-label": "Actions" },
      button("Reply and resolve", "Ctrl+Enter", () => this.#actions.resolve(), { ...off, class: "primary", id: "resolve" }),
      this.#guarded("Correct", "C", "PATCH", "/tickets/{}", () => this.#actions.correct(), off),
      this.#guarded("Snooze", "Z", "POST", "/tickets/{}/snooze", () => this.#actions.snooze(), off),
      this.#guarded("Skip", "S", "POST", "/tickets/{}/skip", () => this.#actions.skip(), off),
    );
  }

  /** A button that is off, and says so, where this server doesn't have the call. */
  #guarded(label, key, method, path, run, attributes = {}) {
    const can = this.#api.can(method, path);
    return button(label, key, run, { ...attributes, ...(can ? {} : { disabled: true, title: "This server does not offer it" }) });
  }

  #nobody() {
    const { name, agents } = this.#me;
    if (!name) {
      return el(
        "div",
        { class: "blank" },
        el("h2", {}, "Who are you?"),
        el("p", {}, "Tickets are chosen by an agent's skills."),
        el("div", { class: "people" }, agents.map((agent) => el("button", { type: "button", onclick: () => this.#actions.be(agent.name) }, words(agent.name))), button("New agent", null, () => this.#actions.newAgent(), { class: "quiet" })),
      );
    }
    const empty = this.#desk.nothing === "empty";
    return el(
      "div",
      { class: "blank" },
      el("h2", {}, this.#desk.busy ? "Looking for the next ticket" : empty ? "Nothing for you right now" : "No ticket in hand"),
      el("p", {}, empty ? "What waits belongs to others or does not fit your skills. New tickets appear in the queue by themselves." : "The most urgent one that fits you comes first."),
      button("Next ticket", "N", () => this.#actions.next(), { class: "primary", disabled: this.#desk.busy }),
    );
  }
}
