// Calls to the API: JSON in, JSON or a Trouble out. Knows the key, the server's clock and which calls this server has.

// A call that takes longer is as good as none; the long ones (wait) are not made from here.
const TIMEOUT_MS = 10_000;
const KEY_PLACE = "smart-support.key";
// The Date header counts whole seconds, so smaller differences are noise.
const SKEW_THAT_COUNTS_MS = 2_000;

/** A refusal. `status` 0: nobody answered. `kind`: the last word of the problem's type. */
export class Trouble extends Error {
  constructor(status, kind, detail, retryAfterS = 0) {
    super(detail);
    this.status = status;
    this.kind = kind;
    this.retryAfterS = retryAfterS;
  }

  /** It may work later without anybody changing anything. */
  get passes() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export class Api extends EventTarget {
  #skewMs = 0;
  #features = null;
  /** While somebody types the key: calls would only be refused again. */
  locked = false;

  get key() {
    return sessionStorage.getItem(KEY_PLACE) ?? "";
  }

  set key(value) {
    if (value) sessionStorage.setItem(KEY_PLACE, value);
    else sessionStorage.removeItem(KEY_PLACE);
    this.#features = null;
  }

  /** The server's time in ms, so that a lease ends here when it ends there. */
  now() {
    return Date.now() + this.#skewMs;
  }

  get(path, signal) {
    return this.call("GET", path, undefined, { signal });
  }

  post(path, body = {}, options = {}) {
    return this.call("POST", path, body, options);
  }

  /** `keepalive`: it goes out even while the page closes. `expect`: a status that is an answer here, not a refusal. */
  async call(method, path, body, { signal, keepalive = false, expect = 0 } = {}) {
    if (this.locked) throw new Trouble(401, "unauthorized", "The API key is missing.");
    const headers = { Accept: "application/json" };
    const { key } = this;
    if (key) headers["X-API-Key"] = key;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const deadline = AbortSignal.timeout(TIMEOUT_MS);
    let response;
    try {
      response = await fetch(path, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
        keepalive,
        credentials: "omit",
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      this.#reached(false);
      throw new Trouble(0, "unreachable", deadline.aborted ? "The API did not answer in time." : "The API can't be reached.");
    }
    this.#reached(true);
    this.#learnTime(response);
    const answer = await this.#read(response);
    if (response.ok || response.status === expect) return answer;
    // A refusal of a key that has been replaced meanwhile says nothing of the new one.
    if (response.status === 401 && key === this.key) this.dispatchEvent(new Event("key-needed"));
    throw this.#trouble(response, answer);
  }

  async #read(response) {
    if (response.status === 204) return null;
    try {
      return await response.json();
    } catch {
      return null; // cut off, or a proxy's own page: the status says enough
    }
  }

  #trouble(response, answer) {
    const kind = String(answer?.type ?? "").split("/").pop() || "unknown";
    return new Trouble(
      response.status,
      kind,
      answer?.detail ?? answer?.title ?? `The API said ${response.status}.`,
      Number(response.headers.get("Retry-After")) || 0,
    );
  }

  #reached(up) {
    this.dispatchEvent(new CustomEvent("reached", { detail: up }));
  }

  #learnTime(response) {
    const told = Date.parse(response.headers.get("Date") ?? "");
    if (Number.isNaN(told)) return;
    const skewMs = told + 500 - Date.now();
    this.#skewMs = Math.abs(skewMs) > SKEW_THAT_COUNTS_MS ? skewMs : 0;
  }

  /** Whether this server has the call; yes while that is unknown. Paths as in the contract: "/tickets/{}/skip". */
  can(method, path) {
    return this.#features === null || this.#features.has(`${method} ${path}`);
  }

  /** Asks the API's own description once. */
  async learnFeatures() {
    const { paths } = await this.get("/openapi.json");
    this.#features = new Set(
      Object.entries(paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{[^}]*\}/g, "{}")}`),
      ),
    );
    this.dispatchEvent(new Event("features"));
  }
}
