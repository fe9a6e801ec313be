"""The outermost layer: what every answer shares, whatever made it. Pure ASGI, so that no request is wrapped twice."""

import logging
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from router.dispatch import TEMPLATE
from router.problems import Problem
from router.telemetry import Telemetry

logger = logging.getLogger(__name__)

CSP = b"content-security-policy"
# For JSON: nothing may load, nobody may frame. Pages bring their own.
DEFAULT_CSP = (CSP, b"default-src 'none'; frame-ancestors 'none'")
NOSNIFF = (b"x-content-type-options", b"nosniff")
# One label for everything unknown: a scanner must not fill our memory with metrics.
NO_ROUTE = "(none)"
KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Edge:
    """Adds the security headers, counts and times, and turns what nobody expected into a 500 problem with an id."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def send_dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message["headers"]
                for name, _ in headers:
                    if name == CSP:
                        message["headers"] = [*headers, NOSNIFF]
                        break
                else:
                    message["headers"] = [*headers, NOSNIFF, DEFAULT_CSP]
            await send(message)

        try:
            await self._app(scope, receive, send_dressed)
        except (
            Exception
        ):  # a bug of ours must cost one request only; the log keeps the traceback, the caller gets an id
            failure = secrets.token_hex(8)
            logger.exception("failure %s at %s %s", failure, scope["method"], scope.get(TEMPLATE, NO_ROUTE))
            if status:
                raise  # half an answer is out: only closing the connection tells the caller
            problem = Problem("internal-error", f"unexpected failure, our log knows it as {failure}", id=failure)
            await problem.response()(scope, receive, send_dressed)
        finally:
            method = scope["method"] if scope["method"] in KNOWN_METHODS else "OTHER"
            # 499, as proxies write it: the caller was gone before there was an answer.
            self._telemetry.observe(method, scope.get(TEMPLATE, NO_ROUTE), status or 499, time.perf_counter() - began)
