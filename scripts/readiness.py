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
    """`serving`: /readyz says 200. `models`: the status /health/deep gives the models, "" when it gave none."""

    serving: bool
    models: str = ""
    detail: str = ""

    def is_ready(self, *, with_models: bool) -> bool:
        return self.serving and (self.models == "ok" or not with_models)

    def sentence(self, *, with_models: bool) -> str:
        """What is being waited for."""
        if not self.serving:
            return "waiting for the API"
        if with_models and self.models != "ok":
            return f"loading the models ({self.detail or self.models or 'no worker has reported yet'})"
        return "ready"


def state_in(deep: object, *, serving: bool) -> State:
    """Read /health/deep: `{"parts": {"models": {"status": ..., "detail": ...}}}`. Anything else says nothing."""
    parts = deep.get("parts") if isinstance(deep, dict) else None
    models = parts.get("models") if isinstance(parts, dict) else None
    if not isinstance(models, dict):
        return State(serving)
    return State(serving, str(models.get("status") or ""), str(models.get("detail") or ""))


def ask(client: httpx.Client) -> State:
    """The state now. An API that can't be reached is one that does not serve; never raises for that."""
    try:
        if client.get("/readyz", timeout=TIMEOUT_S).status_code != 200:
            return State(serving=False)
        return state_in(client.get("/health/deep", timeout=TIMEOUT_S).json(), serving=True)
    except (httpx.HTTPError, ValueError):
        return State(serving=False)
