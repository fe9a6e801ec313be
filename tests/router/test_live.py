"""WS /ws/tickets through a real server: who may listen, what they hear, and how it ends."""

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from broker import Broker
from broker import events as broker_events
from router import socket as router_socket
from router import socket_protocol
from router import subscription as router_subscription
from router.app import create_app
from router.config import RouterConfig
from router.server import Server, listen, url_of
from router.socket_messages import MESSAGE_MAX_BYTES, SUBSCRIBED_MAX
from router.text import BODY_MAX_CHARS
from tests.redis_server import RedisServer
from tests.router.conftest import Serve
from tests.router.judging import judge_all

KEY = "k>>>???"  # needs both letters that base64url has in the place of + and /
NDJSON = {"Content-Type": "application/x-ndjson"}
# Tickets of 100 kB: 6 MB, where the kernel's buffers of both sides take about 4.
MORE_THAN_BUFFERS_HOLD = 60
ALL = {"action": "subscribe", "all": True}
Connect = Callable[..., AbstractAsyncContextManager[ClientConnection]]


def address(url: str) -> str:
    return url.replace("http", "ws", 1) + "/ws/tickets"


@pytest.fixture
async def url(broker: Broker, serve: Serve) -> str:
    return await serve(broker, RouterConfig())


@pytest.fixture
async def live(url: str) -> AsyncIterator[ClientConnection]:
    async with connect(address(url)) as connection:
        yield connection


@pytest.fixture
async def api(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=40) as client:
        yield client


async def say(live: ClientConnection, message: object) -> None:
    await live.send(json.dumps(message))


async def hear(live: ClientConnection) -> dict[str, Any]:
    heard: dict[str, Any] = json.loads(await asyncio.wait_for(live.recv(), 10))
    return heard


async def subscribed(live: ClientConnection, message: dict[str, Any] = ALL) -> str:
    await say(live, message)
    answer = await hear(live)
    assert answer["type"] == "subscribed", answer
    event_id: str = answer["event_id"]
    return event_id


async def until(live: ClientConnection, ticket_id: str, status: str) -> dict[str, Any]:
    """The first message that shows this ticket so; changes in quick succession come as one, so none before it is certain."""
    async with asyncio.timeout(10):
        while True:
            heard = await hear(live)
            assert heard["type"] == "ticket_updated"
            if (heard["data"]["ticket_id"], heard["data"]["status"]) == (ticket_id, status):
                return heard


async def closed(live: ClientConnection) -> tuple[int | None, str]:
    """The code and reason, after whatever else was still to come."""
    async with asyncio.timeout(20):
        while True:
            try:
                await live.recv()
            except ConnectionClosed:
                return live.close_code, live.close_reason or ""


async def test_a_listener_hears_each_ticket_as_anybody_may_see_it(
    live: ClientConnection, api: httpx.AsyncClient, broker: Broker
) -> None:
    await subscribed(live)
    await api.post("/tickets", json={"ticket_id": "t", "subject": "Grüße 🎫"})
    await until(live, "t", "pending")
    await judge_all(broker)
    heard = await until(live, "t", "completed")
    assert list(heard) == ["type", "event_id", "data"]
    assert heard["data"] == (await api.get("/tickets/t")).json()
    token = (await api.post("/tickets/next")).json()["lease"]["token"]
    held = await until(live, "t", "claimed")
    assert set(held["data"]["lease"]) == {"expires_at"}
    assert token not in json.dumps(held)


