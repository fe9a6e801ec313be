import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from broker import Broker
from broker.records import AiStatus, NewTicket, Status
from ml.judge import Judge, Judgement
from ml.spec import EngineSpec
from ml.verdict import TicketText
from tests.redis_server import RedisServer
from worker.loop import Loop
from worker.rescore import look_again


class Stumbling(Judge):
    """The stub engine, failing on texts that say so: a bug in the fallback itself, which no ticket may cause to others."""

    async def judge(self, texts: Sequence[TicketText]) -> Judgement:
        if any("poison" in text.subject for text in texts):
            raise RuntimeError("stumbled")
        return await super().judge(texts)


@asynccontextmanager
async def running(broker: Broker, judge: Judge) -> AsyncIterator[None]:
    stopping = asyncio.Event()
    await judge.start()
    loop = asyncio.create_task(Loop(broker, judge, alert_above=0.8, stopping=stopping).run())
    try:
        yield
    finally:
        stopping.set()
        await loop
        await judge.stop()


def stub() -> Judge:
    return Judge(EngineSpec(engine="stub"))


async def judged(broker: Broker, *subjects: str) -> list[str]:
    return [(await broker.intake.submit(NewTicket(subject=subject))).ticket_id for subject in subjects]


async def status(broker: Broker, ticket_id: str) -> Status:
    return (await broker.listing.wait_finished(ticket_id, 10)).status


async def test_tickets_are_judged_and_urgent_ones_alerted(broker: Broker) -> None:
    async with running(broker, stub()):
        calm, critical = await judged(broker, "Legal question about paper", "critical Billing outage now")
        assert await status(broker, calm) == await status(broker, critical) == Status.COMPLETED
    ticket = await broker.listing.ticket(critical)
    assert (ticket.category, ticket.engine, ticket.ai_status) == ("Billing", "stub", AiStatus.DONE)
    stats = await broker.stats.snapshot()
    assert stats.alerts_waiting == 1 and stats.balanced


async def test_the_eleventh_copy_folds_with_two_workers(broker: Broker, redis_url: str, namespace: str) -> None:
    second = await Broker.open(redis_url, namespace=namespace)
    async with running(broker, stub()), running(second, stub()):
        ids = await judged(broker, *["Server outage broken login"] * 15)
        statuses = [await status(broker, ticket_id) for ticket_id in ids]
    assert statuses == [Status.COMPLETED] * 10 + [Status.MASTER_INCIDENT] * 5
    await second.close()


async def test_a_poison_ticket_is_given_up_alone(redis_url: str, namespace: str) -> None:
    broker = await Broker.open(redis_url, namespace=namespace, max_attempts=2)
    ids = await judged(broker, "one", "poison", "two")
    async with running(broker, Stumbling(EngineSpec(engine="stub"))):
        assert await status(broker, ids[0]) == await status(broker, ids[2]) == Status.COMPLETED
        assert await status(broker, ids[1]) == Status.DEAD
    assert "RuntimeError" in ((await broker.listing.ticket(ids[1])).error or "")
    assert (await broker.stats.snapshot()).balanced
    await broker.close()


async def test_the_loop_goes_on_after_redis_was_away(own_redis: RedisServer, namespace: str) -> None:
    broker = await Broker.open(own_redis.url, namespace=namespace)
    async with running(broker, stub()):
        [before] = await judged(broker, "before")
        assert await status(broker, before) == Status.COMPLETED
        own_redis.kill()
        own_redis.start()
        [after] = await judged(broker, "after")
        assert await status(broker, after) == Status.COMPLETED
    await broker.close()


async def test_the_second_look_waits_for_the_models(broker: Broker) -> None:
    broken = Judge(EngineSpec(engine="nli", zero_shot_model="/nonexistent/model"))
    async with running(broker, broken):
        [ticket_id] = await judged(broker, "Refund for the invoice, please")
        assert await status(broker, ticket_id) == Status.COMPLETED
        ticket = await broker.listing.ticket(ticket_id)
        assert (ticket.engine, ticket.ai_status, ticket.category) == ("keywords", AiStatus.FALLBACK, "Billing")
        assert await look_again(broker, broken, alert_above=0.8) == 0
    healthy = stub()
    assert await look_again(broker, healthy, alert_above=0.8) == 1
    ticket = await broker.listing.ticket(ticket_id)
    assert (ticket.engine, ticket.ai_status) == ("stub", AiStatus.DONE)
    assert not any("keywords" in reason for reason in ticket.reasons)


async def test_what_is_taken_is_finished_before_the_loop_stops(broker: Broker) -> None:
    async with running(broker, stub()):
        ids = await judged(broker, *[f"ticket {n}" for n in range(40)])
    states = {(await broker.listing.ticket(ticket_id)).status for ticket_id in ids}
    assert states <= {Status.COMPLETED, Status.PENDING}, "nothing is left in work"


@pytest.mark.parametrize("burst", [300])
async def test_a_burst_is_drained_in_full(broker: Broker, burst: int) -> None:
    async with running(broker, stub()):
        ids = await judged(broker, *[f"different matter number {n}" for n in range(burst)])
        assert {await status(broker, ticket_id) for ticket_id in ids} <= {Status.COMPLETED, Status.MASTER_INCIDENT}
    assert (await broker.stats.snapshot()).balanced
