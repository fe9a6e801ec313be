"""The one place that opens Redis and that turns its exceptions into ours."""

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    ClusterDownError,
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from broker.errors import Unavailable

log = logging.getLogger(__name__)

# Longer than any blocking call we make (1 s) and than the slowest script; shorter than a worker's lease.
SOCKET_TIMEOUT_S = 5.0
# Of one process. Redis serves one command at a time anyway; more would only queue there instead of here.
MOST_CONNECTIONS = 64
# A refused or black-holed address must not hold a request for the system's default of two minutes.
CONNECT_TIMEOUT_S = 2.0

# Answers of a Redis that is there but can't write now: full, a replica, its disk failing, a cluster without quorum. Some have
# a class of their own in redis-py, which then drops the word from the message; the others are told by their word.
CANNOT_NOW = (OutOfMemoryError, ReadOnlyError, ClusterDownError, MasterDownError)
CANNOT_NOW_WORDS = ("OOM", "MISCONF", "NOREPLICAS", "BUSY", "READONLY")


def open_redis(url: str) -> Redis:
    """A client that never repeats a command by itself: a verb whose reply was lost may have run. Raises ValueError on a bad URL."""
    # Blocking: a request beyond the last connection waits its turn instead of failing.
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=MOST_CONNECTIONS,
        timeout=SOCKET_TIMEOUT_S,
        decode_responses=True,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)


class Guard:
    """Wraps every use of Redis: translates its exceptions, logs an outage once, and its end with how long it took."""

    def __init__(self) -> None:
        self._since: float | None = None

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        """Raises Unavailable for anything that may pass; other answers of Redis are bugs and come through as they are."""
        try:
            yield
        except (RedisConnectionError, RedisTimeoutError, OSError) as error:
            self._away(error)
            raise Unavailable("Redis does not answer; try again in a moment.") from error
        except ResponseError as error:
            if isinstance(error, CANNOT_NOW) or any(word in str(error) for word in CANNOT_NOW_WORDS):
                self._away(error)
                raise Unavailable("Redis cannot take writes at the moment; try again soon.", retry_after_s=5) from error
            raise
        except RedisError as error:
            self._away(error)
            raise Unavailable("Redis failed; try again in a moment.") from error
        else:
            self._back()

    def _away(self, error: Exception) -> None:
        if self._since is None:
            self._since = time.monotonic()
            log.error(
                "Redis is away: %s: %s", type(error).__name__, str(error).splitlines()[0] if str(error) else "no answer"
            )

    def _back(self) -> None:
        if self._since is not None:
            log.warning("Redis is back after %.1f s", time.monotonic() - self._since)
            self._since = None
