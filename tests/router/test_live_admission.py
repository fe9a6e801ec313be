"""WS /ws/tickets through a real server: who may listen."""

import base64
import json
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from broker import Broker
from router import socket as router_socket
from router.config import RouterConfig
from tests.router.conftest import Serve
from tests.router.live_client import address, hear, say, subscribed

KEY = "k>>>???"  # needs both letters that base64url has in the place of + and /


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