async def test_only_what_was_subscribed_is_fetched_and_sent(
    live: ClientConnection, api: httpx.AsyncClient, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    real = type(broker.listing).tickets

    async def seen(self, ids):  # type: ignore[no-untyped-def]
        fetched.extend(ids)
        return await real(self, ids)

    await subscribed(live, {"action": "subscribe", "ticket_ids": ["b", "z"]})
    monkeypatch.setattr(type(broker.listing), "tickets", seen)
    for name in ("a", "b", "c"):
        await api.post("/tickets", json={"ticket_id": name, "subject": name})
    assert (await hear(live))["data"]["ticket_id"] == "b"
    await subscribed(live, {"action": "subscribe", "ticket_ids": ["c"]})
    await judge_all(broker)
    assert (await until(live, "c", "completed"))["data"]["ticket_id"] == "c"
    assert set(fetched) == {"b", "c"}


async def test_a_burst_of_changes_is_one_fetch_and_one_message_a_ticket(
    live: ClientConnection, api: httpx.AsyncClient, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetches = 0
    real = type(broker.listing).tickets

    async def counted(self, ids):  # type: ignore[no-untyped-def]
        nonlocal fetches
        fetches += 1
        return await real(self, ids)

    await subscribed(live)
    monkeypatch.setattr(type(broker.listing), "tickets", counted)
    lines = b"\n".join(b'{"ticket_id": "t%d", "subject": "x"}' % n for n in range(200))
    await api.post("/tickets/bulk", content=lines, headers=NDJSON)
    heard = [(await hear(live))["data"]["ticket_id"] for _ in range(200)]
    assert heard == [f"t{n}" for n in range(200)]
    assert fetches <= 20, "not one for each"


async def test_what_was_missed_comes_after_coming_back(url: str, api: httpx.AsyncClient, broker: Broker) -> None:
    async with connect(address(url)) as first:
        await subscribed(first)
        await api.post("/tickets", json={"ticket_id": "seen", "subject": "x"})
        last = (await hear(first))["event_id"]
    for name in ("missed-1", "missed-2"):
        await api.post("/tickets", json={"ticket_id": name, "subject": "x"})
    async with connect(address(url)) as second:
        assert await subscribed(second, ALL | {"after": last}) == last
        await api.post("/tickets", json={"ticket_id": "fresh", "subject": "x"})
        heard = [await hear(second) for _ in range(3)]
    assert [one["data"]["ticket_id"] for one in heard] == ["missed-1", "missed-2", "fresh"]


async def test_what_was_missed_long_ago_is_a_resync(
    live: ClientConnection, api: httpx.AsyncClient, broker: Broker
) -> None:
    before = await subscribed(live)
    for name in ("a", "b"):
        await api.post("/tickets", json={"ticket_id": name, "subject": "x"})
    await broker.store.command("XTRIM", broker.store.keys.name("news"), "MAXLEN", 1)
    for after in (before, "1-1", "999999999999999-0"):
        await live.send(json.dumps(ALL | {"after": after}))
        heard = await hear(live)
        while heard["type"] == "ticket_updated":  # of the subscription before
            heard = await hear(live)
        assert heard == {"type": "subscribed", "event_id": await broker.events.latest()}
        assert await hear(live) == {"type": "resync"}
    await api.post("/tickets", json={"ticket_id": "c", "subject": "x"})
    assert (await hear(live))["data"]["ticket_id"] == "c"


async def test_after_unsubscribing_nothing_comes_and_a_ping_is_answered(
    live: ClientConnection, api: httpx.AsyncClient, broker: Broker
) -> None:
    await say(live, {"action": "ping"})
    assert await hear(live) == {"type": "pong"}
    await subscribed(live)
    await say(live, {"action": "unsubscribe"})
    assert await hear(live) == {"type": "unsubscribed"}
    await api.post("/tickets", json={"ticket_id": "t", "subject": "x"})
    assert not broker.events._listeners, "nobody follows any more"
    await say(live, {"action": "ping"})
    assert await hear(live) == {"type": "pong"}


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ("not json", "line 1 column 1"),
        ("[]", "action"),
        ("{}", "action"),
        ('{"action": "dance"}', "action"),
        ('{"action": []}', "action"),
        ('{"action": "ping", "action": "ping"}', "twice"),
        ('{"action": "ping", "more": 1}', "more"),
        ('{"action": "subscribe"}', "ticket_ids"),
        ('{"action": "subscribe", "all": false}', "ticket_ids"),
        ('{"action": "subscribe", "all": 1}', "all"),
        ('{"action": "subscribe", "all": true, "ticket_ids": ["a"]}', "ticket_ids"),
        ('{"action": "subscribe", "ticket_ids": []}', "ticket_ids"),
        ('{"action": "subscribe", "ticket_ids": "a"}', "ticket_ids"),
        ('{"action": "subscribe", "ticket_ids": ["a/b"]}', "ticket_ids.0"),
        (json.dumps({"action": "subscribe", "ticket_ids": ["a"] * (SUBSCRIBED_MAX + 1)}), "ticket_ids"),
        ('{"action": "subscribe", "all": true, "after": "yesterday"}', "after"),
        ('{"action": "subscribe", "all": true, "after": "99999999999999999999-1"}', "after"),
        (b"\x00\x01", "text"),
    ],
)
async def test_each_mistake_is_answered_and_forgiven(live: ClientConnection, sent: str | bytes, says: str) -> None:
    await live.send(sent)
    answer = await hear(live)
    assert list(answer) == ["type", "message"]
    assert answer["type"] == "error"
    assert says in answer["message"]
    await subscribed(live)


