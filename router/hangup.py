"""Waiting on behalf of a caller who may hang up meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from starlette.types import Receive

T = TypeVar("T")

# A cancelled read ends within one turn of the loop; it is asked again only if it forgot.
CANCEL_AGAIN_S = 0.1


class HangUp:
    """`gone` is set when the caller's connection closes."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()

    async def listen(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass  # the rest of a body nobody asked for
        self.gone.set()


@asynccontextmanager
async def watched(receive: Receive) -> AsyncIterator[HangUp]:
    """Listens for the end of the connection for the length of the block. The body must have been read, or be unwanted."""
    hang_up = HangUp()
    listener = asyncio.create_task(hang_up.listen(receive))
    try:
        yield hang_up
    finally:
        listener.cancel()
        await asyncio.wait([listener])


async def unless(work: Awaitable[T], *stops: asyncio.Event) -> T | None:
    """The result of `work`, or None as soon as one of `stops` is set; `work` is cancelled then, so it must only read."""
    task = asyncio.ensure_future(work)
    waits = [asyncio.create_task(stop.wait()) for stop in stops]
    try:
        await asyncio.wait([task, *waits], return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for pending in (task, *waits):
            await ended(pending)


async def ended(task: "asyncio.Future[Any]") -> None:
    """Cancels until it works: the wait_for of Python 3.11 forgets a cancellation that comes as its own wait ends."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=CANCEL_AGAIN_S)
