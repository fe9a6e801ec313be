"""Work that is the same for all who need it: they wait for one run together, and the first to come after its end starts the next.

Opening the connection and looking for the primary are such work. When either is lost, hundreds of callers miss it in one turn of the loop.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from redis.exceptions import ConnectionError as RedisConnectionError

# Python 3.11's wait_for, which redis-py sends its greetings through, forgets a cancellation that comes as its own wait ends.
CANCEL_AGAIN_S = 0.1

Result = TypeVar("Result")


class SharedWork(Generic[Result]):
    """`work()` starts a run. Its result is for those who wait; to know it later is the owner's matter."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> None:
        self._work = work
        self._run: asyncio.Task[Result] | None = None

    async def result(self) -> Result:
        """What the run of the moment gives or raises, to all who wait; redis-py's ConnectionError if it is cancelled by `cancel`.

        A caller who is cancelled leaves the run to the others, or to end with nobody waiting.
        """
        run = self._run
        if run is None or run.done():
            run = self._run = asyncio.create_task(self._work())
            run.add_done_callback(_heard)
        # Unlike awaiting a shield, this raises nothing of the run's: a CancelledError from here is the caller's own.
        await asyncio.wait([run])
        if run.cancelled():
            raise RedisConnectionError("closed")
        return run.result()

    async def cancel(self) -> None:
        """Returns when nothing runs any more."""
        while self._run is not None and not self._run.done():
            self._run.cancel()
            await asyncio.wait([self._run], timeout=CANCEL_AGAIN_S)


def _heard(run: "asyncio.Task[Any]") -> None:
    """Its failure went to all who waited; if nobody does any more, nobody needs to hear it."""
    if not run.cancelled():
        run.exception()
