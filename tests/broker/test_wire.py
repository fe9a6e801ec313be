"""The shared connection on a real Redis: everybody's answer is their own. How it opens and ends is tested beside."""

import asyncio

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import DataError, NoScriptError, ResponseError

from broker.keys import Keys
from broker.scripts import Scripts
from broker.wire import Wire
from tests.broker.both_loops import on_both_loops
from tests.broker.wired import opened
from tests.redis_server import RedisServer

MANY = 300
# Far more than a socket gives at once.
LARGE = "ä" * 3_000_000


@on_both_loops
async def test_many_callers_get_each_their_own_answer_in_order_over_one_connection(each_redis_url: str) -> None:
    answered: list[int] = []

    async def ask(number: int) -> int:
        assert await wire.execute("ECHO", number) == str(number)
        answered.append(number)
        return int(await wire.execute("CLIENT", "ID"))

    async with opened(each_redis_url) as (wire, _):
        clients = await asyncio.gather(*map(ask, range(MANY)))
    assert answered == list(range(MANY))
    assert len(set(clients)) == 1


@on_both_loops
async def test_an_answer_that_arrives_byte_by_byte_is_whole(
    each_redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Wire.data_received
    pieces = 0

    def in_pieces(wire: Wire, data: bytes) -> None:
        nonlocal pieces
        for place in range(len(data)):
            real(wire, data[place : place + 1])
            pieces += 1

    monkeypatch.setattr(Wire, "data_received", in_pieces)
    async with opened(each_redis_url) as (wire, _):
        nested = ("EVAL", "return {1, {'a', false}, 'ü'}", 0)
        calls = (wire.execute(*words) for words in (("ECHO", "ärger\r\n"), nested, ("PING",)))
        assert [*await asyncio.gather(*calls)] == ["ärger\r\n", [1, ["a", None], "ü"], "PONG"]
    assert pieces > len("ärger\r\n".encode())


@on_both_loops
async def test_large_and_small_answers_mix(each_redis_url: str) -> None:
    async with opened(each_redis_url) as (wire, _):
        words = ["a", LARGE, "b", LARGE, "c"]
        assert await asyncio.gather(*(wire.execute("ECHO", word) for word in words)) == words


@on_both_loops
async def test_the_answer_of_who_gave_up_goes_to_nobody(each_redis_url: str) -> None:
    async with opened(each_redis_url) as (wire, _):
        client = await wire.execute("CLIENT", "ID")
        asked = [asyncio.create_task(wire.execute("ECHO", number)) for number in range(10)]
        await asyncio.sleep(0)  # all have written
        for gone in asked[::2]:
            gone.cancel()
        assert await asyncio.gather(*asked[1::2]) == ["1", "3", "5", "7", "9"]
        assert all(gone.cancelled() for gone in asked[::2])
        assert await wire.execute("CLIENT", "ID") == client, "the connection is as good as before"


@on_both_loops
async def test_an_error_is_redis_pys_and_fails_its_own_caller_only(each_redis_url: str, namespace: str) -> None:
    async with opened(each_redis_url) as (wire, redis):
        client = await wire.execute("CLIENT", "ID")
        await redis.set(namespace, b"\xff")
        answers = await asyncio.gather(
            wire.execute("ECHO", "before"),
            wire.execute("EVALSHA", "0" * 40, 0),
            wire.execute("LPUSH", namespace, "x"),
            wire.execute("GET", namespace),
            wire.execute("ECHO", ["no", "word"]),
            wire.execute("ECHO", "after"),
            return_exceptions=True,
        )
        assert [type(answer) for answer in answers] == [
            str, NoScriptError, ResponseError, UnicodeDecodeError, DataError, str
        ]  # fmt: skip
        assert answers[0] == "before" and answers[-1] == "after"
        assert await wire.execute("CLIENT", "ID") == client, "no error ends the connection"


@on_both_loops
async def test_a_verb_that_redis_does_not_know_is_loaded_and_run(each_redis_url: str, namespace: str) -> None:
    async with opened(each_redis_url) as (wire, redis):
        scripts = Scripts(redis, wire, Keys(namespace))
        for _ in range(2):
            await redis.script_flush()
            assert await asyncio.gather(*(scripts.run("renew", 1, "token", "t") for _ in range(3))) == [["t"]] * 3


@on_both_loops
async def test_a_killed_server_fails_who_waits_and_is_used_again_once_it_is_back(own_redis: RedisServer) -> None:
    async with opened(own_redis.url) as (wire, _):
        await wire.execute("SET", "a", 1)
        own_redis.pause()
        waiting = [asyncio.create_task(wire.execute("GET", "a")) for _ in range(3)]
        await asyncio.sleep(0)
        own_redis.kill()
        ends = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(end) for end in ends] == [RedisConnectionError] * 3
        with pytest.raises(RedisConnectionError):
            await wire.execute("GET", "a")
        own_redis.start()
        assert await wire.execute("GET", "a") == "1"
