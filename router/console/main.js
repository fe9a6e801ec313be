// The page put together: who tells whom. Everything that knows more lives in a module of its own.

import { Api } from "./api.js";
import { askCorrection, askIncident, askKey, askNewAgent, askSkipReason, askSnooze, showKeys } from "./ask.js";
import { Board } from "./board.js";
import { Desk } from "./desk.js";
import { byId, el, mark, say } from "./dom.js";
import { listen, MAP } from "./keys.js";
import { Later, UNDO_MS } from "./later.js";
import { Live } from "./live.js";
import { Me } from "./me.js";
import { Notices } from "./notices.js";
import { Pulse } from "./pulse.js";
import { PulsePane } from "./pulse_pane.js";
import { QueuePane } from "./queue_pane.js";
import { QueueSource } from "./queue_source.js";
import { State } from "./state.js";
import { Tabs } from "./tabs.js";
import { TicketPane } from "./ticket_pane.js";

const AGENTS_MS = 5_000;

const api = new Api();
const now = () => api.now();
const later = new Later(api);
const notices = new Notices(later, UNDO_MS);
const me = new Me(api);
const desk = new Desk(api, me, later);
const board = new Board();
const source = new QueueSource(api, board);
const live = new Live(api);
const pulse = new Pulse(api);
const tabs = new Tabs();
const queue = new QueuePane(board, source, now);

/** Categories anybody has named here; the usual five before that. */
function categories() {
  const known = new Set([...Object.keys(pulse.stats?.by_category ?? {}), ...Object.keys(pulse.stats?.unassigned ?? {}), ...board.categories(), ...me.agents.flatMap(({ skills }) => Object.keys(skills))]);
  return known.size ? [...known].sort() : ["Billing", "Technical", "Legal", "Feature Request", "General"];
}

/** A call whose refusal is told; true when it went well. */
async function attempt(call) {
  try {
    await call();
    return true;
  } catch (trouble) {
    notices.tell(trouble.message, { level: "bad" });
    return false;
  }
}

/** Only with a ticket in hand, in sight, and a server that has the call. */
function inHand(run, method, path) {
  return async () => {
    if (!desk.hand || desk.hand.lost) return notices.tell("No ticket in hand. N takes the next one.");
    if (method && !api.can(method, path)) return notices.tell("This server does not offer it.");
    actions.close();
    return run();
  };
}

const actions = {
  async next() {
    if (!me.name) return tabs.show("ticket");
    actions.close();
    tabs.show("ticket");
    if (desk.hand?.lost) desk.forget(desk.current);
    if (desk.hand) return notices.tell("First finish the one in hand: reply, skip, snooze or give it back.");
    await desk.next();
    return desk.hand && byId("ticket-pane").focus();
  },
  reply: inHand(() => pane.reply.begin()),
  resolve: inHand(() => actions.part(() => desk.resolve(pane.reply.value))),
  skip: inHand(async () => {
    const reason = await askSkipReason();
    if (reason) await actions.part(() => desk.skip(reason));
  }, "POST", "/tickets/{}/skip"),
  snooze: inHand(async () => {
    const seconds = await askSnooze();
    if (seconds) await actions.part(() => desk.snooze(seconds));
  }, "POST", "/tickets/{}/snooze"),
  correct: inHand(async () => {
    const changes = await askCorrection(categories(), desk.hand.ticket);
    if (changes) await desk.correct(changes);
  }, "PATCH", "/tickets/{}"),
  release: inHand(() => actions.part(() => desk.release())),
  extend: inHand(() => desk.extend()),
  /** What ends with the ticket out of hand; its text is the desk's by then. */
  async part(run) {
    desk.keepDraft(desk.current, pane.reply.value);
    const id = desk.current;
    await run();
    if (desk.current !== id) pane.reply.clear();
    pane.draw();
    byId("ticket-pane").focus();
  },
  forget: (id) => desk.forget(id),
  show(id) {
    pane.preview = null;
    desk.switchTo(id);
  },
  async look(id) {
    if (desk.held.some(({ ticket }) => ticket.ticket_id === id)) return actions.show(id);
    return attempt(async () => {
      const ticket = await api.get(`/tickets/${encodeURIComponent(id)}`);
      pane.preview = ticket;
      pane.draw();
    });
  },
  close() {
    if (!pane.preview) return;
    pane.preview = null;
    pane.draw();
  },
  async reopen(id) {
    if (await attempt(() => api.post(`/tickets/${id}/reopen`))) {
      notices.tell("Reopened: it is in the queue again.");
      actions.close();
      source.look();
    }
  },
  be: (name) => me.choose(name),
  async newAgent() {
    const agent = await askNewAgent(categories());
    if (agent) await attempt(() => me.create(agent.name, agent.skills, agent.capacity));
    drawAgent();
  },
  async acknowledge(id) {
    if (await attempt(() => api.post(`/incidents/${id}/acknowledge`))) pulse.lookAround();
  },
  async open(incident) {
    const id = incident.incident_id;
    const wish = await askIncident(incident, { silence: api.can("POST", "/incidents/{}/silence"), remove: api.can("DELETE", "/incidents/{}/tickets/{}") });
    if (wish?.look) return actions.look(wish.look).then(() => tabs.show("ticket"));
    if (wish?.silence && (await attempt(() => api.post(`/incidents/${id}/silence`, { seconds: wish.silence })))) notices.tell("No alerts of it for an hour.");
    if (wish?.remove && (await attempt(() => api.call("DELETE", `/incidents/${id}/tickets/${wish.remove}`)))) notices.tell("Taken out: it is in the queue again.");
    return pulse.lookAround();
  },
  settle(incident) {
    later.add({
      label: `Resolve all ${incident.count} tickets of the incident`,
      path: `/incidents/${incident.incident_id}/resolve`,
      body: {},
      back: () => {},
      done: () => pulse.lookAtAll(),
      failed: (trouble) => notices.tell(trouble.message, { level: "bad" }),
    });
  },
  undo: () => later.undo() || notices.tell("Nothing to undo."),
};

