// The right column: what burns, how fast it comes and goes, who is there. Built once, then only numbers change.

import { Chart } from "./chart.js";
import { byId, button, el, mark, say, words } from "./dom.js";
import { POINTS } from "./pulse.js";
import { count, duration, moment, plural, rate } from "./words.js";

const MOST_INCIDENTS = 12;

export class PulsePane {
  #pulse;
  #me;
  #actions;
  #now;
  #tiles = {};
  #facts = {};
  #incidents = el("ul", { class: "list" });
  #people = el("ul", { class: "list" });
  #waiting = el("ul", { class: "bars" });
  #lists = new Map();

  constructor({ pulse, me, actions, now }) {
    this.#pulse = pulse;
    this.#me = me;
    this.#actions = actions;
    this.#now = now;
    byId("pulse").append(
      el("div", { class: "tiles" }, this.#tile("backlog", "Backlog", "waits to be judged"), this.#tile("ready", "Ready", "waits for an agent"), this.#tile("work", "In work", "in somebody's hands"), this.#tile("p95", "p95 to ready", "from accepted to ready, 95 of 100 are faster", false)),
      this.#flow(),
      el("section", {}, el("h3", {}, "Incidents"), this.#incidents),
      el("section", {}, el("h3", {}, "House"), el("dl", { class: "facts" }, ["Redis", "Workers", "Models", "Breaker", "Alerts", "Books"].map((name) => this.#fact(name)))),
      el("section", {}, el("h3", {}, "Agents"), this.#people),
      el("section", {}, el("h3", {}, "Nobody's yet, by category"), this.#waiting),
    );
  }

  #tile(name, label, title, charted = true) {
    const number = el("span", { class: "figure" }, "–");
    const chart = charted ? new Chart(["accent"]) : null;
    this.#tiles[name] = { number, chart };
    return el("div", { class: "tile", title }, el("span", { class: "soft" }, label), number, chart?.root);
  }

  #flow() {
    const arrival = el("span", { class: "figure" }, "–");
    const drain = el("span", { class: "figure" }, "–");
    const chart = new Chart(["accent", "second"]);
    this.#tiles.flow = { arrival, drain, chart };
    const legend = (kind, label, number) => el("span", { class: "legend" }, el("span", { class: `key ${kind}`, "aria-hidden": "true" }), el("span", { class: "soft" }, label), number);
    return el("div", { class: "tile flow" }, el("div", { class: "legends" }, legend("accent", "Arriving /s", arrival), legend("second", "Judged /s", drain)), chart.root);
  }

  #fact(name) {
    const dot = el("span", { class: "dot", "aria-hidden": "true" });
    const text = el("span", {}, "–");
    this.#facts[name] = { dot, text };
    return [el("dt", {}, name), el("dd", {}, dot, text)];
  }

  draw() {
    this.#numbers();
    this.#house();
    this.#list("incidents", this.#incidents, this.#pulse.incidents.slice(0, MOST_INCIDENTS), (incident) => this.#incident(incident), "None open");
    this.#list("people", this.#people, this.#me.agents, (agent) => this.#person(agent), "No agents yet");
    const waiting = Object.entries(this.#pulse.stats?.unassigned ?? {}).sort(([, one], [, other]) => other - one);
    const most = Math.max(1, ...waiting.map(([, number]) => number));
    this.#list("waiting", this.#waiting, waiting, ([category, number]) => this.#bar(category, number, most), "Every ready ticket is somebody's");
  }

  #numbers() {
    const { stats, series, rates } = this.#pulse;
    if (!stats) return;
    for (const name of ["backlog", "ready", "work"]) {
      say(this.#tiles[name].number, count(series[name].at(-1) ?? 0));
      this.#tiles[name].chart.draw([series[name]], POINTS);
    }
    say(this.#tiles.p95.number, duration(stats.latency_ms.p95));
    say(this.#tiles.flow.arrival, rate(rates.arrival));
    say(this.#tiles.flow.drain, rate(rates.drain));
    this.#tiles.flow.chart.draw([series.arrival, series.drain], POINTS);
    const { accepted, resolved } = stats.conservation;
    say(byId("pulse-note"), `${count(accepted)} in, ${count(resolved)} resolved`);
    this.#state("Books", stats.balanced ? "ok" : "down", stats.balanced ? "every ticket accounted for" : "the sums do not agree");
  }

  #house() {
    const parts = this.#pulse.health?.parts;
    if (!parts) return;
    this.#state("Redis", parts.redis.status, parts.redis.status === "ok" ? `answers in ${parts.redis.latency_ms.toFixed(1)} ms` : parts.redis.detail);
    this.#state("Workers", parts.workers.status, parts.workers.detail);
    this.#state("Models", parts.models.status, parts.models.detail);
    this.#state("Breaker", parts.breaker.status, parts.breaker.detail);
    this.#state("Alerts", parts.slack.status, parts.slack.detail);
  }

  #state(name, status, text) {
    const { dot, text: place } = this.#facts[name];
    mark(dot, "data-status", status);
    say(place, text);
    mark(place, "title", text);
  }

  /** Redrawn only when what it shows has changed: a button must not vanish under the pointer. */
  #list(name, place, items, draw, empty) {
    const key = JSON.stringify([items, this.#me.name]);
    if (this.#lists.get(name) === key) return;
    this.#lists.set(name, key);
    const focused = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    place.replaceChildren(...(items.length ? items.map(draw) : [el("li", { class: "soft" }, empty)]));
    if (focused) place.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  #incident(incident) {
    const id = incident.incident_id;
    const [first, last] = [incident.first_seen_at, incident.last_seen_at].map((time) => moment(new Date(time), new Date(this.#now())));
    const since = `since ${first}, last ${last}`;
    return el(
      "li",
      { class: "incident", "data-status": incident.status },
      el("span", { class: "figure" }, count(incident.count)),
      el("div", {}, el("button", { type: "button", class: "plain first", "data-key": `o${id}`, onclick: () => this.#actions.open(incident) }, words(incident.summary ?? incident.category ?? id)), el("p", { class: "soft" }, `${incident.category ?? "no category"}, ${since}${incident.status === "acknowledged" ? ", somebody is on it" : ""}`)),
      el(
        "div",
        { class: "incident-actions" },
        incident.status === "open" ? button("Acknowledge", null, () => this.#actions.acknowledge(id), { "data-key": `a${id}` }) : null,
        button("Resolve all", null, () => this.#actions.settle(incident), { "data-key": `r${id}` }),
      ),
    );
  }

  #person(agent) {
    const me = agent.name === this.#me.name;
    return el(
      "li",
      { class: "person" },
      el("span", { class: "dot", "data-status": { online: "ok", away: "loading", offline: "off" }[agent.status], title: agent.status }),
      el("span", { class: "first" }, words(agent.name), me ? " (you)" : "", el("span", { class: "spoken" }, `, ${agent.status}`)),
      el("span", { class: "soft", title: plural(agent.load, "ticket") }, `${agent.load} of ${agent.capacity}`),
    );
  }

  #bar(category, number, most) {
    const fill = el("span", { class: "fill" });
    fill.style.transform = `scaleX(${number / most})`;
    return el("li", {}, el("span", { class: "first" }, words(category)), el("span", { class: "bar-track" }, fill), el("span", { class: "number" }, count(number)));
  }
}
