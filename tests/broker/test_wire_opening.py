"""The shared connection is opened once for all who need it, replaced when it is stale, and closed with nothing left behind."""

import asyncio

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from broker.packing import PackingConnection
from broker.wire import Wire
from tests.broker.both_loops import on_both_loops
from tests.broker.scripted_redis import PATIENCE_S
from tests.broker.wired import ONE, answers_as_ever, ask, ends, wired


@on_both_loops
async def test_first_callers_share_one_opening() -> None:
    async with wired() as (server, wire):
        asked = [ask(wire, "GET", str(number)) for number in range(20)]
        for number in range(20):
            (await server.hears("GET", str(number))).say(b":%d\r\n" % number)
        assert await ends(*asked) == list(range(20))
        assert len(server.lines) == 1


@on_both_loops
async def test_an_opening_that_fails_fails_for_all_who_wait() -> None:
    async with wired() as (server, wire):
        server.silent = True
        asked = [ask(wire, "PING") for _ in range(3)]
        (await server.is_called()).hang_up()
        assert await ends(*asked) == [RedisConnectionError] * 3
        server.silent = False
        await answers_as_ever(server, wire, connections=2)


@pytest.mark.parametrize("greetings", [1, 2, 3])
@on_both_loops
async def test_a_server_that_greets_and_closes_is_noticed_at_once(greetings: int) -> None:
    """After the last greeting the connection is as good as open. A timeout would come only after seconds."""
    async with wired() as (server, wire):
        server.hangs_up_after = greetings
        assert await ends(ask(wire, "PING"), ask(wire, "PING")) == [RedisConnectionError] * 2
        server.hangs_up_after = 0
        await answers_as_ever(server, wire, connections=2)


@on_both_loops
async def test_who_gives_up_while_it_opens_leaves_the_others_waiting() -> None:
    async with wired() as (server, wire):
        server.silent = True
        gone, stays = ask(wire, "GET", "gone"), ask(wire, "GET", "stays")
        line = await server.is_called()
        gone.cancel()
        assert await ends(gone) == [asyncio.CancelledError]
        line.greet()
        (await server.hears("GET", "stays")).say(ONE)
        assert await ends(stays) == ["1"]
        server.silent = False
        await answers_as_ever(server, wire, connections=1)


@on_both_loops
async def test_an_opening_that_everybody_has_left_may_fail_unheard() -> None:
    async with wired() as (server, wire):
        server.silent = True
        gone = ask(wire, "GET", "gone")
        line = await server.is_called()
        gone.cancel()
        assert await ends(gone) == [asyncio.CancelledError]
        (opening,) = asyncio.all_tasks() - {asyncio.current_task()}
        line.hang_up()
        await asyncio.wait([opening], timeout=PATIENCE_S)
        server.silent = False
        await answers_as_ever(server, wire, connections=2)


@on_both_loops
async def test_closing_while_it_opens_ends_the_opening() -> None:
    async with wired() as (server, wire):
        server.silent = True
        asked = [ask(wire, "PING") for _ in range(3)]
        line = await server.is_called()
        await wire.close()
        assert await ends(*asked) == [RedisConnectionError] * 3
        await line.is_left()


@on_both_loops
async def test_closing_fails_all_who_wait() -> None:
    async with wired() as (server, wire):
        asked = [ask(wire, "GET", key) for key in "ab"]
        line = await server.hears("GET", "a")
        await wire.close()
        assert await ends(*asked) == [RedisConnectionError] * 2
        await line.is_left()


@on_both_loops
async def test_a_stale_connection_is_replaced_and_still_answers_who_waits_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stale: list[PackingConnection] = []
    monkeypatch.setattr(PackingConnection, "is_stale", property(lambda connection: connection in stale))
    made: list[PackingConnection] = []
    real = Wire.__init__

    def noted(wire: Wire, connection: PackingConnection, timeout_s: float) -> None:
        made.append(connection)
        real(wire, connection, timeout_s)

    monkeypatch.setattr(Wire, "__init__", noted)
    async with wired() as (server, wire):
        waits = ask(wire, "GET", "old")
        old = await server.hears("GET", "old")
        stale += made
        await answers_as_ever(server, wire, connections=2)
        old.say(ONE)
        assert await ends(waits) == ["1"]
        await old.is_left()
        waits = ask(wire, "GET", "newer")
        newer = await server.hears("GET", "newer")
        stale += made
        await answers_as_ever(server, wire, connections=3)
        await wire.close()
        assert await ends(waits) == [RedisConnectionError], "closing ends the replaced ones too"
        await newer.is_left()


@on_both_loops
async def test_what_has_ended_takes_no_more() -> None:
    """Between its opening and its first use it may end; nobody would ever be answered."""
    async with wired() as (server, _):
        connection = PackingConnection(host="127.0.0.1", port=server.port)
        await connection.connect()  # type: ignore[no-untyped-call]
        wire = Wire(connection, PATIENCE_S)
        assert wire.is_open
        wire.close()
        assert not wire.is_open
        with pytest.raises(RedisConnectionError):
            wire.call(("PING",))
