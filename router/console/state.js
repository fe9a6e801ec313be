// How the page stands to the house behind it: the link's word, and a banner for each part that is away.

import { byId, mark, say } from "./dom.js";
import { timeOfDay } from "./words.js";

const LINK_WORDS = { connecting: "Connecting", live: "Live", polling: "Looking every 2 s", away: "API away" };

export class State {
  #live;
  #pulse;
  #notices;
  #wasAway = false;

  constructor({ live, pulse, notices }) {
    this.#live = live;
    this.#pulse = pulse;
    this.#notices = notices;
    live.addEventListener("state", () => this.draw());
    pulse.addEventListener("changed", () => this.draw());
    this.draw();
  }

  draw() {
    const { away } = this.#pulse;
    const link = away.api ? "away" : this.#live.state;
    mark(byId("link"), "data-state", link);
    say(byId("link-text"), LINK_WORDS[link]);
    if (this.#wasAway && !away.api) this.#live.again();
    this.#wasAway = away.api !== null;
    this.#notices.banner("api", away.api && "Nothing answers. What is on the screen stays; what you send goes out when it is back.", {
      level: "bad",
      title: away.api && `The API is away since ${timeOfDay(away.api)}`,
    });
    const redis = away.api ? null : away.redis;
    this.#notices.banner("redis", redis && "Accepted tickets are safe. You can read and write on; pulling and sending wait until it is back.", {
      level: "bad",
      title: redis && `Redis is away since ${timeOfDay(redis)}`,
    });
    this.#parts(away.api || redis ? null : this.#pulse.health?.parts);
  }

  #parts(parts) {
    const { models, breaker } = parts ?? {};
    const atWork = parts && parts.workers.status === "ok";
    const away = atWork && (models.status !== "ok" || breaker.status !== "ok");
    const why = away && (models.status !== "ok" ? models.detail : breaker.detail);
    this.#notices.banner("models", away ? `Keywords judge meanwhile; the models look again once they are back. ${why}` : null, {
      title: models?.status === "loading" ? "Models are loading" : "Models are away",
    });
    const workers = parts?.workers.status === "down" ? "New tickets are taken in and kept; nobody judges them yet." : null;
    this.#notices.banner("workers", workers, { level: "bad", title: "No worker is at work" });
    const backlog = parts && parts.backlog.status !== "ok" ? parts.backlog.detail : null;
    this.#notices.banner("backlog", backlog, { level: parts?.backlog.status === "down" ? "bad" : "warn", title: "The backlog is nearly full" });
  }
}
