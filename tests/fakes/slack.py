"""A stand-in for Slack's incoming webhooks: a real HTTP server on a free loopback port, in a thread of its own.

    with FakeSlack() as slack:                      # or: async with FakeSlack() as slack
        slack.script(Reply(429, "rate_limited", {"Retry-After": "1"}), Reply(hang=True))
        ...                                         # hand slack.url to the code under test, in this process or another
        assert slack.wait_for(3, timeout_s=10)      # three requests have come; await slack.arrived(3, ...) in a coroutine
        assert slack.delivered[0]["text"] == "..."

- `url`           the webhook, secret path included. Any other path is answered 404 no_service, as Slack does.
- `received`      every POST in order of arrival, whatever was answered: `.body` parsed JSON (None if it was not JSON),
                  `.at_s` from time.monotonic(), `.status` and `.answer` given (status None: no whole answer was).
- `bodies`        the parsed bodies of `received`.
- `delivered`     only the bodies answered 200: what a person would have seen in the channel.
- `problems`      why payloads were refused, in words. A test that ends with `assert slack.problems == []` has checked
                  that everything sent was well-formed by Slack's rules (`tests.fakes.slack_rules`).
- `wait_for(n)`, `arrived(n)`         until n requests came; the second is for coroutines. False when time is up.
- `wait_delivered(n)`, `showed(n)`    until n messages were answered 200; likewise.
- `script(...)`   answers for the next requests, first come first served; afterwards `default` answers (200 ok; set
                  `slack.default = Reply(500, "rollup_error")` for a Slack that stays down). A 200 answer is given only
                  to a payload that Slack would take: others get 400 with Slack's own error, and use up their answer.
- `stop()`, `start()`  connection refused, and back again under the same URL.

Safe to use from any thread or event loop; waiting costs no polling. Closing lets go of hung requests.
"""

import asyncio
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, cast

from tests.fakes.slack_rules import problem

SECRET_PATH = "/services/T00000000/B00000000/fakefakefakefakefakefake"


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted answer. `delay_s` comes first; `hang` never answers; `cut` closes in the middle of the answer;
    `close` closes before a byte of it; `drip_s` sends the body a byte at a time with this pause."""

    status: int = 200
    body: str = "ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    hang: bool = False
    cut: bool = False
    close: bool = False
    drip_s: float = 0.0


@dataclass(slots=True)
class Received:
    body: dict[str, object] | None
    at_s: float
    path: str
    headers: dict[str, str]
    status: int | None = None
    answer: str | None = None


class FakeSlack:
    def __init__(self) -> None:
        self.default = Reply()
        self.received: list[Received] = []
        self.problems: list[str] = []
        self._scripted: deque[Reply] = deque()
        self._changed = threading.Condition()
        self._released = threading.Event()
        self._port = 0
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}{SECRET_PATH}"

    @property
    def bodies(self) -> list[dict[str, object] | None]:
        return [request.body for request in list(self.received)]

    @property
    def delivered(self) -> list[dict[str, object]]:
        return [request.body for request in list(self.received) if request.status == 200 and request.body is not None]

    def script(self, *replies: Reply) -> None:
        with self._changed:
            self._scripted.extend(replies)

    def wait_for(self, count: int, *, timeout_s: float) -> bool:
        """True as soon as `count` requests have arrived; False if they have not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.received) >= count, timeout_s)

    def wait_delivered(self, count: int, *, timeout_s: float) -> bool:
        """True as soon as `count` messages have been answered 200; False if they have not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.delivered) >= count, timeout_s)

    async def arrived(self, count: int, *, timeout_s: float) -> bool:
        return await asyncio.to_thread(self.wait_for, count, timeout_s=timeout_s)

    async def showed(self, count: int, *, timeout_s: float) -> bool:
        return await asyncio.to_thread(self.wait_delivered, count, timeout_s=timeout_s)

    def start(self) -> None:
        if self._server is None:
            self._released.clear()
            self._server = _Server(("127.0.0.1", self._port), self)
            self._port = self._server.server_address[1]
            self._thread = threading.Thread(
                target=self._server.serve_forever, args=(0.02,), name="fake-slack", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Nobody listens from here on, and open connections are closed. May be called twice."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is None or thread is None:
            return
        self._released.set()
        server.shutdown()
        thread.join()
        server.close_connections()
        server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    def _take(self, request: Received, raw: bytes) -> Reply:
        """Notes a request and decides its answer."""
        with self._changed:
            reply = self._scripted.popleft() if self._scripted else self.default
            self.received.append(request)
            refusal = _refusal(request, raw)
            if refusal:
                self.problems.append(refusal[1])
            if request.path != SECRET_PATH:
                reply = Reply(404, "no_service")
            elif refusal and reply.status == 200:
                reply = Reply(400, refusal[0])
            self._changed.notify_all()
            return reply

    def _answered(self, request: Received, reply: Reply) -> None:
        with self._changed:
            request.status, request.answer = reply.status, reply.body
            self._changed.notify_all()

    def _let_go(self, wait_s: float | None) -> bool:
        """Waits like the scripted answer wants; True when the server is closing."""
        return self._released.wait(wait_s)


def _refusal(request: Received, raw: bytes) -> tuple[str, str] | None:
    if not request.headers.get("content-type", "").startswith("application/json"):
        return "invalid_payload", "Content-Type is not application/json"
    try:
        return problem(json.loads(raw.decode("utf-8")))
    except ValueError:
        return "invalid_payload", "the body is not JSON in UTF-8"


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing joins them, so no request outlives its test
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], slack: FakeSlack) -> None:
        self.slack = slack
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        self._closing = False
        super().__init__(address, _Handler)

    def opened(self, connection: socket.socket) -> None:
        with self._open_lock:
            self._open.add(connection)
            if self._closing:
                _hang_up(connection)  # accepted just before the end: nobody would close it any more

    def closed(self, connection: socket.socket) -> None:
        with self._open_lock:
            self._open.discard(connection)

    def close_connections(self) -> None:
        with self._open_lock:
            self._closing = True
            for connection in self._open:
                _hang_up(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        cast(_Server, self.server).opened(self.connection)

    def finish(self) -> None:
        cast(_Server, self.server).closed(self.connection)
        super().finish()

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True  # the other side went away, which tests do on purpose

    def do_POST(self) -> None:
        slack = cast(_Server, self.server).slack
        raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Received(_json_object(raw), time.monotonic(), self.path, headers)
        reply = slack._take(request, raw)
        if reply.close or slack._let_go(None if reply.hang else reply.delay_s):
            self.close_connection = True
            return
        body = reply.body.encode()
        whole = not reply.cut and not reply.drip_s
        if whole:  # as Slack does it: the message stands in the channel before the sender hears of that
            slack._answered(request, reply)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if reply.cut:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        if not reply.drip_s:
            self.wfile.write(body)
        for i in range(len(body) if reply.drip_s else 0):
            self.wfile.write(body[i : i + 1])
            if slack._let_go(reply.drip_s):
                self.close_connection = True
                return
        if not whole:
            slack._answered(request, reply)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: `received` is the log."""


def _json_object(raw: bytes) -> dict[str, object] | None:
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it was closed already, which is what was wanted
