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
    ticket_id: str
    answer: "asyncio.Future[Accepted]"


class Intake:
    """`POST /tickets` behind the HTTP. No global lock: nobody is turned away because somebody else is posting."""

    def __init__(self, store: Store, max_backlog: int) -> None:
        self._store = store
        self._max_backlog = max_backlog
        self._waiting: list[_Waiting] = []
        self._sender: asyncio.Task[None] | None = None

    async def submit(self, ticket: NewTicket, *, idempotency_key: str | None = None) -> Accepted:
        """All or nothing. Raises TicketExists, KeyReused, BacklogFull, Unavailable."""
        return await self._enqueue(ticket, idempotency_key)

    async def submit_many(self, tickets: Sequence[NewTicket]) -> list[Accepted | BrokerError]:
        """Each by itself: one refusal spoils only itself."""
        answers = await asyncio.gather(*(self._enqueue(ticket, None) for ticket in tickets), return_exceptions=True)
        checked: list[Accepted | BrokerError] = []
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, BrokerError):
                raise answer
            checked.append(answer)
        return checked

    def _enqueue(self, ticket: NewTicket, key: str | None) -> "asyncio.Future[Accepted]":
        ticket_id = ticket.ticket_id or new_id()
        fields = to_fields(ticket)
        words: list[Word] = [ticket_id, key or "", digest(ticket), len(fields), *fields]
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Accepted] = loop.create_future()
        self._waiting.append(_Waiting(words, ticket_id, answer))
        if self._sender is None or self._sender.done():
            self._sender = loop.create_task(self._send())
        return answer

    async def _send(self) -> None:
        """Runs while anybody waits. One call at a time: what comes meanwhile makes up the next."""
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_PER_SCRIPT], self._waiting[MOST_PER_SCRIPT:]
            try:
                answers = await self._call(batch)
            except Exception as error:  # whatever went wrong is each caller's to hear, and the next batch must still go
                for one in batch:
                    if not one.answer.done():
                        one.answer.set_exception(error)
                continue
            for one, (code, ticket_id) in zip(batch, answers, strict=True):
                if one.answer.done():  # the client hung up; the ticket stands all the same
                    continue
                if code in (Code.ACCEPTED, Code.REPLAYED):
                    one.answer.set_result(Accepted(ticket_id, replayed=code == Code.REPLAYED))
                else:
                    one.answer.set_exception(problem(code, f"ticket {one.ticket_id}"))
            # Those just answered send their next ticket, and the loop reads what has come: a turn's wait makes the next call
            # larger, a fifth more throughput at 32 connections. The first call of all waits for nobody.
            await asyncio.sleep(0)

    async def _call(self, batch: list[_Waiting]) -> list[tuple[int, str]]:
        words = [word for one in batch for word in one.words]
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
