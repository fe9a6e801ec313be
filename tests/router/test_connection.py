"""What only a real connection shows: bodies too large or cut short, hang-ups, headers, stopping."""

import asyncio
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest

from broker import Broker
from router import body as request_body
from router.app import create_app
from router.config import RouterConfig
from router.server import Server, listen, url_of
from tests.router.conftest import Serve
from tests.router.problems import assert_problem

SMALL = RouterConfig(max_body_bytes=1024)
JSON = {"Content-Type": "application/json"}
FITS = b'{"subject": "' + b"x" * 900 + b'"}'


async def stream(piece: bytes, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield piece


async def exchange(url: str, sent: bytes) -> bytes:
    """Raw bytes there, everything that comes back until the server closes."""
    reader, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
    writer.write(sent)
    await writer.drain()
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_body_at_the_limit_fits_whole_or_in_chunks(broker: Broker, serve: Serve) -> None:
    async with httpx.AsyncClient(base_url=await serve(broker, SMALL)) as api:
        assert (await api.post("/tickets", content=FITS, headers=JSON)).status_code == 202
        chunked = await api.post("/tickets", content=stream(FITS[:1], 1), headers=JSON)
        assert_problem(chunked, 400, "invalid-json")

        async def halves() -> AsyncIterator[bytes]:
            yield FITS[:300]
            yield FITS[300:]

        assert (await api.post("/tickets", content=halves(), headers=JSON)).status_code == 202
        exact = b'{"subject": "' + b"x" * (1024 - 15) + b'"}'
        refused = await api.post("/tickets", content=exact, headers=JSON)
        assert refused.status_code == 422, "1,024 bytes are read, and the subject is then too long"
        assert_problem(await api.post("/tickets", content=exact + b" ", headers=JSON), 413, "body-too-large", "body")


async def test_a_declared_size_over_the_limit_is_refused_before_the_body_comes(broker: Broker, serve: Serve) -> None:
    url = await serve(broker, SMALL)
    answer = await exchange(
        url, b"POST /tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n"
    )
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in head.lower()
    assert b"/problems/body-too-large" in body


async def test_the_sender_of_a_huge_body_gets_to_see_the_refusal(broker: Broker, serve: Serve) -> None:
    async with httpx.AsyncClient(base_url=await serve(broker, SMALL)) as api:
        whole = await api.post("/tickets", content=b"x" * 2_000_000, headers=JSON)
        assert_problem(whole, 413, "body-too-large", "body")
        chunked = await api.post("/tickets", content=stream(b"x" * 65_536, 30), headers=JSON)
        assert_problem(chunked, 413, "body-too-large", "body")
        assert (await broker.stats.snapshot()).conservation["accepted"] == 0


async def test_an_endless_body_is_not_read_to_its_end(broker: Broker, serve: Serve) -> None:
    """Ten times what we swallow out of politeness: the connection must be closed long before all is sent."""
    url = await serve(broker, SMALL)
    reader, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
    writer.write(
        b"POST /tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    piece = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    answering = asyncio.create_task(reader.readline())
    sent, most = 0, 10 * request_body.LINGER_MAX_BYTES
    with pytest.raises(ConnectionError):
        while sent < most:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
    assert sent < most
    assert (await answering).startswith(b"HTTP/1.1 413")


async def test_a_body_that_never_ends_is_a_408(broker: Broker, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_body, "BODY_TIMEOUT_S", 0.05)
    monkeypatch.setattr(request_body, "LINGER_MAX_S", 0.05)
    answer = await exchange(
        await serve(broker, SMALL),
        b'POST /tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"subject"',
    )
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"/problems/request-timeout" in answer


async def test_who_hangs_up_in_the_middle_of_a_body_changes_nothing(
    api: httpx.AsyncClient, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection(api.base_url.host, api.base_url.port)
    writer.write(
        b'POST /tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"subject"'
    )
    await writer.drain()
    await api.get("/livez")
    writer.close()
    await writer.wait_closed()
    await api.get("/livez")
    assert (await broker.stats.snapshot()).conservation["accepted"] == 0
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("path", ["/livez", "/", "/docs", "/nowhere", "/tickets/nobody", "/metrics"])
async def test_every_answer_carries_the_security_headers(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert "Server" not in answer.headers


async def test_an_unknown_route_and_a_wrong_method_are_problems(api: httpx.AsyncClient) -> None:
    assert_problem(await api.get("/nowhere"), 404, "not-found")
    assert_problem(await api.get("/queue/"), 404, "not-found")
    for method, path, allow in (
        ("DELETE", "/tickets", "GET, HEAD, POST"),
        ("GET", "/tickets/bulk", "POST"),
        ("PATCH", "/agents/Ann", "DELETE, GET, HEAD, PUT"),
        ("OPTIONS", "/queue", "GET, HEAD"),
    ):
        answer = await api.request(method, path)
        assert_problem(answer, 405, "method-not-allowed")
        assert answer.headers["Allow"] == allow


async def test_head_gives_the_headers_of_get_alone(api: httpx.AsyncClient) -> None:
    answer = await api.head("/livez")
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, b"", "application/json")


async def test_a_bug_of_ours_is_a_500_with_an_id_that_the_log_knows(
    api: httpx.AsyncClient, broker: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("inner secret")

    monkeypatch.setattr(type(broker.stats), "snapshot", broken)
    answer = await api.get("/stats")
    assert_problem(answer, 500, "internal-error")
    assert "inner secret" not in answer.text
    assert "ZeroDivisionError" not in answer.text
    (record,) = [record for record in caplog.records if record.name == "router.edge"]
    assert answer.json()["id"] in record.getMessage()
    assert record.exc_info is not None
    assert (await api.get("/livez")).status_code == 200


async def test_a_stop_ends_long_polls_at_once(broker: Broker) -> None:
    listener = listen("127.0.0.1", 0)
    server = Server(create_app(broker, RouterConfig()))
    running = asyncio.create_task(server.serve([listener]))
    async with httpx.AsyncClient(base_url=url_of(listener), timeout=40) as api:
        pulling = asyncio.create_task(api.post("/tickets/next?wait=30"))
        waiting = asyncio.create_task(api.post("/tickets?wait=30", json={"subject": "x"}))
        await broker.work.take(1)  # both have arrived when the ticket has
        began = time.monotonic()
        server.stop()
        assert (await waiting).status_code == 202
        assert (await pulling).status_code == 204
        await running
        assert time.monotonic() - began < 10, "half a minute would mean that the polls were sat out"
