"""WS /ws/tickets: who may connect, and one session a connection."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from broker.errors import BrokerError, Unavailable
from broker.events import TooFarBehind
from router.gate import Gate
from router.hangup import ended
from router.origin import same_origin
from router.problems import Problem, from_broker
from router.services import Services
from router.socket_messages import PONG, PROTOCOL, UNSUBSCRIBED, PingIn, SubscribeIn, mistake, understood
from router.subscription import Subscription

logger = logging.getLogger(__name__)

# One process; each costs a few kilobytes, and every change of a ticket is sent to each that listens to all.
SOCKETS_MAX = 1_000
# A listener that takes nothing for so long is asleep or gone; it may come back and catch up.
SEND_PATIENCE_S = 10.0
# Who has subscribed to nothing holds a connection for nothing.
IDLE_S = 60.0
# In a row: a client that goes on after so many answers does not read them.
MISTAKES_MAX = 5

# RFC 6455, section 7.4.1, and the IANA registry for 1013.
DONE, GOING_AWAY, POLICY, TRY_AGAIN_LATER = 1000, 1001, 1008, 1013


class End(Exception):
    """Why a session ends. `code` None: the client is gone, and there is nobody to tell."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class LiveUpdates:
    """The ASGI application behind the route."""

    def __init__(self, services: Services, gate: Gate) -> None:
        self._services = services
        self._gate = gate
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        try:
            await self._admit(scope)
        except BrokerError as error:
            await socket.send_denial_response(from_broker(error).response())
            return
        except Problem as problem:
            await socket.send_denial_response(problem.response())
            return
        self._count(+1)
        try:
            await Session(socket, self._services).run()
        finally:
            self._count(-1)

    async def _admit(self, scope: Scope) -> None:
        """Raises Problem and BrokerError."""
        if not same_origin(scope):
            raise Problem("foreign-origin", "the Origin header names another host than the Host header")
        await self._gate.admit(scope)
        if self._open >= SOCKETS_MAX:
            raise Unavailable("Too many live connections; try again in a moment.", retry_after_s=5)

    def _count(self, change: int) -> None:
        self._open += change
        self._services.telemetry.sockets.set(self._open)


class Session:
    """One connection. Whatever task of it ends with an exception ends the session."""

    def __init__(self, socket: WebSocket, services: Services) -> None:
        self._socket = socket
        self._services = services
        self._tasks: set[asyncio.Task[None]] = set()
        self._following: asyncio.Task[None] | None = None
        self._over: asyncio.Future[End] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        try:
            await self._socket.accept(PROTOCOL if PROTOCOL in self._socket.scope["subprotocols"] else None)
            self._start(self._listen())
            self._start(self._heed_the_stop())
            end = await self._over
        finally:
            for task in [*self._tasks]:
                await ended(task)
        if end.code is not None:
            await self._close(end.code, end.reason)

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is None or self._over.done():
            return
        match error:
            case End():
                self._over.set_result(error)
            case TooFarBehind():
                self._over.set_result(End(TRY_AGAIN_LATER, "too slow: too many changes behind"))
            case Unavailable():
                self._over.set_result(End(TRY_AGAIN_LATER, str(error)))
            case _:
                self._over.set_exception(error)

    async def _heed_the_stop(self) -> None:
        await self._services.closing.wait()
        raise End(GOING_AWAY, "the server stops")

    async def _listen(self) -> None:
        mistakes = 0
        while True:
            text = await self._hear()
            try:
                said = understood(text)
            except Problem as problem:
                await self._say(mistake(problem))
                mistakes += 1
                if mistakes == MISTAKES_MAX:
                    raise End(POLICY, "too many messages that are not valid") from None
                continue
            mistakes = 0
            if isinstance(said, PingIn):
                await self._say(PONG)
                continue
            await self._unsubscribe()
            if isinstance(said, SubscribeIn):
                subscription = Subscription(self._services.broker, said, self._say)
                self._following = self._start(subscription.run())
                # One at a time, or a client that says it in a loop would keep Redis busy. Should it fail, the session ends.
                await subscription.begun.wait()
            else:
                await self._say(UNSUBSCRIBED)

    async def _unsubscribe(self) -> None:
        if self._following is not None:
            await ended(self._following)
            self._following = None

    async def _hear(self) -> str | None:
        """The next text; None for bytes."""
        try:
            async with asyncio.timeout(IDLE_S if self._following is None else None):
                message = await self._socket.receive()
        except TimeoutError:
            raise End(DONE, "nothing subscribed") from None
        if message["type"] == "websocket.disconnect":
            raise End(None)
        text: str | None = message.get("text")
        return text

    async def _say(self, text: str) -> None:
        try:
            async with asyncio.timeout(SEND_PATIENCE_S):
                await self._socket.send_text(text)
        except TimeoutError:
            raise End(TRY_AGAIN_LATER, "too slow: the connection takes no more") from None
        except WebSocketDisconnect:
            raise End(None) from None

    async def _close(self, code: int, reason: str) -> None:
        try:
            await self._socket.close(code, reason)
        except WebSocketDisconnect:
            logger.debug("a listener was gone before the goodbye")
