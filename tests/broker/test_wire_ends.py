"""However the shared connection ends, all who wait hear of it, nobody gets another's answer, and the next call opens a new one."""

import asyncio
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MovedError
from redis.exceptions import TimeoutError as RedisTimeoutError

from broker.connection import open_redis
from broker.topology import parse
from broker.wire import SharedWire, Wire
from tests.broker.both_loops import on_both_loops
from tests.broker.scripted_redis import PATIENCE_S
from tests.broker.wired import ONE, answers_as_ever, ask, ends, wired

# Of a server that never answers.
TIMEOUT_S = 0.1


@on_both_loops
async def test_the_server_closes_in_the_middle_of_an_answer() -> None:
    async with wired() as (server, wire):
        asked = [ask(wire, "GET", key) for key in "abc"]
        lines = [await server.hears("GET", key) for key in "abc"]
        lines[0].say(ONE + b"$5\r\nhel")
        lines[0].hang_up()
        assert await ends(*asked) == ["1", RedisConnectionError, RedisConnectionError]
        await answers_as_ever(server, wire, connections=2)


@on_both_loops
async def test_the_server_closes_while_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    noticed = asyncio.Event()
    real = Wire.connection_lost

    def lost(wire: Wire, exc: Exception | None) -> None:
        real(wire, exc)
        noticed.set()

    monkeypatch.setattr(Wire, "connection_lost", lost)
    async with wired() as (server, wire):
        await answers_as_ever(server, wire, connections=1)
        server.lines[0].hang_up()
        await asyncio.wait_for(noticed.wait(), PATIENCE_S)
        await answers_as_ever(server, wire, connections=2)


@on_both_loops
async def test_a_server_that_says_nothing_is_left_after_the_timeout() -> None:
    async with wired(f"?socket_timeout={TIMEOUT_S}") as (server, wire):
        answered, mute, also = [ask(wire, "GET", key) for key in "abc"]
        for key in "abc":
            line = await server.hears("GET", key)
        line.say(ONE)
        assert await ends(answered, mute, also) == ["1", RedisTimeoutError, RedisTimeoutError]
        await line.is_left()
        await answers_as_ever(server, wire, connections=2)


@on_both_loops
async def test_a_server_of_another_kind_is_left() -> None:
    async with wired() as (server, wire):
        asked = [ask(wire, "GET", key) for key in "ab"]
        line = await server.hears("GET", "a")
        await server.hears("GET", "b")
        line.say(ONE + b"HTTP/1.1 400 Bad Request\r\n\r\n")
        assert await ends(*asked) == ["1", RedisConnectionError]
        await line.is_left()
        await answers_as_ever(server, wire, connections=2)


@on_both_loops
async def test_more_answers_than_questions_are_nobodys() -> None:
    async with wired() as (server, wire):
        asked = ask(wire, "GET", "a")
        line = await server.hears("GET", "a")
        line.say(ONE + b"$5\r\nwrong\r\n")
        assert await ends(asked) == ["1"]
        await line.is_left()
        await answers_as_ever(server, wire, connections=2)


@on_both_loops
async def test_news_that_nobody_asked_for_is_no_answer() -> None:
    async with wired() as (server, wire):
        asked = ask(wire, "GET", "a")
        (await server.hears("GET", "a")).say(b">2\r\n+invalidate\r\n*0\r\n" + ONE)
        assert await ends(asked) == ["1"]
        await answers_as_ever(server, wire, connections=1)


@on_both_loops
async def test_redirections_are_followed_only_so_often() -> None:
    moved = b"-MOVED 1 127.0.0.1:1\r\n"
    async with wired() as (server, _):
        pool: Any = open_redis(parse(server.url), "").connection_pool
        wire = SharedWire(pool, timeout_s=PATIENCE_S, redirections=2)
        asked = ask(wire, "GET", "a")
        for _ in range(3):
            (await server.hears("GET", "a")).say(moved)
        assert await ends(asked) == [MovedError]
        asked = ask(wire, "GET", "a")
        (await server.hears("GET", "a")).say(b"-MOVED to nowhere at all\r\n")
        assert await ends(asked) == [ValueError]
        await answers_as_ever(server, wire, connections=1)
        await wire.close()