const pane = new TicketPane({ desk, me, api, actions, notices });
const pulsePane = new PulsePane({ pulse, me, actions, now });
new State({ api, live, pulse, notices });

function drawAgent() {
  const select = byId("agent");
  const options = [["", "Choose"], ...me.agents.map(({ name }) => [name, name]), ["+", "New agent…"]];
  const key = JSON.stringify(options);
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    select.replaceChildren(...options.map(([value, label]) => el("option", { value }, label)));
  }
  select.value = me.name;
  const presence = byId("presence");
  presence.hidden = !me.name;
  say(presence, me.presence === "online" ? "Online" : "Away");
  mark(presence, "aria-pressed", me.presence === "online");
}

function everything() {
  attempt(() => me.refresh());
  source.look();
  pulse.lookAtAll();
  api.learnFeatures().catch(() => null); // until known, every button is offered
}

api.addEventListener("features", () => pane.draw());
api.addEventListener("key-needed", async () => {
  if (api.locked) return;
  api.locked = true;
  api.key = (await askKey(api.key !== "")) ?? "";
  api.locked = false;
  live.again();
  everything();
  desk.recover().catch(() => null);
});
me.addEventListener("changed", () => {
  drawAgent();
  pane.draw();
  pulsePane.draw();
});
desk.addEventListener("changed", () => {
  mark(byId("next"), "disabled", desk.busy ? "" : null);
  pane.draw();
});
desk.addEventListener("said", ({ detail: { text, spoken, ...options } }) => (spoken ? notices.speak(text) : notices.tell(text, options)));
live.addEventListener("ticket", ({ detail }) => {
  board.put(detail);
  desk.news(detail);
  if (pane.preview?.ticket_id === detail.ticket_id) {
    pane.preview = detail;
    pane.draw();
  }
  queue.news();
});
live.addEventListener("look", () => source.look());
source.addEventListener("changed", () => queue.draw());
queue.addEventListener("open", ({ detail }) => actions.look(detail).then(() => tabs.show("ticket")));
pulse.addEventListener("changed", () => {
  const terms = pulse.stats?.conservation;
  if (terms) {
    queue.total = terms.ready + terms.claimed + terms.pending + terms.processing;
    document.title = terms.ready ? `(${terms.ready}) Smart-Support` : "Smart-Support";
  }
  pulsePane.draw();
});

byId("agent").addEventListener("change", ({ target }) => (target.value === "+" ? actions.newAgent() : target.value ? me.choose(target.value) : drawAgent()));
byId("presence").addEventListener("click", () => me.toggle());
byId("next").addEventListener("click", () => actions.next());
byId("help").addEventListener("click", () => showKeys(MAP));
byId("search").addEventListener("keydown", ({ key, target }) => {
  if (key === "Enter" && /^[A-Za-z0-9][\w.:-]*$/.test(target.value.trim()) && !board.rows().length) actions.look(target.value.trim());
  else if (key === "Enter" || key === "ArrowDown") byId("queue-list").focus();
});
listen({
  N: actions.next, R: actions.reply, "Ctrl+Enter": actions.resolve, S: actions.skip, Z: actions.snooze, C: actions.correct,
  E: actions.extend, G: actions.release, U: actions.undo,
  J: () => queue.move(1), K: () => queue.move(-1), Enter: () => queue.open(), Escape: actions.close,
  "/": () => (tabs.show("queue"), byId("search").focus()), "?": () => showKeys(MAP),
});

setInterval(() => {
  desk.tick(now());
  pane.tick();
}, 500);
setInterval(() => document.hidden || me.refresh().catch(() => null), AGENTS_MS);

drawAgent();
pane.draw();
everything();
later.recover().then(() => desk.recover()).catch(() => null);
me.start();
live.start();
pulse.start();
