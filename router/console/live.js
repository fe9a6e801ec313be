// News of tickets over one WebSocket. After a cut it asks for what it missed; where there is no socket it says "look yourself".
//
// Events: "ticket" {detail: ticket}, "look" (news may have been missed: fetch the queue), "state" {detail: "connecting" | "live" | "polling"}.

const POLL_MS = 2_000;
// A proxy cuts silent connections at 60 s at the earliest.
const PING_MS = 25_000;
const ANSWER_WITHIN_MS = 10_000;
const FIRST_PAUSE_MS = 500;
// Once it has worked it will work again soon; a server that never took the socket may not have one.
const LONGEST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_WITHOUT_MS = 30_000;

export class Live extends EventTarget {
  #api;
  #socket = null;
  #after = null;
  #state = "connecting";
  #worked = false;
  #failures = 0;
  #retry = 0;
  #poll = 0;
  #ping = 0;
  #pong = 0;

  constructor(api) {
    super();
    this.#api = api;
  }

  get state() {
    return this.#state;
  }

  start() {
    this.#open();
    addEventListener("online", () => this.#soon());
    document.addEventListener("visibilitychange", () => !document.hidden && this.#soon());
  }

  /** A new key, or the API is back: don't wait for the pause to end. */
  again() {
    this.#failures = 0;
    this.#soon();
  }

  #soon() {
    if (this.#socket === null) this.#open();
  }

  #open() {
    clearTimeout(this.#retry);
    const address = new URL("/ws/tickets", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    // Browsers can't send headers here, so the key travels as a subprotocol.
    const protocols = this.#api.key ? ["smart-support", `key.${base64url(this.#api.key)}`] : [];
    const socket = new WebSocket(address, protocols);
    this.#socket = socket;
    this.#expect(socket);
    socket.onopen = () => {
      this.#send({ action: "subscribe", all: true, ...(this.#after ? { after: this.#after } : {}) });
    };
    socket.onmessage = (message) => this.#heard(JSON.parse(message.data));
    socket.onclose = () => this.#closed(socket);
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #heard(message) {
    clearTimeout(this.#pong);
    if (message.event_id) this.#after = message.event_id;
    if (message.type === "subscribed") {
      const missed = !this.#worked;
      this.#worked = true;
      this.#failures = 0;
      this.#become("live");
      this.#keepAlive();
      // Between the page's own fetch and this moment something may have happened.
      if (missed) this.dispatchEvent(new Event("look"));
    } else if (message.type === "ticket_updated") {
      this.dispatchEvent(new CustomEvent("ticket", { detail: message.data }));
    } else if (message.type === "resync") {
      this.dispatchEvent(new Event("look"));
    } else if (message.type === "error") {
      this.#after = null; // what we asked for was not understood: begin anew
      this.#closed(this.#socket);
    }
  }

  #keepAlive() {
    clearInterval(this.#ping);
    this.#ping = setInterval(() => {
      this.#send({ action: "ping" });
      this.#expect(this.#socket);
    }, PING_MS);
  }

  /** A dead peer says nothing, not even goodbye. */
  #expect(socket) {
    clearTimeout(this.#pong);
    this.#pong = setTimeout(() => this.#closed(socket), ANSWER_WITHIN_MS);
  }

  #closed(socket) {
    if (socket !== this.#socket) return;
    socket.onclose = socket.onmessage = null;
    socket.close();
    this.#socket = null;
    clearInterval(this.#ping);
    clearTimeout(this.#pong);
    this.#become("polling");
    const longest = this.#worked ? LONGEST_PAUSE_MS : LONGEST_PAUSE_WITHOUT_MS;
    const pause = Math.min(longest, FIRST_PAUSE_MS * 2 ** this.#failures++);
    // Spread, or every console of a floor comes back in the same instant.
    this.#retry = setTimeout(() => this.#open(), pause * (0.75 + Math.random() / 2));
  }

  #become(state) {
    if (state === this.#state) return;
    this.#state = state;
    clearInterval(this.#poll);
    if (state === "polling") {
      this.#poll = setInterval(() => document.hidden || this.dispatchEvent(new Event("look")), POLL_MS);
      this.dispatchEvent(new Event("look"));
    }
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}

function base64url(text) {
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
