"""A namespace on a real Cluster: its whole day, its slot moving house, its primary killed under load."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.errors import Unavailable
from broker.records import Agent, NewTicket, Presence, Status
from scripts.preflight import check_redis
from scripts.redis_binary import find_redis_server
from tests.broker.desk_work import outcome, take, token
from tests.faults.conftest import OpenBroker
from tests.faults.redis_fleet import SERVERS, ClusterFleet, slot_of
from tests.faults.steady_load import answering, assert_all_there, pour, settled, working

TICKETS = 600


@pytest.fixture(scope="module", params=SERVERS, ids=str)
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterFleet]:
    """Three nodes, for tests that leave them whole."""
    with ClusterFleet(tmp_path_factory.mktemp("cluster"), request.param) as fleet:
        yield fleet


async def test_a_whole_day_on_three_nodes(open_broker: OpenBroker, cluster: ClusterFleet) -> None:
    broker = await open_broker(cluster.url, processing_lease_s=1)
    assert await broker.agents.put(Agent("Ann", {"Technical": 0.9}, 5))
    async with broker.events.follow() as news, working(broker):
        waiting = asyncio.create_task(broker.desk.next("Ann", wait_s=20))
        accepted = await broker.intake.submit(NewTicket(subject="the Technical thing is broken"), idempotency_key="k")
        assert (
            await broker.intake.submit(NewTicket(subject="the Technical thing is broken"), idempotency_key="k")
        ).replayed
        ticket = await waiting
        assert ticket is not None and ticket.ticket_id == accepted.ticket_id and ticket.assigned_agent == "Ann"
        assert (await broker.desk.extend(ticket.ticket_id, token(ticket))).status == Status.CLAIMED
        assert (await broker.desk.resolve(ticket.ticket_id, token(ticket), "done")).status == Status.RESOLVED
        seen: list[str] = []
        async with asyncio.timeout(10):
            while Status.RESOLVED not in seen:
                seen.append((await anext(news))["status"])
        assert [*dict.fromkeys(seen)] == ["pending", "processing", "completed", "claimed", "resolved"]
        copies = await broker.intake.submit_many([NewTicket(subject="Server outage broken login")] * 12)
        for one in copies:
            assert not isinstance(one, Exception)
            await broker.listing.wait_finished(one.ticket_id, 10)
    page = await broker.incidents.list(10, None)
    assert [incident.count for incident in page.items] == [12]
    terms = (await broker.stats.snapshot()).conservation
    assert (terms["accepted"], terms["resolved"], terms["ready"], terms["folded"]) == (13, 1, 10, 2)
    assert len((await broker.listing.queue(50, None)).items) == 10
    assert (await broker.agents.heartbeat("Ann", Presence.AWAY)).status == Presence.AWAY
    assert [to_learn.ticket_id for to_learn in await broker.answers.to_learn(5)] == [ticket.ticket_id]
    health = await broker.health.check()
    assert health.redis_ok and health.warnings == [
        "no replica is connected: nothing can take over from the primary; add one"
    ]


async def test_what_a_dead_worker_held_is_recovered(open_broker: OpenBroker, cluster: ClusterFleet) -> None:
    dead = await open_broker(cluster.url, processing_lease_s=0.05)
    accepted = (await dead.intake.submit(NewTicket(subject="held"))).ticket_id
    await take(dead)
    broker = await open_broker(cluster.url)
    async with working(broker):
        ticket = await broker.listing.wait_finished(accepted, 20)
    assert (ticket.status, ticket.attempts) == (Status.COMPLETED, 2)
    assert (await broker.stats.snapshot()).balanced


async def test_namespaces_spread_over_the_nodes(open_broker: OpenBroker, cluster: ClusterFleet, namespace: str) -> None:
    names = [
        next(f"{namespace}-{n}" for n in range(100) if cluster.owner(f"{namespace}-{n}") is one)
        for one in cluster.servers
    ]
    for name in names:
        broker = await open_broker(cluster.url, namespace=name)
        await broker.intake.submit(NewTicket(subject="hello"))
        assert (await broker.stats.snapshot()).conservation["pending"] == 1


async def test_any_one_node_is_start_enough(open_broker: OpenBroker, cluster: ClusterFleet) -> None:
    for one in cluster.servers:
        url = f"{cluster.url.split('@')[0]}@127.0.0.1:1,127.0.0.1:{one.port}"
        broker = await open_broker(url)
        assert (await broker.store.now_ms()) > 0


def test_a_cluster_is_accepted_at_start(cluster: ClusterFleet) -> None:
    check_redis(cluster.url)


async def test_the_url_of_one_server_on_a_cluster_says_what_to_write(
    open_broker: OpenBroker, cluster: ClusterFleet, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = next(one for one in cluster.servers if one is not cluster.owner(namespace))
    broker = await open_broker(other.url)
    with pytest.raises(Unavailable):
        await broker.listing.queue(1, None)
    assert "REDIS_URL must be redis+cluster://" in caplog.text


async def test_a_slot_that_moves_is_followed_and_nothing_is_done_by_halves(
    open_broker: OpenBroker, cluster: ClusterFleet, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = cluster.owner(namespace)
    target = next(one for one in cluster.servers if one is not source)
    slot = slot_of(namespace)
    broker = await open_broker(cluster.url)
    first = (await broker.intake.submit(NewTicket(subject="before"))).ticket_id
    batch = await take(broker)
    async with broker.events.follow() as news:
        cluster.begin_move(slot, source, target)
        for refused in (
            broker.intake.submit(NewTicket(subject="during")),
            batch.finish([(batch.tickets[0], outcome(), None)]),
            broker.desk.next(),
        ):
            with pytest.raises(Unavailable):
                await refused
        cluster.finish_move(slot, source, target)
        caplog.clear()
        assert await batch.finish([(batch.tickets[0], outcome(), None)]), "a redirection is followed within the call"
        assert (await broker.listing.ticket(first)).status == Status.COMPLETED
        assert "is away" not in caplog.text
        async with asyncio.timeout(10):
            while (await anext(news))["status"] != Status.COMPLETED:
                pass
    terms = (await broker.stats.snapshot()).conservation
    assert (terms["accepted"], terms["ready"]) == (1, 1)


@pytest.mark.parametrize("binary", SERVERS[:1], ids=str)
async def test_the_primary_of_the_slot_is_killed_under_load_and_nothing_accepted_is_lost(
    open_broker: OpenBroker, binary: Path, tmp_path: Path, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    with ClusterFleet(tmp_path, binary) as fleet:
        primary = fleet.owner(namespace)
        replicas = [fleet.replicate(primary) for _ in range(2)]
        broker = await open_broker(fleet.url, min_replicas=1, processing_lease_s=2)
        resolved: set[str] = set()
        async with broker.events.follow() as news, working(broker), answering(broker, resolved):
            with caplog.at_level(logging.WARNING, logger="broker"):
                accepted = await pour(broker, TICKETS, strike_at=TICKETS // 3, strike=primary.kill)
            terms = await settled(broker, TICKETS)
            await assert_all_there(broker, accepted)
            last = (await broker.intake.submit(NewTicket(subject="after it all"), idempotency_key="last")).ticket_id
            async with asyncio.timeout(10):
                while (await anext(news))["ticket_id"] != last:
                    pass
        assert len(resolved) > 0 and terms["folded"] + terms["ready"] + terms["claimed"] + terms["resolved"] == TICKETS
        assert sorted(fleet.role(one) for one in replicas) == ["master", "slave"]
        said = [record.getMessage() for record in caplog.records]
        outages = [line.split()[2] for line in said if line.startswith("Redis is")]
        assert outages == ["away:", "back"] * (len(outages) // 2), "each outage is said once, with its end"
        assert 1 <= len(outages) // 2 <= 3, said  # hundreds of calls failed


async def test_a_cluster_that_is_gone_is_unavailable(open_broker: OpenBroker, tmp_path: Path) -> None:
    with ClusterFleet(tmp_path, find_redis_server()) as fleet:
        broker = await open_broker(fleet.url)
        for one in fleet.servers:
            one.kill()
        with pytest.raises(Unavailable):
            await broker.intake.submit(NewTicket(subject="hello"))
        assert not (await broker.health.check()).redis_ok
