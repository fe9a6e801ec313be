"""Ask a running API how far it is. The question goes over HTTP, as anybody's would."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

# The API answers a health question in milliseconds; a machine that is busy loading models takes longer.
TIMEOUT_S = 3.0


def key_header(environment: Mapping[str, str]) -> dict[str, str]:
    """What lets the commands in where API_KEYS is set: its first key."""
    key = environment.get("API_KEYS", "").split(",")[0].strip()
    return {"X-API-Key": key} if key else {}


@dataclass(frozen=True)
class State:
    """`serving`: /readyz says 200. `redis`, `models`: their status in /health/deep, "" where it says nothing of them.

    An API without workers is never "ready" in its own words, since nobody judges what it accepts. Whoever asked for an
    API alone has workers elsewhere or to come, so there a Redis that answers is enough.
    """

    serving: bool
    redis: str = ""
    models: str = ""
    detail: str = ""

    def is_up(self, *, with_models: bool) -> bool:
        """Tickets are taken, and judged by somebody where that is asked for."""
        return self.serving or (not with_models and self.redis in ("ok", "degraded"))

    def is_ready(self, *, with_models: bool) -> bool:
        return self.is_up(with_models=with_models) and (self.models == "ok" or not with_models)

    def sentence(self, *, with_models: bool) -> str:
        """What is being waited for."""
        if self.is_ready(with_models=with_models):
            return "ready"
        if not self.redis and not self.serving:
            return "waiting for the API"
        if not self.is_up(with_models=with_models):
            return "waiting for a worker" if self.redis == "ok" else "waiting for Redis"
        return f"loading the models ({self.detail or self.models or 'nothing reported yet'})"


def state_in(deep: object, *, serving: bool) -> State:
    """Read /health/deep: `{"parts": {"models": {"status": ..., "detail": ...}}}`. Anything else says nothing."""
    parts = deep.get("parts") if isinstance(deep, dict) else None

    def said(part: str, name: str) -> str:
        known = parts.get(part) if isinstance(parts, dict) else None
        return str(known.get(name) or "") if isinstance(known, dict) else ""

    return State(serving, said("redis", "status"), said("models", "status"), said("models", "detail"))


def ask(client: httpx.Client) -> State:
    """The state now. An API that can't be reached is one that does not serve; never raises for that."""
    try:
        serving = client.get("/readyz", timeout=TIMEOUT_S).status_code == 200
        return state_in(client.get("/health/deep", timeout=TIMEOUT_S).json(), serving=serving)
    except (httpx.HTTPError, ValueError):
        return State(serving=False)
