// Questions in a dialog. Each returns a promise of the answer, or of null when it was closed.

import { button, el } from "./dom.js";
import { letters } from "./words.js";

export function asking() {
  return document.querySelector("dialog[open]") !== null;
}

/** `build(answer)` returns the form's children; `answer(value)` closes with it. `keys`: letter to value. */
function ask(title, build, { keys = {}, onsubmit = null, lasting = false } = {}) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    // At once and not with the "close" event, which comes later: the next key may already be on its way.
    const answer = (value) => {
      resolve(value);
      dialog.close();
    };
    const form = el("form", { novalidate: true }, el("h2", { id: "question" }, title), build(answer));
    const dialog = el("dialog", { "aria-labelledby": "question" }, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      onsubmit?.(answer);
    });
    dialog.addEventListener("keydown", (event) => {
      event.stopPropagation(); // the page's own keys sleep meanwhile
      if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
      const value = keys[event.key.toUpperCase()];
      if (value === undefined) return;
      event.preventDefault();
      answer(value);
    });
    if (lasting) dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function ending(...buttons) {
  return el("div", { class: "row-of-buttons" }, buttons);
}

/** `choices`: [{label, key, value, current?}] */
export function choose(title, choices, { other = null } = {}) {
  const keys = Object.fromEntries(choices.map(({ key, value }) => [key, value]));
  return ask(
    title,
    (answer) => [
      el(
        "div",
        { class: "choices" },
        choices.map(({ label, key, value, current }) => button(label, key, () => answer(value), { "aria-current": current ? "true" : null })),
      ),
      other?.(answer),
      ending(button("Cancel", "Esc", () => answer(null), { class: "quiet" })),
    ],
    { keys },
  );
}

const LEVELS = ["low", "medium", "high"];

/** {category} or {urgency_label}. */
export function askCorrection(categories, ticket) {
  const known = letters(categories).map(({ category, letter }) => ({ label: category, key: letter, value: { category }, current: category === ticket.category }));
  const levels = LEVELS.map((label, at) => ({ label: `Urgency is ${label}`, key: String(at + 1), value: { urgency_label: label }, current: label === ticket.urgency_label }));
  return choose("What is right?", [...known, ...levels]);
}

const REASONS = ["Not my skill", "Needs somebody with more access", "Language I don't speak", "Conflict of interest"];

export function askSkipReason() {
  const text = el("input", { "aria-label": "Another reason", placeholder: "Another reason, then Enter", maxlength: 500 });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !text.value.trim()) return;
    event.preventDefault();
    text.form.dispatchEvent(new CustomEvent("own", { detail: text.value.trim() }));
  });
  return choose(
    "Why do you pass it on?",
    REASONS.map((reason, at) => ({ label: reason, key: String(at + 1), value: reason })),
    {
      other: (answer) => {
        queueMicrotask(() => text.form.addEventListener("own", (event) => answer(event.detail)));
        return text;
      },
    },
  );
}

const HOUR_S = 3600;

/** Seconds to sleep. */
export function askSnooze(now = new Date()) {
  const morning = new Date(now);
  morning.setDate(morning.getDate() + 1);
  morning.setHours(9, 0, 0, 0);
  const monday = new Date(morning);
  while (monday.getDay() !== 1) monday.setDate(monday.getDate() + 1);
  const until = (date) => Math.max(60, Math.round((date - now) / 1000));
  return choose("Until when?", [
    { label: "15 minutes", key: "1", value: HOUR_S / 4 },
    { label: "1 hour", key: "2", value: HOUR_S },
    { label: "4 hours", key: "3", value: 4 * HOUR_S },
    { label: "Tomorrow at 9:00", key: "4", value: until(morning) },
    { label: "Monday at 9:00", key: "5", value: until(monday) },
  ]);
}

const MEMBERS_SHOWN = 100;
const SILENCE_S = 3600;

/** {look: id}, {remove: id} or {silence: seconds}; `can`: which of the last two this server has. */
export function askIncident(incident, can) {
  const member = (id, answer) =>
    el("li", {}, button(id, null, () => answer({ look: id }), { class: "quiet" }), can.remove ? button("Take out", null, () => answer({ remove: id }), { "aria-label": `Take ${id} out` }) : null);
  return ask(incident.summary ?? incident.category ?? "Incident", (answer) => [
    el("p", { class: "soft" }, `${incident.count} tickets; one cause, settled as one.`),
    el("ul", { class: "members" }, incident.members.slice(0, MEMBERS_SHOWN).map((id) => member(id, answer))),
    ending(can.silence ? button("No alerts for an hour", null, () => answer({ silence: SILENCE_S })) : null, button("Close", "Esc", () => answer(null), { autofocus: true })),
  ]);
}

/** An API key. Stays until there is one: nothing works without. */
export function askKey(wrong) {
  const field = el("input", { type: "password", autocomplete: "off", required: true, maxlength: 500, autofocus: true, "aria-describedby": "key-note" });
  return ask(
    "This server asks for an API key",
    () => [
      el("label", {}, "API key", field),
      el("p", { id: "key-note", class: "soft" }, "Kept in this window only, until it is closed."),
      el("p", { class: "wrong", role: "alert" }, wrong ? "That key is not a valid one." : ""),
      ending(el("button", { class: "primary" }, "Use this key")),
    ],
    { lasting: true, onsubmit: (answer) => field.value.trim() && answer(field.value.trim()) },
  );
}

/** {name, skills, capacity} */
export function askNewAgent(categories) {
  const name = el("input", { maxlength: 64, required: true, autofocus: true, autocomplete: "off" });
  const capacity = el("input", { type: "number", min: 1, max: 1000, value: 5 });
  const wrong = el("p", { class: "wrong", role: "alert" });
  const skills = categories.map((category) => {
    const level = el("select", {}, [["0", "no"], ["0.3", "a little"], ["0.6", "well"], ["0.9", "very well"]].map(([value, label]) => el("option", { value, selected: value === "0.6" }, label)));
    return { category, level, row: el("label", { class: "skill" }, el("bdi", { dir: "auto" }, category), level) };
  });
  return ask(
    "New agent",
    (answer) => [
      el("label", {}, "Name", name),
      el("fieldset", { class: "skills" }, el("legend", {}, "Can answer"), skills.map(({ row }) => row)),
      el("label", {}, "Tickets at once", capacity),
      wrong,
      ending(button("Cancel", "Esc", () => answer(null), { class: "quiet" }), el("button", { class: "primary" }, "Create")),
    ],
    {
      onsubmit: (answer) => {
        if (!/^[\p{L}\p{N}_][\p{L}\p{N}_ .@'-]*$/u.test(name.value.trim())) {
          wrong.textContent = "A name begins with a letter or digit and holds letters, digits, spaces and . @ ' - _";
          return name.focus();
        }
        const chosen = skills.filter(({ level }) => Number(level.value) > 0).map(({ category, level }) => [category, Number(level.value)]);
        return answer({ name: name.value.trim(), skills: Object.fromEntries(chosen), capacity: Math.min(1000, Math.max(1, Number(capacity.value) || 5)) });
      },
    },
  );
}

/** `rows`: [[keys, meaning]] */
export function showKeys(rows) {
  return ask("Keys", (answer) => [
    el("dl", { class: "keymap" }, rows.map(([keys, meaning]) => [el("dt", {}, el("kbd", {}, keys)), el("dd", {}, meaning)])),
    el("p", { class: "soft" }, "The API behind this page: ", el("a", { href: "/docs" }, "documentation"), "."),
    ending(button("Close", "Esc", () => answer(null), { autofocus: true })),
  ]);
}
