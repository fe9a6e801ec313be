"""Percentiles, limits, the health board, settings."""

import pytest
from pydantic import ValidationError

from broker import Broker, BrokerSettings
from broker.presence import WorkerReport
from broker.statistics import percentiles
from tests.broker.conftest import MakeBroker
from tests.broker.desk_work import Clock, outcome, submit, take


def test_percentiles_are_upper_edges_of_their_buckets() -> None:
    assert percentiles({}) == {}
    # bucket 46 holds 98.5 to 108.9 ms, bucket 69 holds 991 to 1,096 ms
    assert percentiles({46: 98, 69: 2}) == {"p50": 108.9, "p95": 108.9, "p99": 1095.6}


async def test_accept_to_ready_is_measured(broker: Broker, clock: Clock) -> None:
    await submit(broker)
    batch = await take(broker)
    clock.pass_s(1)
    await batch.finish([(batch.tickets[0], outcome(), None)])
    measured = (await broker.stats.snapshot()).latency_ms["p50"]
    assert 1000 <= measured <= 1110


async def test_the_limit_counts_all_processes_together_and_starts_anew_each_minute(
    make_broker: MakeBroker, clock: Clock
) -> None:
    one, other = await make_broker(), await make_broker()
    assert [await (one, other)[n % 2].limits.hit("secret", 3) for n in range(5)] == [True, True, True, False, False]
    assert await one.limits.hit("someone else", 3)
    clock.pass_s(60)
    assert await one.limits.hit("secret", 3)


def report(worker_id: str) -> WorkerReport:
    return WorkerReport(worker_id, "stub", "1", "ready", 7, "closed", None, "log")


async def test_workers_are_seen_while_they_beat(broker: Broker, clock: Clock) -> None:
    await broker.health.beat(report("a"))
    await broker.health.beat(report("b"))
    assert [worker.worker_id for worker in (await broker.health.check()).workers] == ["a", "b"]
    clock.pass_s(6)
    await broker.health.beat(report("b"))
    assert [worker.worker_id for worker in (await broker.health.check()).workers] == ["b"]
    await broker.health.leave("b")
    assert (await broker.health.check()).workers == []
    clock.pass_s(60)
    await broker.health.beat(report("c"))
    assert await broker.store.command("HKEYS", broker.store.keys.name("workers")) == ["c"]


def test_settings_have_the_documented_defaults() -> None:
    settings = BrokerSettings(_env_file=None, redis_url="redis://127.0.0.1")  # type: ignore[call-arg]
    assert (settings.flood_threshold, settings.flood_window_seconds) == (10, 300)
    assert {agent.name: (agent.skills, agent.capacity) for agent in settings.agent_list()} == {
        "Agent1": ({"Technical": 0.9, "Billing": 0.1}, 5),
        "Agent2": ({"Billing": 0.8, "Legal": 0.2, "Technical": 0.2}, 4),
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [("AGENTS", "{"), ("AGENTS", '{"Ann": {"skills": {"Billing": 2}, "capacity": 1}}'), ("AGENTS", '{"Ann": {}}'),
     ("NAMESPACE", "a b"), ("NAMESPACE", "{x}"), ("MAX_BACKLOG", "0"), ("FLOOD_THRESHOLD", "many")],
)  # fmt: skip
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        BrokerSettings(_env_file=None)  # type: ignore[call-arg]
    assert str(caught.value.errors()[0]["loc"][0]).upper() == name
