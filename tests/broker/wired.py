"""A scripted server with a shared connection to it, and short ways to ask over it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis

from broker.connection import open_redis, open_wire
from broker.topology import parse
from broker.wire import SharedWire
from tests.broker.scripted_redis import PATIENCE_S, ScriptedRedis, scripted_redis

ONE = b"$1\r\n1\r\n"


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[SharedWire, Redis]]:
    redis = open_redis(parse(url), "")
    wire = open_wire(redis)
    try:
        yield wire, redis
    finally:
        await wire.close()
        await redis.aclose()


@asynccontextmanager
async def wired(options: str = "") -> AsyncIterator[tuple[ScriptedRedis, SharedWire]]:
    async with scripted_redis() as server, opened(server.url + options) as (wire, _):
        yield server, wire


def ask(wire: SharedWire, *words: str) -> "asyncio.Task[Any]":
    return asyncio.create_task(wire.execute(*words))


async def ends(*asked: "asyncio.Task[Any]") -> list[Any]:
    """The answer of each, or the class of its exception."""
    answers = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), PATIENCE_S)
    return [type(answer) if isinstance(answer, BaseException) else answer for answer in answers]


async def answers_as_ever(server: ScriptedRedis, wire: SharedWire, *, connections: int) -> None:
    """A call gets its own answer, and the server has seen that many connections so far."""
    asked = ask(wire, "GET", "later")
    (await server.hears("GET", "later")).say(b"$5\r\nlater\r\n")
    assert await ends(asked) == ["later"]
    assert len(server.lines) == connections
