// What may help with this ticket: the same person's other tickets, and how its category was answered lately.

import { el, words } from "./dom.js";
import { firstWords, STATUS_WORDS } from "./words.js";

const SHOWN = 3;

export class Related {
  #api;
  #look;
  #id = null;
  root = el("section", { class: "related", "aria-label": "What may help" });

  /** `look(id)` opens one of them. */
  constructor(api, look) {
    this.#api = api;
    this.#look = look;
  }

  /** Asks once a ticket; what comes late for another one is thrown away. */
  async for(ticket) {
    if (this.#id === ticket.ticket_id) return;
    this.#id = ticket.ticket_id;
    this.root.replaceChildren();
    if (!this.#api.can("GET", "/tickets")) return;
    const [same, lately] = await Promise.all([
      ticket.requester ? this.#ask({ requester: ticket.requester }) : [],
      ticket.category ? this.#ask({ category: ticket.category, status: "resolved" }) : [],
    ]);
    if (this.#id !== ticket.ticket_id) return;
    const others = (tickets) => tickets.filter(({ ticket_id }) => ticket_id !== ticket.ticket_id).slice(0, SHOWN);
    this.root.replaceChildren(...this.#list("From the same person", others(same)), ...this.#list(`Answered lately in ${ticket.category}`, others(lately)));
  }

  async #ask(filters) {
    try {
      const { items } = await this.#api.get(`/tickets?${new URLSearchParams({ ...filters, limit: SHOWN + 1 })}`);
      return items;
    } catch {
      return []; // a help, no need
    }
  }

  #list(title, tickets) {
    if (!tickets.length) return [];
    const line = (ticket) =>
      el("li", {}, el("button", { type: "button", class: "quiet", onclick: () => this.#look(ticket.ticket_id) }, words(firstWords(ticket), "first"), el("span", { class: "soft" }, STATUS_WORDS[ticket.status])));
    return [el("h3", {}, title), el("ul", { class: "list" }, tickets.map(line))];
  }
}
