// Words and numbers for people. Pure: no clock, no page.

const DAY_S = 86400;

/** "9s", "4m", "3h", "2d": short enough for a column. */
export function age(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < DAY_S) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / DAY_S)}d`;
}

/** "14:59", "1:02:03": what a clock that runs out shows. */
export function clock(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const hours = Math.floor(seconds / 3600);
  const two = (number) => String(number).padStart(2, "0");
  const tail = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours ? `${hours}:${tail}` : tail.replace(/^0(\d:)/, "$1");
}

export function timeOfDay(date) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** "14:05", or "Fri 14:05" of another day. */
export function moment(date, now) {
  const day = now - date < DAY_S * 1000 && now.getDate() === date.getDate() ? {} : { weekday: "short" };
  return date.toLocaleTimeString([], { ...day, hour: "2-digit", minute: "2-digit" });
}

const COUNT = new Intl.NumberFormat("en");
export function count(number) {
  return COUNT.format(number);
}

/** ".93", "1.0": two digits after the point, as wide for every score. */
export function score(value) {
  if (value === null || value === undefined) return "–";
  return value >= 0.995 ? "1.0" : value.toFixed(2).slice(1);
}

export function rate(perSecond) {
  if (perSecond >= 100) return count(Math.round(perSecond));
  return perSecond.toFixed(perSecond >= 10 ? 0 : 1);
}

export function duration(ms) {
  if (ms === undefined || ms === null) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

export function mood(value) {
  if (value === null || value === undefined) return "not judged yet";
  const word = value < 2.5 ? "furious" : value < 4.5 ? "annoyed" : value < 6.5 ? "neutral" : value < 8.5 ? "friendly" : "delighted";
  return `${word}, ${value.toFixed(1)} of 10`;
}

export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** Two letters that stand for a category: "Billing" BI, "Feature Request" FR. */
export function monogram(category) {
  if (!category) return "··";
  const parts = category.split(/[\s/_-]+/u).filter(Boolean);
  const letters = parts.length > 1 ? [...parts[0]][0] + [...parts[1]][0] : [...category].slice(0, 2).join("");
  return letters.toUpperCase();
}

/** Category to its own letter: the first of its letters that nobody before it took, then digits. */
export function letters(categories) {
  const taken = new Set();
  return categories.map((category) => {
    const wanted = [...category.toUpperCase()].filter((char) => /[A-Z]/.test(char));
    const letter = [...wanted, ..."123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"].find((char) => !taken.has(char)) ?? "";
    taken.add(letter);
    return { category, letter };
  });
}

/** One line of a ticket: the summary or what it begins with, cut before it can cost anything. */
export function firstWords(ticket, most = 140) {
  const text = ticket.subject.trim() || ticket.summary || ticket.body.slice(0, 4 * most).trim() || ticket.description.slice(0, 4 * most);
  const line = text.slice(0, 4 * most).replace(/\s+/gu, " ").trim();
  const chars = [...line];
  return chars.length > most ? `${chars.slice(0, most).join("")}…` : line;
}

export const STATUS_WORDS = {
  pending: "waits to be judged",
  processing: "being judged",
  completed: "ready",
  claimed: "in somebody's hands",
  resolved: "resolved",
  master_incident: "part of an incident",
  snoozed: "snoozed",
  dead: "given up by the router",
};
