"""The proxy between the product and Redis: invisible until told otherwise, then exactly as bad as it was told to be."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from broker import Broker
from broker.errors import Unavailable
from broker.records import NewTicket
from scripts.fault_proxy import QUIET, Proxy, Trouble
from tests.redis_server import RedisServer


@pytest.fixture
async def proxy(redis_server: RedisServer) -> AsyncIterator[Proxy]:
    proxy = Proxy(redis_server.port, rng=random.Random(1))
    await proxy.start()
    yield proxy
    await proxy.stop()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", proxy.port)


@pytest.fixture
async def broker(proxy: Proxy, redis_server: RedisServer, namespace: str) -> AsyncIterator[Broker]:
    url = f"redis://:{redis_server.password}@127.0.0.1:{proxy.port}/0"
    broker = await Broker.open(url, namespace=namespace)
    yield broker
    proxy.trouble = QUIET
    await broker.close()


@pytest.fixture
async def direct(redis_url: str, namespace: str) -> AsyncIterator[Broker]:
    broker = await Broker.open(redis_url, namespace=namespace)
    yield broker
    await broker.close()


async def test_left_alone_it_passes_everything_on(proxy: Proxy, broker: Broker) -> None:
    large = "x" * 200_000  # several chunks each way
    accepted = await broker.intake.submit(NewTicket(subject="large", body=large))
    assert (await broker.listing.ticket(accepted.ticket_id)).body == large
    assert proxy.inflicted.total == 0


async def test_a_cut_bell_reply_loses_the_bell_and_not_the_ticket(proxy: Proxy, broker: Broker, direct: Broker) -> None:
    proxy.trouble = Trouble(cut_bells=1.0)
    await direct.intake.submit(NewTicket(subject="popped and lost"))
    with pytest.raises(Unavailable):
        await broker.work.take(4)
    assert proxy.inflicted.bells_cut == 1
    assert await direct.store.command("LLEN", direct.store.keys.name("bell")) == 0, "its bell is gone"
    assert (await direct.stats.snapshot()).conservation["pending"] == 1, "the ticket is not"


async def test_other_replies_are_left_alone_by_bell_trouble(proxy: Proxy, broker: Broker) -> None:
    proxy.trouble = Trouble(cut_bells=1.0)
    await broker.store.now_ms()
    assert proxy.inflicted.total == 0


async def test_a_cut_reply_is_an_outage_and_the_command_has_run(
    proxy: Proxy, broker: Broker, direct: Broker, namespace: str
) -> None:
    proxy.trouble = Trouble(cut=1.0)
    with pytest.raises(Unavailable):
        await broker.store.command("SET", f"{{{namespace}}}:mark", "1")
    assert proxy.inflicted.cut == 1
    assert await direct.store.command("GET", f"{{{namespace}}}:mark") == "1"


async def test_a_half_closed_connection_is_an_outage(proxy: Proxy, broker: Broker) -> None:
    proxy.trouble = Trouble(half_close=1.0)
    with pytest.raises(Unavailable):
        await broker.store.now_ms()
    assert proxy.inflicted.half_closed == 1
    proxy.trouble = QUIET
    assert await broker.store.now_ms() > 0, "and the next connection is a good one"


async def test_a_delay_is_waited_out(proxy: Proxy, broker: Broker) -> None:
    proxy.trouble = Trouble(delay_s=0.02)
    assert await broker.store.now_ms() > 0
    assert proxy.inflicted.delayed >= 1


async def test_a_mute_connection_says_nothing_until_the_other_side_gives_up(proxy: Proxy, broker: Broker) -> None:
    proxy.trouble = Trouble(mute=1.0)
    asking = asyncio.create_task(broker.store.now_ms())
    while proxy.inflicted.muted == 0:
        await asyncio.sleep(0)
    assert not asking.done()
    await proxy.stop()
    with pytest.raises(Unavailable):
        await asking


async def test_a_redis_that_is_down_is_a_closed_connection(proxy: Proxy) -> None:
    nowhere = Proxy(1, rng=random.Random(1))
    await nowhere.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", nowhere.port)
    assert await reader.read() == b""
    writer.close()
    await nowhere.stop()
