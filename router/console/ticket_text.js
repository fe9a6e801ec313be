// A ticket's own words and the router's reasons. Everything a customer wrote becomes a text node, whatever it looks like.

import { button, el, words } from "./dom.js";
import { mood } from "./words.js";

// A screen or five; the rest is one press away, and a 100,000 character log costs nothing until then.
const AT_FIRST_CHARS = 8_000;
const METADATA_SHOWN = 40;

export function ticketText(ticket) {
  const parts = [ticket.body, ticket.description].filter((text) => text.trim());
  return el("article", { class: "sent" }, parts.map(passage), metadata(ticket.metadata));
}

function passage(text) {
  const place = el("div", { class: "passage", dir: "auto" });
  if (text.length <= AT_FIRST_CHARS) {
    place.textContent = text;
    return place;
  }
  place.textContent = `${text.slice(0, AT_FIRST_CHARS)}…`;
  const more = button(`Show all ${text.length.toLocaleString("en")} characters`, null, () => {
    place.textContent = text;
    more.remove();
  });
  return [place, more];
}

function metadata(values) {
  const entries = Object.entries(values ?? {});
  if (!entries.length) return null;
  return el(
    "details",
    {},
    el("summary", {}, `Sent along (${entries.length})`),
    el("dl", { class: "pairs" }, entries.slice(0, METADATA_SHOWN).map(([name, value]) => [el("dt", {}, words(name)), el("dd", {}, words(typeof value === "string" ? value : JSON.stringify(value)))])),
  );
}

export function verdict(ticket) {
  if (!ticket.engine) return el("p", { class: "soft" }, "Not judged yet.");
  const sure = ticket.confidence === null ? "" : `, ${Math.round(ticket.confidence * 100)} % sure`;
  return el(
    "section",
    { class: "verdict", "aria-label": "Why it is here" },
    el("h3", {}, "Why it is here"),
    el("ul", {}, ticket.reasons.map((reason) => el("li", {}, words(reason))), ticket.routing_reason ? el("li", {}, words(ticket.routing_reason)) : null),
    el("p", { class: "soft" }, `${ticket.category ?? "No category"}${sure}. Mood: ${mood(ticket.sentiment_score)}. Judged by ${ticket.engine}${ticket.attempts > 1 ? ` at attempt ${ticket.attempts}` : ""}.`),
    ticket.response ? [el("h3", {}, "What was answered"), el("div", { class: "passage", dir: "auto" }, ticket.response)] : null,
  );
}
