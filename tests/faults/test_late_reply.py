"""An agent whose lease ran out before the answer was made must not be handed the next holder's token."""

import uuid
from collections.abc import AsyncIterator

import pytest

from broker import Broker
from broker.errors import StaleLease
from broker.records import NewTicket, Ticket
from tests.broker.desk_work import Clock, outcome, take

LEASE_S = 5


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def broker(redis_url: str, clock: Clock) -> AsyncIterator[Broker]:
    broker = await Broker.open(redis_url, namespace=uuid.uuid4().hex, clock=clock, claim_lease_s=LEASE_S)
    await broker.intake.submit(NewTicket(subject="one ticket"))
    batch = await take(broker)
    await batch.finish([(ticket, outcome(), None) for ticket in batch.tickets])
    yield broker
    await broker.close()


class SlowLook:
    """Between the lease and the look at the ticket the process stands still, and somebody else pulls the ticket."""

    def __init__(self, broker: Broker, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.next_holder: Ticket | None = None
        self._broker = broker
        self._clock = clock
        self._monkeypatch = monkeypatch
        self._look = broker.listing.ticket
        monkeypatch.setattr(broker.listing, "ticket", self)

    async def __call__(self, ticket_id: str) -> Ticket:
        self._monkeypatch.undo()
        self._clock.pass_s(LEASE_S + 1)
        await self._broker.recovery.sweep()
        self.next_holder = await self._broker.desk.next()
        return await self._look(ticket_id)


async def test_a_pull(broker: Broker, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowLook(broker, clock, monkeypatch)
    late = await broker.desk.next()
    assert slow.next_holder is not None and slow.next_holder.lease is not None
    assert late is None


async def test_an_extension(broker: Broker, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    held = await broker.desk.next()
    assert held is not None and held.lease is not None
    slow = SlowLook(broker, clock, monkeypatch)
    with pytest.raises(StaleLease):
        await broker.desk.extend(held.ticket_id, held.lease.token)
    assert slow.next_holder is not None and slow.next_holder.lease is not None
