// The reply: prefilled with the suggestion, editable, never lost by a redraw, a reload or a lease that ends.

import { el } from "./dom.js";

const KEEP_EVERY_MS = 400;
const MOST_CHARS = 100_000; // as the API takes

export class ReplyBox {
  #desk;
  #text = el("textarea", { id: "reply", rows: 5, dir: "auto", maxlength: MOST_CHARS, placeholder: "Write the reply", "aria-keyshortcuts": "R" });
  #hint = el("span", { class: "soft" });
  #root = el("div", { class: "reply" }, el("div", { class: "reply-head" }, el("label", { for: "reply" }, "Reply ", el("kbd", { "aria-hidden": "true" }, "R")), this.#hint), this.#text);
  #id = null;
  #timer = 0;

  constructor(desk, actions) {
    this.#desk = desk;
    this.#text.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#keep(), KEEP_EVERY_MS);
    });
    this.#text.addEventListener("blur", () => this.#keep());
    this.#text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      actions.resolve();
    });
  }

  get value() {
    return this.#text.value;
  }

  get hasFocus() {
    return document.activeElement === this.#text;
  }

  /** The box with this ticket's text in it. The text is set once a ticket: later it is the writer's. */
  for(hand) {
    if (this.#id !== hand.ticket.ticket_id) {
      this.#keep();
      this.#id = hand.ticket.ticket_id;
      this.#text.value = hand.draft;
    }
    this.#text.readOnly = hand.lost;
    this.#hint.textContent = hand.source ? `Suggested from: ${hand.source}. Read it before it goes out.` : "";
    return this.#root;
  }

  focus() {
    this.#text.focus();
  }

  /** To write: the caret behind what is there. */
  begin() {
    this.#text.focus();
    this.#text.setSelectionRange(this.#text.value.length, this.#text.value.length);
  }

  /** The next ticket may be the same one again, brought back by undo: its text comes from the desk. */
  clear() {
    clearTimeout(this.#timer);
    this.#id = null;
  }

  #keep() {
    clearTimeout(this.#timer);
    if (this.#id !== null) this.#desk.keepDraft(this.#id, this.#text.value);
  }
}