async def test_a_client_that_only_makes_mistakes_is_closed(live: ClientConnection) -> None:
    for _ in range(router_socket.MISTAKES_MAX):
        await live.send("?")
    for _ in range(router_socket.MISTAKES_MAX):
        assert (await hear(live))["type"] == "error"
    assert await closed(live) == (1008, "too many messages that are not valid")


async def test_the_longest_list_of_ids_fits_and_a_larger_message_ends_the_connection(live: ClientConnection) -> None:
    await subscribed(live, {"action": "subscribe", "ticket_ids": [f"{n:0128}" for n in range(SUBSCRIBED_MAX)]})
    await live.send(" " * (MESSAGE_MAX_BYTES + 1))
    assert (await closed(live))[0] == 1009


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


async def test_no_more_connections_than_there_may_be(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router_socket, "SOCKETS_MAX", 1)
    async with connect(address(url)) as live:
        with pytest.raises(InvalidStatus) as refused:
            await connect(address(url))
        assert refused.value.response.status_code == 503
        await subscribed(live)


async def refusal(url: str, **options: Any) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as refused:
        await connect(address(url), **options)
    problem = json.loads(refused.value.response.body or b"{}")
    assert problem["status"] == refused.value.response.status_code
    return problem["status"], problem["type"].removeprefix("/problems/")


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost", "file://", "http://[", "http://h:x", ""],
)
async def test_pages_of_other_origins_are_refused(url: str, origin: str) -> None:
    assert await refusal(url, additional_headers={"Origin": origin}) == (403, "foreign-origin")


async def test_our_own_page_may_connect(url: str) -> None:
    for origin in (url, url.replace("http", "https", 1)):
        async with connect(address(url), origin=origin) as live:  # type: ignore[arg-type]
            await subscribed(live)


def as_page(key: str) -> list[str]:
    return ["smart-support", "key." + base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")]


async def test_a_key_comes_as_header_or_as_subprotocol(broker: Broker, serve: Serve) -> None:
    url = await serve(broker, RouterConfig(api_keys=("other", KEY)))
    right: list[dict[str, Any]] = [
        {"additional_headers": {"Authorization": f"Bearer {KEY}"}},
        {"additional_headers": {"X-API-Key": KEY}},
        {"subprotocols": as_page(KEY)},
    ]
    for options in right:
        async with connect(address(url), **options) as live:
            await subscribed(live)
            assert live.subprotocol == ("smart-support" if "subprotocols" in options else None)
    wrong: list[dict[str, Any]] = [
        {},
        {"additional_headers": {"X-API-Key": "wrong"}},
        {"additional_headers": {"X-API-Key": "wrong"}, "subprotocols": as_page(KEY)},
        {"subprotocols": as_page("wrong")},
        {"subprotocols": ["smart-support"]},
        {"subprotocols": ["smart-support", "key."]},
        {"subprotocols": ["smart-support", "key.~~~"]},
        {"subprotocols": ["smart-support", "key.A"]},
    ]
    for options in wrong:
        assert await refusal(url, **options) == (401, "unauthorized")


async def test_the_limit_counts_connections_and_not_messages(broker: Broker, serve: Serve) -> None:
    url = await serve(broker, RouterConfig(rate_per_minute=2))
    async with connect(address(url)) as live:
        for _ in range(10):
            await say(live, {"action": "ping"})
            assert await hear(live) == {"type": "pong"}
    statuses = set()
    for _ in range(5):  # a minute may turn in between, never two
        try:
            async with connect(address(url)):
                pass
        except InvalidStatus as refused:
            statuses.add(refused.response.status_code)
    assert statuses == {429}


async def test_the_key_in_a_subprotocol_is_not_logged(
    broker: Broker, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "router")
    url = await serve(broker, RouterConfig(api_keys=("secret-key",)))
    async with connect(address(url), subprotocols=as_page("secret-key")) as live:  # type: ignore[arg-type]
        await subscribed(live)
    await refusal(url, subprotocols=as_page("secret-guess"))
    ours = [line.getMessage() for line in caplog.records if line.name.split(".")[0] in {"router", "broker", "uvicorn"}]
    assert not any("secret" in line or as_page("secret-key")[1] in line for line in ours)


async def test_no_other_socket_and_no_other_use_of_this_path(url: str, api: httpx.AsyncClient) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(address(url) + "/more")
    assert refused.value.response.status_code == 403
    assert (await api.get("/ws/tickets")).status_code == 404
    assert "/ws/tickets" in (await api.get("/openapi.json")).json()["info"]["description"]
