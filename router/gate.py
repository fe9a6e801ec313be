"""Who may call, and how often."""

import base64
import hmac
import time
from collections.abc import Sequence

from starlette.types import Scope

from broker import Broker
from router.body import header
from router.problems import Problem

# The broker counts by whole minutes of the clock.
WINDOW_S = 60
_KEY_WORD = "key."


class Gate:
    """No keys: everybody may. `rate_per_minute` 0: as often as they like."""

    def __init__(self, broker: Broker, api_keys: Sequence[str], rate_per_minute: int) -> None:
        self._broker = broker
        self._keys = [key.encode() for key in api_keys]
        self._rate_per_minute = rate_per_minute

    async def admit(self, scope: Scope) -> None:
        """Raises Problem (401, 429), and Unavailable when a limit is set that can't be counted."""
        if not self._keys and not self._rate_per_minute:
            return
        key = self._valid_key(scope) if self._keys else None
        # Wrong keys count against their sender's address, or guessing would be free.
        client = f"key:{key.decode()}" if key else f"address:{_address(scope)}"
        if self._rate_per_minute and not await self._broker.limits.hit(client, self._rate_per_minute):
            raise Problem(
                "too-many-requests",
                f"more than {self._rate_per_minute} requests in a minute",
                headers={"Retry-After": str(WINDOW_S - int(time.time()) % WINDOW_S)},
            )
        if self._keys and key is None:
            raise Problem(
                "unauthorized",
                "the API key is missing or not a valid one",
                headers={"WWW-Authenticate": 'Bearer realm="smart-support"'},
            )

    def _valid_key(self, scope: Scope) -> bytes | None:
        """Compares with every key, so that the time taken tells nothing about which one was close."""
        sent = presented_key(scope)
        if sent is None:
            return None
        matches = [key for key in self._keys if hmac.compare_digest(key, sent)]
        return matches[0] if matches else None


def presented_key(scope: Scope) -> bytes | None:
    bearer = header(scope, b"authorization")
    if bearer is not None:
        scheme, _, token = bearer.partition(b" ")
        return token.strip() if scheme.lower() == b"bearer" else None
    key = header(scope, b"x-api-key")
    return _key_of_a_page(scope) if key is None and scope["type"] == "websocket" else key


def _key_of_a_page(scope: Scope) -> bytes | None:
    """Scripts in a browser can't set headers on a WebSocket, so their key comes as a subprotocol, in base64url."""
    offered: list[str] = scope["subprotocols"]
    encoded = next((word.removeprefix(_KEY_WORD) for word in offered if word.startswith(_KEY_WORD)), None)
    if encoded is None:
        return None
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"
