"""A ticket goes back when its answer reached nobody, and never when it did. Real sockets, on both event loops.

What the caller does at the worst moment, between our last look at the connection and the write, is done inside that look.
"""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from http.client import HTTPResponse
from typing import Any

import pytest
import uvloop

from broker import Broker
from broker.records import NewTicket, Status
from router import handover
from router.app import create_app
from router.handover import HandoverProtocol
from router.server import Server, listen
from tests.router.judging import judge_all

PULL = b"POST /tickets/next HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
# Kept open for 0 s with what is unsent: closing resets the connection instead of saying goodbye.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)

Caller = Callable[[socket.socket], Awaitable[None]]
Then = Callable[[socket.socket], None]
# `await called(caller, then)`: how the ticket stands after all of it, and the server's end.
Called = Callable[[Caller, Then], Status]


@asynccontextmanager
async def serving(broker: Broker) -> AsyncIterator[socket.socket]:
    """A server, and one connection to it. The server has ended when the block has, and so has all it was still doing."""
    listener = listen("127.0.0.1", 0)
    server = Server(create_app(broker))
    running = asyncio.create_task(server.serve([listener]))
    caller = socket.create_connection(listener.getsockname())
    try:
        yield caller
    finally:
        caller.close()
        server.stop()
        await running


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def called(request: pytest.FixtureRequest, redis_url: str, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Called:
    run: Callable[[Coroutine[Any, Any, Status]], Status] = request.param

    async def scenario(caller: Caller, then: Then) -> Status:
        ended = asyncio.Event()
        real_lost, real_look = HandoverProtocol.connection_lost, HandoverProtocol.is_closed

        def lost(line: HandoverProtocol, exc: Exception | None) -> None:
            real_lost(line, exc)
            ended.set()

        broker = await Broker.open(redis_url, namespace=namespace)
        await broker.intake.submit(NewTicket(subject="x", ticket_id="t"))
        await judge_all(broker)
        monkeypatch.setattr(HandoverProtocol, "connection_lost", lost)
        async with serving(broker) as connection:

            def look(line: HandoverProtocol) -> bool:
                closed = real_look(line)
                then(connection)
                return closed

            monkeypatch.setattr(HandoverProtocol, "is_closed", look)
            connection.sendall(PULL)
            await caller(connection)
            await asyncio.wait_for(ended.wait(), 10)
        status = (await broker.listing.ticket("t")).status
        await broker.close()
        return status

    return lambda caller, then: run(scenario(caller, then))


def nothing(_: socket.socket) -> None:
    pass


async def wait(_: socket.socket) -> None:
    pass


async def read(connection: socket.socket) -> dict[str, Any]:
    """The ticket, once the whole answer is here."""

    def whole() -> bytes:
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status == 200
        return answer.read()

    ticket: dict[str, Any] = json.loads(await asyncio.to_thread(whole))
    return ticket


async def read_and_close(connection: socket.socket) -> None:
    assert (await read(connection))["lease"]["token"]
    connection.close()


def test_who_closed_just_before_the_answer_was_written_leaves_no_lease(called: Called) -> None:
    assert called(wait, socket.socket.close) is Status.COMPLETED


def test_who_had_closed_before_we_looked_leaves_no_lease(called: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop has not noticed: only the kernel knows."""
    looks: list[bool] = []
    real = HandoverProtocol.is_closed

    def closed_already(line: HandoverProtocol) -> bool:
        connections[0].close()
        looks.append(real(line))
        return looks[-1]

    connections: list[socket.socket] = []

    async def caller(connection: socket.socket) -> None:
        connections.append(connection)
        monkeypatch.setattr(HandoverProtocol, "is_closed", closed_already)

    assert called(caller, nothing) is Status.COMPLETED
    assert looks == [True]


def test_who_has_read_the_answer_and_closes_keeps_the_ticket(called: Called) -> None:
    assert called(read_and_close, nothing) is Status.CLAIMED


def test_who_said_all_and_still_listens_keeps_the_ticket(called: Called) -> None:
    """Half closed at the worst moment: it looks like a hang-up until the answer is acknowledged."""
    assert called(read_and_close, lambda caller: caller.shutdown(socket.SHUT_WR)) is Status.CLAIMED


def test_who_said_goodbye_and_then_refused_the_answer_leaves_no_lease(
    called: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As over a real network, where the refusal takes a while: first the end of the stream, then the reset."""
    connections: list[socket.socket] = []
    real = HandoverProtocol.eof_received

    def refused(line: HandoverProtocol) -> bool:
        connections[0].close()  # with the answer unread
        return real(line)

    def goodbye(caller: socket.socket) -> None:
        connections.append(caller)
        caller.shutdown(socket.SHUT_WR)

    monkeypatch.setattr(HandoverProtocol, "eof_received", refused)
    assert called(wait, goodbye) is Status.COMPLETED


def test_who_resets_the_connection_after_reading_keeps_the_ticket(called: Called) -> None:
    async def read_and_reset(connection: socket.socket) -> None:
        await read(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        connection.close()

    assert called(read_and_reset, nothing) is Status.CLAIMED


def test_who_hangs_up_on_a_later_answer_keeps_the_ticket(called: Called) -> None:
    async def read_and_ask_on(connection: socket.socket) -> None:
        await read(connection)
        connection.sendall(b"GET /queue HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.close()

    assert called(read_and_ask_on, nothing) is Status.CLAIMED


def test_where_the_kernel_tells_nothing_an_answer_counts_as_delivered(
    called: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "tcp_state", lambda _: None)
    assert called(read_and_close, nothing) is Status.CLAIMED


def test_who_never_acknowledges_is_given_up_with_the_lease_as_it_is(
    called: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing refused and nothing acknowledged, as on a line that has gone dead: it may have arrived."""
    looks = 0

    def some(_: asyncio.Transport) -> int:
        nonlocal looks
        looks += 1
        return 1

    monkeypatch.setattr(handover, "unacknowledged_bytes", some)
    monkeypatch.setattr(handover, "LOOK_UNTIL_S", 0.1)
    assert called(read_and_close, nothing) is Status.CLAIMED
    assert looks > 1
