"""WS /ws/tickets through a real server: how a connection ends, also one that takes nothing."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from broker import Broker
from broker import events as broker_events
from router import socket as router_socket
from router import socket_protocol
from router import subscription as router_subscription
from router.app import create_app
from router.config import RouterConfig
from router.server import Server, listen, url_of
from router.text import BODY_MAX_CHARS
from tests.redis_server import RedisServer
from tests.router.conftest import Serve
from tests.router.live_client import ALL, NDJSON, address, closed, say, subscribed

# Tickets of 100 kB: 6 MB, where the kernel's buffers of both sides take about 4.
MORE_THAN_BUFFERS_HOLD = 60


async def test_who_subscribes_to_nothing_is_closed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router_socket, "IDLE_S", 0.05)
    async with connect(address(url)) as live:
        assert await closed(live) == (1000, "nothing subscribed")


def raw_listener(url: str) -> socket.socket:
    """A connection with the smallest buffer there is, so that few bytes fill it."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    return connection


@asynccontextmanager
async def sleepy(url: str) -> AsyncIterator[ClientConnection]:
    """A listener that takes one message off its small buffer and then reads no more until it is asked to."""
    connection = raw_listener(url)
    host, port = urlsplit(url).hostname, urlsplit(url).port
    await asyncio.get_running_loop().sock_connect(connection, (host, port))
    async with connect(address(url), sock=connection, max_queue=1, ping_interval=None, close_timeout=0.1) as live:
        yield live


async def fill(api: httpx.AsyncClient, count: int) -> None:
    for first in range(0, count, 30):
        lines = (json.dumps({"ticket_id": f"big-{first + n}", "body": "x" * BODY_MAX_CHARS}) for n in range(30))
        answer = await api.post("/tickets/bulk", content="\n".join(lines), headers=NDJSON)
        assert answer.json()["accepted"] == 30


async def nobody_follows(broker: Broker) -> None:
    """The session has ended, whatever of it is still on its way."""
    async with asyncio.timeout(10):
        while broker.events._listeners:
            await asyncio.sleep(0.01)


async def test_a_listener_that_takes_nothing_is_closed_with_1013(
    url: str, api: httpx.AsyncClient, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router_socket, "SEND_PATIENCE_S", 0.2)
    async with sleepy(url) as live:
        await subscribed(live)
        await fill(api, MORE_THAN_BUFFERS_HOLD)
        await nobody_follows(broker)
        assert await closed(live) == (1013, "too slow: the connection takes no more")


async def test_a_listener_that_never_reads_again_is_cut_off(
    url: str, api: httpx.AsyncClient, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = asyncio.Event()
    real = socket_protocol.SocketProtocol.connection_lost

    def seen(self: socket_protocol.SocketProtocol, exc: Exception | None) -> None:
        real(self, exc)
        lost.set()

    monkeypatch.setattr(socket_protocol.SocketProtocol, "connection_lost", seen)
    monkeypatch.setattr(router_socket, "SEND_PATIENCE_S", 0.1)
    monkeypatch.setattr(socket_protocol, "GOODBYE_S", 0.1)
    async with sleepy(url) as live:
        await subscribed(live)
        await fill(api, MORE_THAN_BUFFERS_HOLD)
        await asyncio.wait_for(lost.wait(), 10)
        assert (await closed(live))[0] != 1013, "the goodbye was behind what was never read"


async def test_a_listener_too_many_changes_behind_is_closed_with_1013(
    url: str, api: httpx.AsyncClient, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_events, "MOST_BEHIND", 100)
    monkeypatch.setattr(router_subscription, "BATCH_MAX", 2)
    async with sleepy(url) as live, broker.events.about("last") as told:
        await subscribed(live)
        await fill(api, MORE_THAN_BUFFERS_HOLD)
        for n in range(2):  # the first hundred may still find room
            lines = "\n".join(json.dumps({"ticket_id": f"small-{n}-{m}", "subject": "x"}) for m in range(100))
            await api.post("/tickets/bulk", content=lines, headers=NDJSON)
        await api.post("/tickets", json={"ticket_id": "last", "subject": "x"})
        await asyncio.wait_for(told.wait(), 10)
        assert await closed(live) == (1013, "too slow: too many changes behind")


async def test_without_redis_a_listener_is_told_to_come_again(own_redis: RedisServer, serve: Serve) -> None:
    broker = await Broker.open(own_redis.url)
    url = await serve(broker, RouterConfig())
    async with connect(address(url)) as live:
        own_redis.kill()
        await say(live, ALL)
        code, reason = await closed(live)
        assert code == 1013
        assert "Redis" in reason
    await broker.close()


async def test_a_stop_says_goodbye_with_1001_and_waits_for_no_sleeper(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_protocol, "GOODBYE_AT_STOP_S", 0.2)
    listener = listen("127.0.0.1", 0)
    server = Server(create_app(broker, RouterConfig()))
    running = asyncio.create_task(server.serve([listener]))
    url = url_of(listener)
    async with connect(address(url)) as live, sleepy(url) as asleep, httpx.AsyncClient(base_url=url) as api:
        await subscribed(asleep)
        await fill(api, MORE_THAN_BUFFERS_HOLD)
        await subscribed(live)
        server.stop()
        assert await closed(live) == (1001, "the server stops")
        await asyncio.wait_for(running, 8)


async def test_who_leaves_is_forgotten(url: str, api: httpx.AsyncClient, broker: Broker) -> None:
    async with connect(address(url)) as live:
        await subscribed(live)
        assert "smart_support_websockets 1.0" in (await api.get("/metrics")).text.splitlines()
    async with asyncio.timeout(10):
        while "smart_support_websockets 0.0" not in (await api.get("/metrics")).text.splitlines():
            await asyncio.sleep(0.01)
    assert not broker.events._listeners
