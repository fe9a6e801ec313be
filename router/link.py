"""The application's line to the broker, which may not answer yet when we start.

The API listens at once: /livez tells the supervisor that the process lives, and everything that needs Redis answers 503 until
it is there. Exiting instead would turn a slow Redis into a restart loop.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from broker import Broker
from broker.errors import Unavailable

logger = logging.getLogger(__name__)

# Soon enough that nobody waits for us once Redis is up, seldom enough to cost nothing.
RETRY_S = 1.0


class Link:
    """`broker` raises Unavailable until one is there. `closing` asks long polls to answer now: the server is stopping."""

    def __init__(self, broker: Broker | None = None) -> None:
        self._broker = broker
        self.closing = asyncio.Event()

    @property
    def broker(self) -> Broker:
        if self._broker is None:
            raise Unavailable("Redis has not answered since the API started", retry_after_s=2)
        return self._broker

    @property
    def connected(self) -> bool:
        return self._broker is not None

    async def connect(self, open_broker: Callable[[], Awaitable[Broker]]) -> None:
        """Returns once the broker is open; tells the log of an outage once, and how long it took."""
        began = time.monotonic()
        told = False
        while self._broker is None:
            try:
                self._broker = await open_broker()
            except Unavailable as error:
                if not told:
                    logger.warning("Redis is away (%s): answering 503 and trying every %g s", error, RETRY_S)
                    told = True
                await asyncio.sleep(RETRY_S)
        if told:
            logger.info("Redis answers after %.1f s", time.monotonic() - began)

    async def close(self) -> None:
        if self._broker is not None:
            await self._broker.close()
            self._broker = None
