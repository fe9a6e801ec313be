"""The lean client against servers that behave and servers that don't."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from scripts.storm_target import Target
from scripts.storm_wire import CUT, DROPPED, GARBLED, REFUSED, TIMEOUT, Answer, Pool

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
# A hang is noticed, a busy machine is not taken for one.
PATIENCE_S = 30.0

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Open = Callable[..., Awaitable[Pool]]


@pytest.fixture
async def pool() -> AsyncIterator[Open]:
    """`await pool(serve, most=2)`: a pool at a server of this test."""
    servers: list[asyncio.Server] = []
    pools: list[Pool] = []

    async def open_(serve: Serve, *, most: int = 2, timeout_s: float = PATIENCE_S) -> Pool:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await serve(reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError):
                pass  # the client hung up
            finally:
                writer.close()

        servers.append(await asyncio.start_server(connected, "127.0.0.1", 0))
        pools.append(Pool(Target("127.0.0.1", servers[-1].sockets[0].getsockname()[1]), most=most, timeout_s=timeout_s))
        return pools[-1]

    yield open_
    for one in pools:
        await one.close()
    for server in servers:
        server.close()


async def head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


async def test_connections_are_kept_and_never_more_than_allowed(pool: Open) -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await head(reader)
            writer.write(OK)

    client = await pool(serve, most=3)
    answers = await asyncio.gather(*(client.fetch("GET", "/") for _ in range(20)))
    assert set(answers) == {Answer(200, b"hi")} and connections <= 3 and client.in_flight == 0


async def test_chunks_and_an_end_without_a_length_are_understood(pool: Open) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\n")
        await writer.drain()
        writer.write(b"c\r\n0\r\n\r\n")
        await head(reader)
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    client = await pool(serve, most=1)
    assert await client.fetch("GET", "/") == Answer(202, b"abc")
    assert await client.fetch("GET", "/") == Answer(204, b"")
    assert await client.fetch("GET", "/") == Answer(202, b"abc")


@pytest.mark.parametrize(
    ("said", "trouble"), [(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", CUT), (b"?", GARBLED)]
)
async def test_half_an_answer_and_none_at_all(pool: Open, said: bytes, trouble: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(said)

    client = await pool(serve)
    assert await client.fetch("GET", "/") == Answer(0, b"", trouble)


async def test_who_waits_too_long_for_an_answer_timed_out_and_for_a_connection_was_dropped(pool: Open) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    client = await pool(serve, most=1, timeout_s=0.2)
    answers = await asyncio.gather(client.fetch("GET", "/"), client.fetch("GET", "/"))
    # The first one's deadline frees the connection; both deadlines are the same moment.
    assert [answer.trouble for answer in answers] == [TIMEOUT, DROPPED]


async def test_nobody_listens(pool: Open) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise AssertionError("nobody comes")

    client = await pool(serve)
    client.target = Target("127.0.0.1", 1)
    answers = await asyncio.gather(*(client.fetch("GET", "/") for _ in range(10)))
    assert {answer.trouble for answer in answers} == {REFUSED}
