// The keyboard. Letters do nothing while somebody types or a question is open.

import { asking } from "./ask.js";

export const MAP = [
  ["N", "next ticket"],
  ["R", "write the reply"],
  ["Ctrl+Enter", "reply and resolve"],
  ["S", "skip with a reason"],
  ["Z", "snooze"],
  ["C, then a letter", "correct the category or the urgency"],
  ["E", "keep the ticket longer"],
  ["G", "give the ticket back"],
  ["U", "undo, within ten seconds"],
  ["J / K", "down and up in the queue"],
  ["Enter", "look closer at the chosen ticket"],
  ["/", "search the queue; a ticket id and Enter opens it"],
  ["Esc", "back to the ticket in hand"],
  ["?", "this map"],
];

const TYPING = "input, textarea, select, [contenteditable]";

/** `commands`: key to function. Enter acts only where no button or link would take it. */
export function listen(commands) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || asking() || event.isComposing) return;
    if (event.key === "Escape") {
      event.target.blur?.();
      return commands.Escape();
    }
    if (event.target.matches?.(TYPING)) return undefined;
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") return run(commands["Ctrl+Enter"], event);
    if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
    if (event.key === "Enter" && event.target.closest?.("button, a, summary, [role=listbox]")) return undefined;
    return run(commands[event.key] ?? commands[letter(event)], event);
  });
}

/** The letter on the key: on a Cyrillic or Greek layout N is still where N is. */
function letter(event) {
  const typed = event.key.toUpperCase();
  if (/^[A-Z]$/.test(typed)) return typed;
  return /^\P{ASCII}$/u.test(event.key) && event.code.startsWith("Key") ? event.code.slice(3) : "";
}

function run(command, event) {
  if (!command || (event.repeat && !["J", "K"].includes(event.key.toUpperCase()))) return;
  event.preventDefault();
  command();
}
