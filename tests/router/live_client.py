"""A listener on WS /ws/tickets: what it says, and what it hears."""

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

NDJSON = {"Content-Type": "application/x-ndjson"}
ALL = {"action": "subscribe", "all": True}


def address(url: str) -> str:
    return url.replace("http", "ws", 1) + "/ws/tickets"


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
