"""Taking tickets in. Requests that arrive while a round trip is under way share the next one."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from broker.codec import digest, to_fields
from broker.errors import BrokerError, Unavailable
from broker.records import Accepted, NewTicket
from broker.scripts import Code, Word, problem
from broker.store import Store, new_id

# Long enough for any sensible client's retries; Stripe keeps its keys as long.
IDEMPOTENCY_LIFETIME_S = 24 * 3600
# Tickets in one script: more would hold Redis for over a millisecond, fewer buys nothing in throughput.
MOST_PER_SCRIPT = 64
# A submit is safe to repeat (same id, same content), so a blink of Redis is bridged instead of shown to the customer.
PATIENCE_S = 1.0
PAUSE_S = 0.05


@dataclass(slots=True)
class _Waiting:
    words: list[Word]
    answer: "asyncio.Future[Accepted]"


class Intake:
    """`POST /tickets` behind the HTTP. No global lock: nobody is turned away because somebody else is posting."""

    def __init__(self, store: Store, max_backlog: int) -> None:
        self._store = store
        self._max_backlog = max_backlog
        self._waiting: list[_Waiting] = []
        self._calling = False
        self._sender: asyncio.Task[None] | None = None

    async def submit(self, ticket: NewTicket, *, idempotency_key: str | None = None) -> Accepted:
        """All or nothing. Raises TicketExists, KeyReused, BacklogFull, Unavailable."""
        words = _words(ticket, idempotency_key)
        if self._calling:
            return await self._enqueue(words)
        # Alone: no task and no turn of the loop between this caller and Redis.
        self._calling = True
        try:
            [(code, ticket_id)] = await self._call([words])
        finally:
            self._calling = False
            if self._waiting:
                self._start_sender()
        return _accepted(code, ticket_id, words)

    async def submit_many(self, tickets: Sequence[NewTicket]) -> list[Accepted | BrokerError]:
        """Each by itself: one refusal spoils only itself."""
        waiting = [self._enqueue(_words(ticket, None)) for ticket in tickets]
        checked: list[Accepted | BrokerError] = []
        for answer in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(answer, BaseException) and not isinstance(answer, BrokerError):
                raise answer
            checked.append(answer)
        return checked

    def _enqueue(self, words: list[Word]) -> "asyncio.Future[Accepted]":
        answer: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(words, answer))
        if not self._calling:
            self._start_sender()
        return answer

    def _start_sender(self) -> None:
        self._calling = True
        self._sender = asyncio.create_task(self._send())

    async def _send(self) -> None:
        """Runs while anybody waits. One call at a time: what comes meanwhile makes up the next."""
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_PER_SCRIPT], self._waiting[MOST_PER_SCRIPT:]
                await self._send_batch(batch)
                # Those just answered send their next ticket, and the loop reads what has come: a turn's wait makes the next call
                # larger, a fifth more throughput at 32 connections.
                await asyncio.sleep(0)
        finally:
            self._calling = False

    async def _send_batch(self, batch: list[_Waiting]) -> None:
        try:
            answers = await self._call([one.words for one in batch])
        except Exception as error:  # whatever went wrong is each caller's to hear, and the next batch must still go
            for one in batch:
                if not one.answer.done():
                    one.answer.set_exception(error)
            return
        for one, (code, ticket_id) in zip(batch, answers, strict=True):
            if one.answer.done():  # the client hung up; the ticket stands all the same
                continue
            try:
                one.answer.set_result(_accepted(code, ticket_id, one.words))
            except BrokerError as refusal:
                one.answer.set_exception(refusal)

    async def _call(self, tickets: list[list[Word]]) -> list[tuple[int, str]]:
        words = [word for ticket in tickets for word in ticket]
        give_up = time.monotonic() + PATIENCE_S
        while True:
            try:
                answers: list[tuple[int, str]] = await self._store.verb_copied(
                    "submit", self._max_backlog, IDEMPOTENCY_LIFETIME_S, *words
                )
                return answers
            except Unavailable:
                if time.monotonic() >= give_up:
                    raise
                await asyncio.sleep(PAUSE_S)


def _words(ticket: NewTicket, key: str | None) -> list[Word]:
    """One ticket as submit.lua takes it: id, idempotency key, digest, number of field words, field words."""
    fields = to_fields(ticket)
    return [ticket.ticket_id or new_id(), key or "", digest(ticket), len(fields), *fields]


def _accepted(code: int, ticket_id: str, words: list[Word]) -> Accepted:
    if code in (Code.ACCEPTED, Code.REPLAYED):
        return Accepted(ticket_id, replayed=code == Code.REPLAYED)
    raise problem(code, f"ticket {words[0]}")
