"""The agent's side: pull the next ticket under a lease, what its holder may do, and what anybody may correct."""

import asyncio
import logging
import time
from contextlib import suppress
from datetime import datetime

from broker.errors import BrokerError
from broker.listing import Listing
from broker.records import Ticket, UrgencyLabel
from broker.scripts import Code, Word, problem
from broker.store import Store, new_token
from broker.waiting import Line
from broker.work import priority

log = logging.getLogger(__name__)

# What a label set by hand means as a score, and the other way round the nearest one: a person's word, not an engine's chance.
SCORE_OF = {UrgencyLabel.LOW: 0.1, UrgencyLabel.MEDIUM: 0.5, UrgencyLabel.HIGH: 0.9}


def label_of(urgency: float) -> UrgencyLabel:
    """The label whose score is nearest."""
    return min(SCORE_OF, key=lambda label: abs(SCORE_OF[label] - urgency))


class Desk:
    def __init__(self, store: Store, line: Line, listing: Listing, *, lease_s: float) -> None:
        self._store = store
        self._line = line
        self._listing = listing
        self._lease_ms = int(lease_s * 1000)

    async def next(self, agent: str | None = None, wait_s: float = 0) -> Ticket | None:
        """Leases the most urgent ready ticket that is this agent's or fits them; without a name, the most urgent of all.

        Waits up to `wait_s` for one. None: nothing ready. Raises NotFound for an unknown agent, Unavailable.
        """
        ticket = await self._pull(agent)
        if ticket is not None or wait_s <= 0:
            return ticket
        deadline = time.monotonic() + wait_s
        async with self._line.stand(agent) as poll:
            # Once more, now that nothing can be missed.
            ticket = await self._pull(agent)
            while ticket is None and (left := deadline - time.monotonic()) > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await poll.turn.wait()
                if poll.turn.is_set():
                    ticket = await self._pull(agent)
                    if ticket is None:
                        self._line.in_vain(poll)
                    else:
                        poll.turn.clear()
        return ticket

    async def _pull(self, agent: str | None) -> Ticket | None:
        token = new_token()
        # Shielded: a client that hangs up now must not leave a lease that nobody knows of; it is made, then given back.
        pull = asyncio.ensure_future(self._lease(agent, token))
        try:
            return await asyncio.shield(pull)
        except asyncio.CancelledError:
            ticket = await pull
            if ticket is not None:
                await self._store.verb("release", token, ticket.ticket_id)
            raise

    async def _lease(self, agent: str | None, token: str) -> Ticket | None:
        code, *rest = await self._store.verb("next", self._lease_ms, token, agent or "")
        if code == Code.NO_AGENT:
            raise problem(Code.NO_AGENT, f"agent {agent}")
        if code != Code.DONE:
            return None
        ticket = await self._listing.ticket(rest[0])
        # We may have stood still in between for longer than the lease: then the record holds somebody else's token by now.
        return ticket if _held_by(ticket, token) else None

    async def resolve(self, ticket_id: str, token: str, response: str | None = None) -> Ticket:
        """Done; `response` is what was sent. Raises NotFound, StaleLease, WrongState."""
        return await self._act("resolve", ticket_id, token, "0" if response is None else "1", response or "")

    async def release(self, ticket_id: str, token: str) -> Ticket:
        """Back to its old place in the queue. Raises NotFound, StaleLease, WrongState."""
        return await self._act("release", ticket_id, token)

    async def extend(self, ticket_id: str, token: str) -> Ticket:
        """A whole new lease from now. Raises NotFound, StaleLease, WrongState."""
        ticket = await self._act("extend", ticket_id, token, self._lease_ms)
        if not _held_by(ticket, token):
            raise _refused("extend", ticket_id, Code.STALE_LEASE)
        return ticket

    async def skip(self, ticket_id: str, token: str, reason: str) -> Ticket:
        """Passed on: back to its place, and not offered again to this agent. Raises NotFound, StaleLease, WrongState."""
        return await self._act("skip", ticket_id, token, reason)

    async def snooze(self, ticket_id: str, token: str, until: datetime) -> Ticket:
        """Put aside; comes back at `until` (aware) at its old place. Raises NotFound, StaleLease, WrongState."""
        words = until.strftime("%Y-%m-%d %H:%M UTC")
        return await self._act("snooze", ticket_id, token, int(until.timestamp() * 1000), words)

    async def reopen(self, ticket_id: str) -> Ticket:
        """A resolved ticket back to its old place in the queue. Raises NotFound, WrongState."""
        return await self._answer("reopen", ticket_id, await self._store.verb("reopen", ticket_id))

    async def edit(
        self,
        ticket_id: str,
        *,
        token: str | None = None,
        category: str | None = None,
        urgency_score: float | None = None,
        urgency_label: UrgencyLabel | None = None,
        response: str | None = None,
    ) -> Ticket:
        """A person's corrections. While somebody holds the ticket their token is needed.

        Raises NotFound, StaleLease, and WrongState while it is still being judged.
        """
        ticket = await self._listing.ticket(ticket_id)
        fields: list[Word] = []
        place: Word = ""
        if urgency_label is not None and urgency_score is None:
            urgency_score = SCORE_OF[urgency_label]
        if urgency_score is not None:
            urgency_label = urgency_label or label_of(urgency_score)
            place = priority(urgency_score, ticket.created_at)
            fields += ["urgency_score", f"{urgency_score:.4f}"]
        if urgency_label is not None:
            fields += ["urgency_label", urgency_label.value]
        if response is not None:
            fields += ["response", response]
        code = await self._store.verb("edit", token or "", ticket_id, category or "", place, *fields)
        return await self._answer("edit", ticket_id, code)

    async def _act(self, verb: str, ticket_id: str, token: str, *words: Word) -> Ticket:
        return await self._answer(verb, ticket_id, await self._store.verb(verb, token, ticket_id, *words))

    async def _answer(self, verb: str, ticket_id: str, code: int) -> Ticket:
        if code != Code.DONE:
            raise _refused(verb, ticket_id, code)
        return await self._listing.ticket(ticket_id)


def _refused(verb: str, ticket_id: str, code: int) -> BrokerError:
    """The exception; a late answer is also logged, since only there an agent's lost work shows. A token never is: it may be valid."""
    if code == Code.STALE_LEASE:
        log.info("late answer refused: %s of ticket %s under a lease that is over or was never theirs", verb, ticket_id)
    return problem(code, f"ticket {ticket_id}")


def _held_by(ticket: Ticket, token: str) -> bool:
    return ticket.lease is not None and ticket.lease.token == token
