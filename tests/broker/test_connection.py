"""Redis away, back, frozen, full: what callers see and what is kept."""

import asyncio
import logging

import pytest

from broker import Broker
from broker.errors import Unavailable
from tests.broker.desk_work import assert_balanced, ready, submit
from tests.conftest import MakeRedis
from tests.redis_server import RedisServer


async def test_an_outage_is_unavailable_and_said_once_with_its_length(
    own_redis: RedisServer, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    broker = await Broker.open(own_redis.url, namespace=namespace)
    ticket_id = await submit(broker)
    own_redis.kill()
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            with pytest.raises(Unavailable):
                await broker.listing.ticket(ticket_id)
        own_redis.start()
        assert (await broker.listing.ticket(ticket_id)).subject == "hello", "kept by the append-only file"
    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if line.startswith("Redis is away")]) == 1
    assert len([line for line in said if line.startswith("Redis is back after")]) == 1
    await broker.close()


async def test_scripts_survive_a_restart(own_redis: RedisServer, namespace: str) -> None:
    broker = await Broker.open(own_redis.url, namespace=namespace)
    await ready(broker)
    own_redis.restart()
    await ready(broker)
    assert (await assert_balanced(broker))["ready"] == 2
    await broker.close()


async def test_a_blink_of_redis_is_bridged_for_the_customer(own_redis: RedisServer, namespace: str) -> None:
    broker = await Broker.open(own_redis.url, namespace=namespace)
    await submit(broker, "before")
    own_redis.kill()
    during = asyncio.create_task(submit(broker, "during"))
    await asyncio.sleep(0)
    own_redis.start()
    assert (await broker.listing.ticket(await during)).subject == "during"
    assert (await assert_balanced(broker))["accepted"] == 2
    await broker.close()


async def test_a_full_redis_refuses_and_loses_nothing(make_redis: MakeRedis, namespace: str) -> None:
    server = make_redis("maxmemory 6mb", "maxmemory-policy noeviction")
    broker = await Broker.open(server.url, namespace=namespace)
    accepted = 0
    with pytest.raises(Unavailable):
        for n in range(5_000):
            await submit(broker, f"{n}" + "x" * 5_000)
            accepted += 1
    assert accepted > 0
    assert (await assert_balanced(broker))["accepted"] == accepted
    await broker.close()


async def test_a_dangerous_configuration_is_reported(make_redis: MakeRedis, namespace: str) -> None:
    server = make_redis("maxmemory-policy allkeys-lru", "appendonly no")
    broker = await Broker.open(server.url, namespace=namespace)
    health = await broker.health.check()
    assert len(health.warnings) == 2
    assert "allkeys-lru" in health.warnings[0] and "noeviction" in health.warnings[0]
    assert "appendonly" in health.warnings[1]
    await broker.close()


async def test_health_answers_while_redis_is_frozen(own_redis: RedisServer, namespace: str) -> None:
    broker = await Broker.open(own_redis.url, namespace=namespace)
    own_redis.pause()
    health = await broker.health.check()
    assert not health.redis_ok and health.warnings == ["Redis does not answer"]
    own_redis.resume()
    assert (await broker.health.check()).redis_ok
    await broker.close()


async def test_nothing_there_is_unavailable_and_a_bad_url_a_value_error(namespace: str) -> None:
    with pytest.raises(Unavailable):
        await Broker.open("redis://127.0.0.1:1/0", namespace=namespace)
    with pytest.raises(ValueError):
        await Broker.open("http://example.com", namespace=namespace)
