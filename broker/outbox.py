"""Alerts on their way out: written by the script that made them necessary, taken by one sender at a time."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broker.codec import moment
from broker.scripts import Code
from broker.store import Store, new_token

# A sender that died is replaced after this long; longer than any one delivery may take.
SENDER_LEASE_MS = 30_000
# An alert taken and never settled (its sender died) is due again after the same time.
UNSETTLED_MS = SENDER_LEASE_MS


@dataclass(frozen=True, slots=True)
class Due:
    """One alert to deliver. `attempt` counts from 1 and includes attempts that died half-way."""

    alert_id: str
    kind: str  # "ticket" or "incident"
    subject_id: str
    created_at: datetime
    attempt: int


class Fate(StrEnum):
    DELIVERED = "delivered"
    LATER = "later"
    REFUSED = "refused"


class Outbox:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._token = new_token()

    async def take(self, *, most_single: int, most: int) -> list[Due] | None:
        """The oldest due alert, or up to `most` once more than `most_single` are due. None: another process is the sender.

        Raises Unavailable.
        """
        code, *rows = await self._store.verb(
            "outbox_take", self._token, SENDER_LEASE_MS, UNSETTLED_MS, most_single, most
        )
        if code == Code.STALE_LEASE:
            return None
        found = []
        for alert_id, packed in zip(rows[::2], rows[1::2], strict=True):
            alert = json.loads(packed)
            found.append(Due(alert_id, alert["kind"], alert["subject"], moment(alert["created_ms"]), alert["attempt"]))
        return found

    async def settle(self, ids: Sequence[str], fate: Fate, *, delay_s: float = 0, reason: str = "") -> bool:
        """What became of them. False: we are no longer the sender and nothing was changed."""
        detail: str | int = int(delay_s * 1000) if fate is Fate.LATER else reason
        return bool(await self._store.verb("outbox_settle", self._token, fate.value, detail, *ids) == Code.DONE)

    async def hand_over(self) -> None:
        """On a clean stop: the next sender need not wait for the lease."""
        sender = self._store.keys.name("sender")
        if await self._store.command("GET", sender) == self._token:
            await self._store.command("DEL", sender)
