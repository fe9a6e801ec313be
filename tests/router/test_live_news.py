"""WS /ws/tickets through a real server: what a listener hears."""

import json

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from broker import Broker
from tests.router.judging import judge_all
from tests.router.live_client import ALL, NDJSON, address, hear, say, subscribed, until


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
