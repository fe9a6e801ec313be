"""The worker's side of the queue: wait for the bell, take a batch, finish it. The batch carries its verbs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from broker.codec import moment
from broker.records import AiStatus, UrgencyLabel
from broker.scripts import Code
from broker.store import Store, new_token

# Aging: a ticket that has waited a day outranks a fresh one that is 0.5 more urgent. All wait at the same pace, so one fixed
# number per ticket, S - rate * created, keeps the right order for ever and is never recomputed.
AGING_S_PER_HOUR = 0.5 / 24

# A ticket tried so often without end is taken alone from then on. Once may be chance (a restart), and one by one is slow.
ALONE_AFTER = 2

# How long BLPOP blocks: the idle cost is one command a second, and a stop is noticed as fast.
BELL_TIMEOUT_S = 1.0


def priority(urgency: float, created_at: datetime) -> float:
    """Place in the ready queue, lowest first: S, then age."""
    return AGING_S_PER_HOUR * created_at.timestamp() / 3600 - urgency


@dataclass(frozen=True, slots=True)
class Taken:
    """A ticket in a worker's hands."""

    ticket_id: str
    created_at: datetime
    created_us: int
    attempts: int
    subject: str
    body: str
    description: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that judging and deciding say of one ticket."""

    category: str
    confidence: float
    needs_review: bool
    urgency_score: float
    urgency_label: UrgencyLabel
    sentiment_score: float
    reasons: tuple[str, ...]
    summary: str
    engine: str
    model_version: str
    ai_status: AiStatus
    processing_ms: float
    alert: bool
    draft_response: str | None = None
    draft_source: str | None = None
    wanted: tuple[str, ...] = ()  # kinds of advice (broker/advice.py) that this worker's models may add

    def encoded(self, ticket: Taken, leader: str | None) -> str:
        """The JSON object that finish.lua and rescore.lua take."""
        fields = {
            "category": self.category,
            "confidence": f"{self.confidence:.4f}",
            "needs_review": "1" if self.needs_review else "0",
            "urgency_score": f"{self.urgency_score:.4f}",
            "urgency_label": self.urgency_label,
            "sentiment_score": f"{self.sentiment_score:.1f}",
            "reasons": json.dumps(self.reasons),
            "summary": self.summary,
            "engine": self.engine,
            "model_version": self.model_version,
            "ai_status": self.ai_status,
            "processing_ms": f"{self.processing_ms:.1f}",
            "draft_response": self.draft_response or "",
            "draft_source": self.draft_source or "",
        }
        return json.dumps(
            {
                "id": ticket.ticket_id,
                "priority": priority(self.urgency_score, ticket.created_at),
                "category": self.category,
                "engine": self.engine,
                "degraded": self.ai_status is AiStatus.FALLBACK,
                "alert": self.alert,
                "leader": leader,
                "wanted": self.wanted,
                "fields": [word for pair in fields.items() for word in pair],
            }
        )


class Batch:
    """Tickets under one lease. Call one of finish or give_back for each; renew while the work lasts."""

    def __init__(self, work: "Work", token: str, tickets: list[Taken]) -> None:
        self._work = work
        self._token = token
        self.tickets = tickets

    async def finish(self, outcomes: Sequence[tuple[Taken, Outcome, str | None]]) -> list[Code]:
        """Outcomes with the leader of each ticket's group of near-duplicates. DONE, FOLDED or STALE_LEASE for each."""
        return await self._work.finish(self._token, outcomes)

    async def renew(self) -> list[str]:
        """Returns the ids that are no longer ours."""
        return await self._work.renew(self._token, [ticket.ticket_id for ticket in self.tickets])

    async def give_back(self, tickets: Sequence[Taken], *, reason: str) -> int:
        """Undone, with the attempt counted: to be taken again at once, or dead after MAX_ATTEMPTS. Returns how many went back."""
        return await self._work.give_back(self._token, [ticket.ticket_id for ticket in tickets], reason)


class Work:
    def __init__(
        self, store: Store, *, lease_s: float, max_attempts: int, flood_window_s: float, flood_threshold: int
    ) -> None:
        self._store = store
        self.lease_s = lease_s
        self._max_attempts = max_attempts
        # Alone once at least before it is given up, wherever that many attempts are allowed.
        self._alone_after = min(ALONE_AFTER, max(1, max_attempts - 1))
        self._flood = (int(flood_window_s * 1_000_000), flood_threshold)

    async def take(self, most: int, *, wait: bool = True) -> Batch | None:
        """Waits up to a second for the bell, then leases up to `most` tickets. None: nothing there. Raises Unavailable.

        An id popped here and lost before it is claimed (a cut reply, a killed process) is rung again by recovery.
        """
        popped = ""
        bell = self._store.keys.name("bell")
        if wait:
            async with self._store.guard():
                answer = await self._store.redis.blpop([bell], timeout=BELL_TIMEOUT_S)
            if answer is None:
                return None
            popped = answer[1]
        token = new_token()
        taken = await self._store.verb("claim", int(self.lease_s * 1000), token, most, popped, self._alone_after)
        return Batch(self, token, [_taken(row) for row in taken]) if taken else None

    async def finish(self, token: str, outcomes: Sequence[tuple[Taken, Outcome, str | None]]) -> list[Code]:
        window_us, threshold = self._flood
        objects = [outcome.encoded(ticket, leader) for ticket, outcome, leader in outcomes]
        return [Code(code) for code in await self._store.verb("finish", token, window_us, threshold, *objects)]

    async def renew(self, token: str, ids: Sequence[str]) -> list[str]:
        lost: list[str] = await self._store.verb("renew", int(self.lease_s * 1000), token, *ids)
        return lost

    async def give_back(self, token: str, ids: Sequence[str], reason: str) -> int:
        return int(await self._store.verb("yield", token, self._max_attempts, reason, *ids))

    async def degraded(self, most: int, pause_s: float) -> list[Taken]:
        """Tickets that keywords judged and that still wait; offered to nobody else for `pause_s`."""
        return [_taken(row) for row in await self._store.verb("degraded", int(pause_s * 1000), most)]

    async def rescore(self, outcomes: Sequence[tuple[Taken, Outcome]]) -> list[Code]:
        """The models' later verdicts; WRONG_STATE where somebody has pulled the ticket meanwhile."""
        if not outcomes:
            return []
        objects = [outcome.encoded(ticket, None) for ticket, outcome in outcomes]
        return [Code(code) for code in await self._store.verb("rescore", *objects)]


def _taken(row: list[str]) -> Taken:
    ticket_id, created_us, attempts, subject, body, description = row
    created = int(created_us)
    return Taken(ticket_id, moment(created / 1000), created, int(attempts or 0), subject, body, description)
