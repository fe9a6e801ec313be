// Who sits here: the agent's name and presence, told to the API while the page is seen.

const NAME_PLACE = "smart-support.agent";
// The API calls an agent offline after a minute's silence; three tries fit in it.
const HEARTBEAT_MS = 20_000;

export class Me extends EventTarget {
  #api;
  #timer = 0;
  agents = [];
  presence = "online";

  constructor(api) {
    super();
    this.#api = api;
    document.addEventListener("visibilitychange", () => this.#beat());
  }

  /** This window's: two windows are two agents. */
  get name() {
    return sessionStorage.getItem(NAME_PLACE) ?? "";
  }

  get skills() {
    return this.agents.find(({ name }) => name === this.name)?.skills ?? {};
  }

  async refresh() {
    const { items } = await this.#api.get("/agents");
    this.agents = items.sort((one, other) => one.name.localeCompare(other.name));
    if (this.name && !items.some(({ name }) => name === this.name)) sessionStorage.removeItem(NAME_PLACE); // deleted meanwhile
    this.#changed();
  }

  choose(name) {
    if (this.name && this.name !== name) this.#tell("away"); // the one who stood up
    sessionStorage.setItem(NAME_PLACE, name);
    this.presence = "online";
    this.#changed();
    this.#beat();
  }

  /** Raises Trouble. */
  async create(name, skills, capacity) {
    await this.#api.call("PUT", `/agents/${encodeURIComponent(name)}`, { skills, capacity });
    await this.refresh();
    this.choose(name);
  }

  toggle() {
    this.presence = this.presence === "online" ? "away" : "online";
    this.#changed();
    this.#beat();
  }

  start() {
    this.#beat();
  }

  async #beat() {
    clearTimeout(this.#timer);
    if (document.hidden || !this.name) return;
    this.#timer = setTimeout(() => this.#beat(), HEARTBEAT_MS);
    await this.#tell(this.presence);
  }

  async #tell(status) {
    const name = this.name;
    // A beat that is lost is followed by the next one; the link's state says that the API is away.
    const told = await this.#api.post(`/agents/${encodeURIComponent(name)}/heartbeat`, { status }).catch(() => null);
    if (!told) return;
    this.agents = this.agents.map((agent) => (agent.name === name ? told : agent));
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("changed"));
  }
}
