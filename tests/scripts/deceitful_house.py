"""A house that breaks the promises a storm checks: it answers nicely and loses, repeats or swallows what it took."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TIMES = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:01Z"}


class Deceit:
    """`forgets_each`: every n-th ticket is forgotten, 0: none. `counts`: what /stats adds for a ticket; None: there is no /stats.

    `hands_out`: how often the same ticket is given to agents. `hangs_up_each`: every n-th ticket is taken without an answer.
    `refuses`: takes none and answers 400 with this text.
    """

    def __init__(
        self,
        *,
        forgets_each: int = 0,
        counts: float | None = None,
        hands_out: int = 0,
        hangs_up_each: int = 0,
        refuses: str = "",
    ) -> None:
        self.hangs_up_each = hangs_up_each
        self.refuses = refuses
        self.forgets_each = forgets_each
        self.counts = counts
        self.hands_out = hands_out
        self.taken = 0
        self.kept: set[str] = set()
        self.queue: list[str] = []
        self.lock = threading.Lock()

    def take(self, ticket_id: str) -> bool:
        """Whether it is answered."""
        with self.lock:
            self.taken += 1
            if not (self.forgets_each and self.taken % self.forgets_each == 0):
                self.kept.add(ticket_id)
            self.queue += [ticket_id] * self.hands_out
            return not (self.hangs_up_each and self.taken % self.hangs_up_each == 0)

    def next(self) -> str | None:
        with self.lock:
            return self.queue.pop() if self.queue else None

    def stats(self) -> dict[str, object]:
        accepted = int(self.taken * (self.counts or 0))
        terms = {"accepted": accepted, "ready": len(self.queue)}
        return {"conservation": terms, "incidents": 0, "balanced": True, "latency_ms": {}}


@contextmanager
def deceitful_house(deceit: Deceit) -> Iterator[str]:
    """Its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            ticket_id = self.path.rsplit("/", 1)[-1]
            if self.path == "/livez":
                self.answer(200, {})
            elif self.path == "/stats" and deceit.counts is not None:
                self.answer(200, deceit.stats())
            elif ticket_id in deceit.kept:
                self.answer(200, {"ticket_id": ticket_id, "status": "completed"})
            else:
                self.answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.startswith("/tickets/next"):
                ticket_id = deceit.next()
                lease = {"token": "t"}
                self.answer(200 if ticket_id else 404, {"ticket_id": ticket_id, "lease": lease, **TIMES})
            elif self.path.endswith("/resolve"):
                self.answer(200, {})
            else:
                try:
                    ticket_id = str(json.loads(body)["ticket_id"])
                except (ValueError, KeyError, TypeError):
                    self.answer(500, {})
                    return
                if deceit.refuses:
                    self.answer(400, deceit.refuses)
                elif not deceit.take(ticket_id):
                    self.close_connection = True
                else:
                    self.answer(202, {"ticket_id": ticket_id, "status": "accepted"})

        def answer(self, status: int, value: object) -> None:
            # As compact as the real one's; the storm looks for its id in quotes.
            body = json.dumps(value, separators=(",", ":")).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            serving.join()
