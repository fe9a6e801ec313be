"""A TCP proxy on loopback between the product and its Redis, which passes everything on until it is told to make trouble.

It knows one thing of Redis's protocol: which answer belongs to a BLPOP. The ticket in such an answer has left the list,
so an answer that is cut off there has lost its bell for good.
"""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass

from scripts.fault_listener import Listener

CHUNK_BYTES = 65_536
# An answer to BLPOP that holds something: an array of two, the list's name and the ticket.
BELL_ANSWER = b"*2\r\n"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to an answer on its way to the client. The shares lie in 0..1, of answers."""

    cut_bells: float = 0.0  # of answers to BLPOP: half of it arrives, then the connection closes
    delay_s: float = 0.0  # up to so long, drawn for each
    cut: float = 0.0  # of all answers, likewise
    half_close: float = 0.0  # instead of the answer the end of the stream, while our side still takes commands
    mute: float = 0.0  # nothing comes any more and nobody says why; what is sent vanishes


QUIET = Trouble()


@dataclass
class Inflicted:
    """How often what was done."""

    bells_cut: int = 0
    delayed: int = 0
    cut: int = 0
    half_closed: int = 0
    muted: int = 0

    @property
    def total(self) -> int:
        return self.bells_cut + self.delayed + self.cut + self.half_closed + self.muted


class Proxy(Listener):
    """`trouble` may be changed at any time and holds for the answers that come after. Never leaves loopback."""

    def __init__(self, target_port: int, *, rng: random.Random) -> None:
        super().__init__()
        self.trouble = QUIET
        self.inflicted = Inflicted()
        self._target_port = target_port
        self._rng = rng

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            redis_reader, redis_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            return  # Redis is down: the client sees its connection closed
        link = _Link(self, reader, writer, redis_reader, redis_writer)
        pumps = [asyncio.create_task(link.commands()), asyncio.create_task(link.answers())]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Before the first await: `stop` may cancel us in the middle of tidying up.
            redis_writer.close()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    def draw(self, share: float) -> bool:
        return share > 0 and self._rng.random() < share

    def drawn_delay_s(self) -> float:
        return self._rng.random() * self.trouble.delay_s


class _Link:
    """One connection. Either pump ends when its side does, and the whole link with it."""

    def __init__(
        self,
        proxy: Proxy,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        redis_reader: asyncio.StreamReader,
        redis_writer: asyncio.StreamWriter,
    ) -> None:
        self._proxy = proxy
        self._reader, self._writer = reader, writer
        self._redis_reader, self._redis_writer = redis_reader, redis_writer
        self._waits_for_bell = False
        self._muted = False

    async def commands(self) -> None:
        with suppress(OSError):
            while chunk := await self._reader.read(CHUNK_BYTES):
                self._waits_for_bell = b"BLPOP" in chunk.upper()
                if not self._muted:
                    self._redis_writer.write(chunk)
                    await self._redis_writer.drain()

    async def answers(self) -> None:
        with suppress(OSError):
            while chunk := await self._redis_reader.read(CHUNK_BYTES):
                if not await self._pass_on(chunk):
                    return
        if self._muted:
            await asyncio.Event().wait()  # until the client gives up by itself

    async def _pass_on(self, chunk: bytes) -> bool:
        """False: the link is over."""
        proxy, trouble, done = self._proxy, self._proxy.trouble, self._proxy.inflicted
        is_bell = self._waits_for_bell and chunk.startswith(BELL_ANSWER)
        if is_bell and proxy.draw(trouble.cut_bells):
            done.bells_cut += 1
            return await self._cut(chunk)
        if proxy.draw(trouble.cut):
            done.cut += 1
            return await self._cut(chunk)
        if proxy.draw(trouble.half_close):
            done.half_closed += 1
            self._writer.write_eof()
            await asyncio.Event().wait()  # what is still sent goes on to Redis, until the client closes its side
        if proxy.draw(trouble.mute):
            done.muted += 1
            self._muted = True
            await asyncio.Event().wait()
        if trouble.delay_s:
            done.delayed += 1
            await asyncio.sleep(proxy.drawn_delay_s())
        self._writer.write(chunk)
        await self._writer.drain()
        return True

    async def _cut(self, chunk: bytes) -> bool:
        self._writer.write(chunk[: len(chunk) // 2])
        await self._writer.drain()
        return False
