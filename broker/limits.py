"""Requests a minute of each client, counted in Redis so that all API processes count together.

A process takes a client's allowance in portions of a hundredth, and counts inside a portion by itself: a round trip for every
request would cost more than taking a ticket in. What all processes let through is never more than the limit; with several, what
one of them took and does not need (under a hundredth) is missing to the others until the minute turns.
"""

import asyncio
import hashlib
from dataclasses import dataclass, field

from broker.store import Store

# Of the limit, taken at once; a limit below a hundred is counted one by one.
PORTION = 0.01
# Seconds of the busiest client, and few enough that a process that dies with them is not missed.
LARGEST_PORTION = 1_000
# Clients remembered at once; beyond it those whose minute is over are forgotten. Each costs about 300 bytes.
MOST_CLIENTS = 10_000


@dataclass(slots=True)
class _Allowance:
    """What this process may still let through of one client, until `ends_ms` of its own clock."""

    left: int = 0
    used_up: bool = False
    ends_ms: float = 0.0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Limits:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._allowances: dict[str, _Allowance] = {}

    async def hit(self, key: str, per_minute: int) -> bool:
        """Counts one request; False: over the limit. The key may be a secret and is stored hashed. Raises Unavailable."""
        allowance = self._allowances.get(key)
        if allowance is None:
            self._forget()
            allowance = self._allowances[key] = _Allowance()
        counted = self._count(allowance)
        if counted is None:
            async with allowance.asking:  # the others wait for the same answer
                while (counted := self._count(allowance)) is None:
                    await self._ask(key, per_minute, allowance)
        return counted

    def _count(self, allowance: _Allowance) -> bool | None:
        """None: this process doesn't know without asking."""
        if self._store.steady_ms() >= allowance.ends_ms:
            return None
        if allowance.left > 0:
            allowance.left -= 1
            return True
        return False if allowance.used_up else None

    async def _ask(self, key: str, per_minute: int, allowance: _Allowance) -> None:
        portion = min(LARGEST_PORTION, max(1, int(per_minute * PORTION)))
        asked_ms = self._store.steady_ms()
        hashed = hashlib.sha256(key.encode()).hexdigest()[:24]
        granted, left_ms = await self._store.verb("rate", hashed, per_minute, portion)
        # The minute is Redis's; what the answer took on its way comes off, so that ours never ends later.
        allowance.left, allowance.used_up, allowance.ends_ms = granted, granted < portion, asked_ms + left_ms

    def _forget(self) -> None:
        if len(self._allowances) >= MOST_CLIENTS:
            now_ms = self._store.steady_ms()
            self._allowances = {key: one for key, one in self._allowances.items() if one.ends_ms > now_ms}
