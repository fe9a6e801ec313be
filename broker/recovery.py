"""The sweep that brings back what got stuck. Any number of processes may run it: each call is one script and finds only what is due."""

from dataclasses import dataclass

from broker.incidents import Incidents
from broker.scripts import Code, problem
from broker.store import Store

# Of each kind in one call: bounds the script to about a millisecond whatever the backlog.
MOST_PER_SWEEP = 100
# A popped id is normally claimed within a millisecond; past this its bell counts as lost.
LOST_BELL_GRACE_MS = 2_000
HOURS_KEPT = 7 * 24
# Two missed heartbeats of a console and some network: then somebody else gets what lies unclaimed on the desk.
OFFLINE_AFTER_MS = 60_000
# A lunch break is over: what was pulled and left is handed back, long before a generous lease would.
HAND_BACK_AFTER_MS = 600_000


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep brought back."""

    rung: int
    expired: int
    died: int
    unclaimed: int
    woken: int
    filled: int

    @property
    def full(self) -> bool:
        """There may be more: sweep again at once."""
        return max(self.rung, self.expired, self.unclaimed, self.woken) >= MOST_PER_SWEEP


class Recovery:
    def __init__(self, store: Store, incidents: Incidents, *, max_attempts: int, retention_days: float) -> None:
        self._store = store
        self._incidents = incidents
        self._max_attempts = max_attempts
        self._retention_ms = int(retention_days * 24 * 3600 * 1000)

    async def sweep(self) -> Swept:
        """Raises Unavailable."""
        counts = await self._store.verb("recover", MOST_PER_SWEEP, LOST_BELL_GRACE_MS, self._max_attempts, HOURS_KEPT)
        await self._store.verb("absent", OFFLINE_AFTER_MS, HAND_BACK_AFTER_MS, MOST_PER_SWEEP)
        await self._incidents.finish_resolving()
        return Swept(*counts)

    async def expire(self) -> int:
        """Forgets some resolved tickets that are past their retention; how many. Raises Unavailable."""
        return int(await self._store.verb("expire", self._retention_ms, MOST_PER_SWEEP))

    async def redrive(self, ticket_id: str) -> None:
        """A dead ticket is tried again from the start. Raises NotFound, WrongState."""
        code = await self._store.verb("redrive", ticket_id)
        if code != Code.DONE:
            raise problem(code, f"ticket {ticket_id}")
