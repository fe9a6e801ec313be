"""Requests a minute: exact in one process, never more than the limit in several, and a round trip for a portion only."""

import asyncio

from broker import Broker
from tests.broker.conftest import MakeBroker
from tests.broker.desk_work import Clock


async def scripts_run(broker: Broker) -> int:
    stats = await broker.store.command("INFO", "commandstats")
    return int(stats["cmdstat_evalsha"]["calls"])


async def test_one_process_lets_exactly_the_limit_through(broker: Broker) -> None:
    assert sum([await broker.limits.hit("a", 1_050) for _ in range(1_100)]) == 1_050


async def test_callers_at_once_share_a_portion(broker: Broker) -> None:
    assert sum(await asyncio.gather(*(broker.limits.hit("a", 250) for _ in range(400)))) == 250


async def test_several_processes_never_let_more_through_and_hardly_less(make_broker: MakeBroker, clock: Clock) -> None:
    processes = [await make_broker() for _ in range(3)]
    hits = [await processes[number % 3].limits.hit("a", 1_000) for number in range(1_500)]
    # Each of the others may sit on a hundredth that it did not need.
    assert 1_000 - 2 * 10 <= sum(hits) <= 1_000
    clock.pass_s(60)
    assert await processes[0].limits.hit("a", 1_000)


async def test_most_requests_cost_no_round_trip(broker: Broker) -> None:
    await broker.limits.hit("a", 10_000)
    before = await scripts_run(broker)
    for _ in range(99):
        assert await broker.limits.hit("a", 10_000)
    assert await scripts_run(broker) == before


async def test_who_is_over_the_limit_costs_no_round_trip_until_the_minute_turns(broker: Broker, clock: Clock) -> None:
    assert [await broker.limits.hit("a", 2) for _ in range(3)] == [True, True, False]
    before = await scripts_run(broker)
    assert not any([await broker.limits.hit("a", 2) for _ in range(20)])
    assert await scripts_run(broker) == before
    clock.pass_s(60)
    assert await broker.limits.hit("a", 2)
