"""An answer's head and body leave in one write, and everything that HTTP promises stays as it was. Real sockets, on both event loops."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from broker import Broker
from router.app import create_app
from router.one_write import CONTINUE
from tests.broker.both_loops import on_both_loops
from tests.router.counted_line import HEAD_END, PATIENCE_S, Line, line_to


@asynccontextmanager
async def api(redis_url: str, namespace: str) -> AsyncIterator[Line]:
    broker = await Broker.open(redis_url, namespace=namespace)
    try:
        async with line_to(create_app(broker)) as line:
            yield line
    finally:
        await broker.close()


def tiny(app: ASGIApp) -> Starlette:
    """`app` as our server takes one."""

    class Tiny:
        state = SimpleNamespace(closing=asyncio.Event())

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await app(scope, receive, send)

    return cast(Starlette, Tiny())


def started(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": 200, "headers": headers}


def part(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


@on_both_loops
async def test_head_and_body_are_one_write_and_the_connection_stays(redis_url: str, namespace: str) -> None:
    async with api(redis_url, namespace) as line:
        line.ask("POST", "/tickets", body=json.dumps({"subject": "hello", "ticket_id": "t"}).encode())
        status, body = await line.answer()
        assert (status, json.loads(body)["ticket_id"]) == (202, "t")
        line.ask("GET", "/tickets/t")
        status, body = await line.answer()
        assert (status, json.loads(body)["subject"]) == (200, "hello")
        assert len(line.writes) == 2
        assert line.writes[1].endswith(HEAD_END + body)


@on_both_loops
async def test_answers_without_a_body_come_at_once(redis_url: str, namespace: str) -> None:
    async with api(redis_url, namespace) as line:
        line.ask("PUT", "/agents/Ann", body=b'{"skills": {"Technical": 1}, "capacity": 1}')
        assert (await line.answer())[0] == 201
        line.ask("HEAD", "/queue")
        head = await line.head()
        assert head.startswith(b"HTTP/1.1 200 ") and b"content-length: " in head.lower()
        line.ask("GET", "/console/main.js", "If-None-Match: *")
        assert (await line.head()).startswith(b"HTTP/1.1 304 ")
        line.ask("DELETE", "/agents/Ann")
        assert (await line.head()).startswith(b"HTTP/1.1 204 ")
        line.ask("GET", "/queue")
        assert (await line.answer())[0] == 200, "no stray byte lies between"
        assert len(line.writes) == 5


@on_both_loops
async def test_who_asks_before_sending_the_body_is_told_to_go_on(redis_url: str, namespace: str) -> None:
    body = json.dumps({"subject": "hello"}).encode()
    async with api(redis_url, namespace) as line:
        line.ask("POST", "/tickets", "Expect: 100-continue", body=body)
        assert await line.head() == CONTINUE
        line.writer.write(body)
        assert (await line.answer())[0] == 202
        assert len(line.writes) == 2


@on_both_loops
async def test_pipelined_requests_get_their_answers_in_order(redis_url: str, namespace: str) -> None:
    async with api(redis_url, namespace) as line:
        line.ask("GET", "/queue")
        line.ask("HEAD", "/queue")
        line.ask("GET", "/nowhere")
        line.ask("POST", "/tickets", body=b'{"subject": "hello"}')
        line.ask("GET", "/console/main.js", "If-None-Match: *", "Connection: close")
        received = await line.rest()
        assert [write.split()[1] for write in line.writes] == [b"200", b"200", b"404", b"202", b"304"]
        assert received == b"".join(line.writes)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@on_both_loops
async def test_the_last_answer_is_whole_before_the_connection_closes(
    redis_url: str, namespace: str, version: str
) -> None:
    async with api(redis_url, namespace) as line:
        line.writer.write(f"GET /queue HTTP/{version}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        status, body = await line.answer()
        assert status == 200 and json.loads(body)
        assert await line.rest() == b""
        assert len(line.writes) == 1


async def breaks(_: Scope, __: Receive, send: Send) -> None:
    await send(started((b"content-length", b"5")))
    raise LookupError("as it was")


async def says_too_little(_: Scope, __: Receive, send: Send) -> None:
    await send(started((b"content-length", b"5")))


async def says_too_much(_: Scope, __: Receive, send: Send) -> None:
    await send(started((b"content-length", b"5")))
    await send(part(b"123456", more=False))


@pytest.mark.parametrize("app", [breaks, says_too_little, says_too_much])
@on_both_loops
async def test_who_breaks_after_the_head_closes_with_the_head_said(
    app: Callable[..., Coroutine[Any, Any, None]], caplog: pytest.LogCaptureFixture
) -> None:
    async with line_to(tiny(app)) as line:
        line.ask("GET", "/")
        received = await line.rest()
        assert received.startswith(b"HTTP/1.1 200 ") and received.endswith(b"content-length: 5" + HEAD_END)
        assert line.writes == [received]
    assert [record.levelname for record in caplog.records if "ASGI" in record.getMessage()] == ["ERROR"]


@on_both_loops
async def test_who_breaks_before_the_head_says_so_in_one_write(caplog: pytest.LogCaptureFixture) -> None:
    async def silent(_: Scope, __: Receive, ___: Send) -> None:
        pass

    async with line_to(tiny(silent)) as line:
        line.ask("GET", "/")
        assert await line.answer() == (500, b"Internal Server Error")
        assert await line.rest() == b""
        assert len(line.writes) == 1
    assert "without starting response" in caplog.text


@on_both_loops
async def test_the_first_part_of_a_stream_takes_the_head_along_and_no_part_waits() -> None:
    go_on = asyncio.Event()

    async def streams(_: Scope, __: Receive, send: Send) -> None:
        await send(started())
        await send(part(b"first", more=True))
        await go_on.wait()
        await send(part(b"second", more=True))
        await send(part(b"", more=False))

    async with line_to(tiny(streams)) as line:
        line.ask("GET", "/")
        head = await line.head()
        assert b"transfer-encoding: chunked" in head
        assert await asyncio.wait_for(line.reader.readexactly(10), PATIENCE_S) == b"5\r\nfirst\r\n"
        go_on.set()
        end = b"6\r\nsecond\r\n0\r\n\r\n"
        assert await asyncio.wait_for(line.reader.readexactly(len(end)), PATIENCE_S) == end
        assert line.writes == [head + b"5\r\nfirst\r\n", b"6\r\nsecond\r\n", b"0\r\n\r\n"]
