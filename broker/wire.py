"""One connection that all verbs of a process share: commands are written as they come, and answered in order.

redis-py lends a connection to one command at a time and guards it with locks, timeouts and checks of its own, 80 us of a submit's
130. It still opens ours, with all it knows of TLS, passwords, Sentinels and Clusters; blocking commands stay with its pool.
A caller who gives up leaves the answer to nobody, and the next caller's answer is still their own.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

import hiredis
from redis._parsers import BaseParser
from redis.asyncio import BlockingConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse, MovedError
from redis.exceptions import TimeoutError as RedisTimeoutError

from broker.packing import Packing
from broker.sharing import SharedWork

_NOT_YET = object()


class Wire(asyncio.Protocol):
    """An open connection. Whatever ends it fails all who wait: their commands may have run."""

    def __init__(self, connection: Packing, timeout_s: float) -> None:
        self.connection = connection
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._alarm: asyncio.TimerHandle | None = None
        self._retired = False
        self._reader = hiredis.Reader(
            protocolError=InvalidResponse, replyError=BaseParser.parse_error, encoding="utf-8", notEnoughData=_NOT_YET
        )
        self._transport = connection.hand_over(self)

    @property
    def is_open(self) -> bool:
        return not self._transport.is_closing()

    def call(self, words: Sequence[Any]) -> "asyncio.Future[Any]":
        """The answer to one command, or redis-py's exception for it."""
        packed = self.connection.pack_command(*words)
        if not self.is_open:  # it ended between its opening and its first use; nothing would ever answer
            raise RedisConnectionError("Connection closed by server.")
        answer = self._loop.create_future()
        self._waiting.append((self._loop.time(), answer))
        if self._alarm is None:
            self._alarm = self._loop.call_later(self._timeout_s, self._look)
        self._transport.writelines(packed)
        return answer

    def retire(self) -> None:
        """Takes no more, and closes when all who wait have their answers."""
        self._retired = True
        if not self._waiting:
            self._transport.close()

    def close(self, error: Exception | None = None) -> None:
        """At once; nothing that is still to be written or answered matters."""
        self._transport.abort()
        if error is not None:
            self.connection.heard(error)
        self._fail(error or RedisConnectionError("closed"))

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while (said := self._next()) is not _NOT_YET:
                if not isinstance(said, hiredis.PushNotification):
                    self._answer(said)
        except (InvalidResponse, IndexError) as error:  # not RESP, or an answer that nobody asked for
            self.close(RedisConnectionError(f"it does not speak as Redis does: {error}"))
        if self._retired and not self._waiting:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        error = RedisConnectionError(f"Connection closed by server. {exc or ''}".strip())
        self.connection.heard(error)  # also while nobody waits: who asks next should ask the primary of then
        self._fail(error)

    def _next(self) -> Any:
        """The next whole answer. One that is no UTF-8, or redirects to nowhere, is its own caller's matter."""
        try:
            return self._reader.gets()
        except ValueError as error:
            return error

    def _answer(self, said: Any) -> None:
        _, answer = self._waiting.popleft()
        if isinstance(said, Exception):
            self.connection.heard(said)
            if not answer.done():
                answer.set_exception(said)
        elif not answer.done():
            answer.set_result(said)

    def _look(self) -> None:
        """One alarm for all who wait: the oldest is the first to be too old."""
        self._alarm = None
        if not self._waiting:
            return
        left_s = self._waiting[0][0] + self._timeout_s - self._loop.time()
        if left_s > 0:
            self._alarm = self._loop.call_later(left_s, self._look)
        else:
            self.close(RedisTimeoutError("Timeout reading from Redis"))

    def _fail(self, error: Exception) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        waiting, self._waiting = self._waiting, deque()
        for _, answer in waiting:
            if not answer.done():
                answer.set_exception(error)
        self.connection.hang_up()


class SharedWire:
    """The Wire of the moment: opened at the first use, and again after its end. `redirections`: most that a command follows."""

    def __init__(self, pool: BlockingConnectionPool, *, timeout_s: float, redirections: int) -> None:
        self._pool = pool
        self._timeout_s = timeout_s
        self._redirections = redirections
        self._wire: Wire | None = None
        self._retired: list[Wire] = []
        self._opening = SharedWork(self._open)

    async def execute(self, *words: Any) -> Any:
        """Runs one command that does not block. Raises redis-py's exceptions; never repeats what may have run."""
        left = self._redirections
        while True:
            wire = self._wire
            if wire is None or not wire.is_open or wire.connection.is_stale:
                wire = await self._opening.result()
            try:
                return await wire.call(words)
            except MovedError:
                left -= 1
                if left < 0:
                    raise

    async def close(self) -> None:
        await self._opening.cancel()
        for wire in (*self._retired, self._wire):
            if wire is not None:
                wire.close()
        self._wire, self._retired = None, []

    async def _open(self) -> Wire:
        connection: Packing = self._pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
            if await connection.can_read():  # an end that came before the Wire would never be told to it
                raise RedisConnectionError("Connection closed by server, or it said more than it was asked.")
        except BaseException:
            connection.hang_up()
            raise
        if self._wire is not None and self._wire.is_open:
            self._wire.retire()
            self._retired = [wire for wire in (*self._retired, self._wire) if wire.is_open]
        self._wire = Wire(connection, self._timeout_s)
        return self._wire
