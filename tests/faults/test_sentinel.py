"""A primary under three real Sentinels, killed under load."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.errors import Unavailable
from broker.records import NewTicket
from scripts.preflight import StartError, check_redis
from scripts.redis_binary import find_redis_server
from tests.faults.conftest import OpenBroker
from tests.faults.redis_fleet import PASSWORD, SERVERS, SERVICE, SentinelFleet, ask, until
from tests.faults.steady_load import answering, assert_all_there, pour, settled, working

TICKETS = 600


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SentinelFleet]:
    """For tests that break nothing."""
    with SentinelFleet(tmp_path_factory.mktemp("calm"), find_redis_server()) as fleet:
        yield fleet


@pytest.mark.parametrize("binary", SERVERS[:1], ids=str)
async def test_the_primary_is_killed_under_load_and_nothing_accepted_is_lost(
    open_broker: OpenBroker, binary: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with SentinelFleet(tmp_path, binary, replicas=2) as fleet:
        broker = await open_broker(fleet.url, min_replicas=1, processing_lease_s=2)
        resolved: set[str] = set()
        async with broker.events.follow() as news, working(broker), answering(broker, resolved):
            with caplog.at_level(logging.WARNING, logger="broker"):
                accepted = await pour(broker, TICKETS, strike_at=TICKETS // 3, strike=fleet.servers[0].kill)
            terms = await settled(broker, TICKETS)
            await assert_all_there(broker, accepted)
            last = (await broker.intake.submit(NewTicket(subject="after it all"), idempotency_key="last")).ticket_id
            async with asyncio.timeout(10):
                while (await anext(news))["ticket_id"] != last:
                    pass
        assert len(resolved) > 0 and terms["folded"] + terms["ready"] + terms["claimed"] + terms["resolved"] == TICKETS
        assert sorted(fleet.role(place) for place in (1, 2)) == ["master", "slave"]
        said = [record.getMessage() for record in caplog.records]
        outages = [line.split()[2] for line in said if line.startswith("Redis is")]
        assert outages == ["away:", "back"] * (len(outages) // 2), "each outage is said once, with its end"
        assert 1 <= len(outages) // 2 <= 3, said  # hundreds of calls failed


async def test_a_primary_frozen_and_replaced_is_left_behind(
    open_broker: OpenBroker, tmp_path: Path, namespace: str
) -> None:
    with SentinelFleet(tmp_path, find_redis_server()) as fleet:
        broker = await open_broker(f"{fleet.url}&socket_timeout=1")
        await broker.intake.submit(NewTicket(subject="before"))
        until(lambda: ask(fleet.servers[1], "EXISTS", f"{{{namespace}}}:pending"), "replication")
        fleet.servers[0].pause()
        until(lambda: fleet.role(1) == "master", "the election")
        async with asyncio.timeout(10):  # connections of before are still open, to nobody
            while True:
                try:
                    await broker.intake.submit(NewTicket(subject="after"), idempotency_key="after")
                    break
                except Unavailable:
                    pass
        assert (await broker.stats.snapshot()).conservation["pending"] == 2
        fleet.servers[0].resume()  # for some seconds, until the Sentinels demote it, it takes itself for the primary
        fresh = await open_broker(fleet.url)
        for one in (broker, fresh):
            assert (await one.stats.snapshot()).conservation["pending"] == 2


async def test_a_dead_sentinel_in_the_url_costs_nothing(open_broker: OpenBroker, calm: SentinelFleet) -> None:
    url = calm.url.replace("@", "@127.0.0.1:1,", 1)
    broker = await open_broker(url)
    assert (await broker.intake.submit(NewTicket(subject="hello"))).ticket_id
    health = await broker.health.check()
    assert health.redis_ok and health.warnings == []


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        (f"/{SERVICE}?", "/nobody?", "knows no service 'nobody'"),
        (f"sentinel_password={PASSWORD}", "sentinel_password=hunter2", "no Sentinel names a primary"),
        (f":{PASSWORD}@", ":hunter2@", "invalid"),
    ],
)
def test_a_wrong_url_is_a_sentence_at_start(calm: SentinelFleet, wrong: str, right: str, said: str) -> None:
    assert wrong in calm.url
    with pytest.raises(StartError) as caught:
        check_redis(calm.url.replace(wrong, right))
    assert said in str(caught.value) and "hunter2" not in str(caught.value)


def test_a_right_url_is_accepted_at_start(calm: SentinelFleet) -> None:
    check_redis(calm.url)


async def test_too_few_copies_is_a_no_that_may_be_repeated(
    open_broker: OpenBroker, tmp_path: Path, namespace: str
) -> None:
    with SentinelFleet(tmp_path, find_redis_server(), sentinels=0) as fleet:
        primary, replica = fleet.servers
        broker = await open_broker(primary.url, min_replicas=1)
        ticket = NewTicket(subject="hello")
        first = await broker.intake.submit(NewTicket(subject="copied"), idempotency_key="first")
        replica.pause()
        with pytest.raises(Unavailable, match="idempotency key"):
            await broker.intake.submit(ticket, idempotency_key="one")
        with pytest.raises(
            Unavailable
        ):  # also when nothing is left to write: the first answer still is on one machine only
            await broker.intake.submit(ticket, idempotency_key="one")
        replica.resume()
        accepted = await broker.intake.submit(ticket, idempotency_key="one")
        assert accepted.replayed and accepted.ticket_id != first.ticket_id
        assert ask(replica, "EXISTS", f"{{{namespace}}}:ticket:{accepted.ticket_id}") == 1
        assert (await broker.stats.snapshot()).conservation["accepted"] == 2

        replica.kill()
        until(lambda: ask(primary, "INFO", "replication")["connected_slaves"] == 0, "the loss")
        health = await broker.health.check()
        assert [warning for warning in health.warnings if "MIN_REPLICAS is 1" in warning] == health.warnings


async def test_scripts_are_loaded_again_where_copies_are_waited_for(open_broker: OpenBroker, tmp_path: Path) -> None:
    with SentinelFleet(tmp_path, find_redis_server(), sentinels=0) as fleet:
        broker = await open_broker(fleet.servers[0].url, min_replicas=1)
        for n in range(2):
            await broker.intake.submit(NewTicket(subject=f"number {n}"))
            ask(fleet.servers[0], "SCRIPT", "FLUSH")
        assert (await broker.stats.snapshot()).conservation["pending"] == 2
