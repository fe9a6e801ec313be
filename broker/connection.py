"""The one place that opens Redis and that turns its exceptions into ours."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn

from redis.asyncio import BlockingConnectionPool, Connection, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MasterDownError,
    MovedError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.maint_notifications import MaintNotificationsConfig

from broker.errors import Unavailable
from broker.finding import finder
from broker.following import FollowingPool
from broker.packing import PACKING
from broker.topology import Kind, Topology
from broker.wire import SharedWire

log = logging.getLogger(__name__)

# Longer than any blocking call we make (1 s) and than the slowest script; shorter than a worker's lease.
SOCKET_TIMEOUT_S = 5.0
# Of one process. Redis serves one command at a time anyway; more would only queue there instead of here.
MOST_CONNECTIONS = 64
# A refused or black-holed address must not hold a request for the system's default of two minutes.
CONNECT_TIMEOUT_S = 2.0

# A redirection says who has our slot; a second one comes only while the slot moves on.
MOST_REDIRECTIONS = 3

# Answers of a Redis that is there but can't write now: full, a replica, its disk failing, a cluster without quorum or moving our
# slot. Some have a class of their own in redis-py, which then drops the word from the message; the others are told by their word.
# While a slot moves, a script is refused as a whole: each declares a prefix, which is no key, so one of its keys is always missing.
CANNOT_NOW = (OutOfMemoryError, ReadOnlyError, ClusterDownError, MasterDownError, AskError, TryAgainError)
CANNOT_NOW_WORDS = ("OOM", "MISCONF", "NOREPLICAS", "BUSY", "READONLY", "UNBLOCKED")


def open_redis(topology: Topology, namespace: str) -> Redis:
    """A client that never repeats a command that may have run; one that a node of a Cluster redirected has not.

    On Sentinels and on a Cluster it is the same client of one server, over connections that follow the primary (`following`): all
    keys of a namespace lie in one slot. redis-py's own RedisCluster spreads keys we do not have, repeats commands by itself, fails
    beyond its last connection, and knows neither plain pipelines with transactions nor BLPOP's long answer. Raises ValueError.
    """
    options: dict[str, Any] = {
        "max_connections": MOST_CONNECTIONS,
        "timeout": SOCKET_TIMEOUT_S,
        "socket_timeout": SOCKET_TIMEOUT_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "decode_responses": True,
        # With redis-py's "auto" its pool hands out connections that it knows to be dead, and each costs one request a 503.
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        **topology.options,
    }
    if topology.kind is not Kind.SINGLE or "path" not in options:  # a unix socket has no keep-alive
        options.setdefault("socket_keepalive", True)
    # Blocking: a request beyond the last connection waits its turn instead of failing.
    pool: BlockingConnectionPool
    if topology.kind is Kind.SINGLE:
        options["connection_class"] = PACKING[options.get("connection_class", Connection)]
        pool = BlockingConnectionPool(retry=Retry(NoBackoff(), 0), **options)
    else:
        redirected = Retry(NoBackoff(), MOST_REDIRECTIONS, supported_errors=(MovedError,))
        pool = FollowingPool(finder(topology, namespace), tls=topology.tls, retry=redirected, **options)
    try:
        pool.make_connection()  # type: ignore[no-untyped-call] # connects nothing: only looks at the options
    except (TypeError, RedisError) as error:
        raise ValueError(f"it has an option that redis-py does not know: {error}") from error
    return Redis.from_pool(pool)


def open_wire(redis: Redis) -> SharedWire:
    """The connection for what does not block, with the settings of `open_redis`'s client."""
    pool: Any = redis.connection_pool
    redirections = MOST_REDIRECTIONS if isinstance(pool, FollowingPool) else 0
    timeout_s = pool.connection_kwargs.get("socket_timeout") or SOCKET_TIMEOUT_S
    return SharedWire(pool, timeout_s=float(timeout_s), redirections=redirections)


class Outage:
    """Logs the beginning of something bad once, and its end with how long it took."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._since: float | None = None

    def on(self, reason: str) -> None:
        if self._since is None:
            self._since = time.monotonic()
            log.error("%s is away: %s", self._what, reason)

    def over(self) -> None:
        if self._since is not None:
            log.warning("%s is back after %.1f s", self._what, time.monotonic() - self._since)
            self._since = None


class Guard:
    """Wraps every use of Redis: translates its exceptions, logs an outage once, and its end with how long it took."""

    def __init__(self) -> None:
        self._outage = Outage("Redis")

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        """Raises Unavailable for anything that may pass; other answers of Redis are bugs and come through as they are."""
        task = asyncio.current_task()
        cancelled_before = task.cancelling() if task is not None else 0
        try:
            yield
            # Python 3.11's wait_for, which redis-py sends through, forgets a cancellation that comes as its own wait ends; whoever
            # cancelled us would wait for ever.
            if task is not None and task.cancelling() > cancelled_before:
                raise asyncio.CancelledError
        except (RedisError, OSError) as error:
            self.failed(error)
        else:
            self.over()

    def over(self) -> None:
        """Redis has answered."""
        self._outage.over()

    def failed(self, error: Exception) -> NoReturn:
        """Raises Unavailable for an exception of Redis that may pass, and any other as it is."""
        if isinstance(error, MovedError):
            self._outage.on(
                "it is one node of a Cluster and another has our keys; REDIS_URL must be redis+cluster://..."
            )
            raise Unavailable("Redis cannot take writes at the moment; try again soon.", retry_after_s=5) from error
        if isinstance(error, ResponseError):
            if isinstance(error, CANNOT_NOW) or any(word in str(error) for word in CANNOT_NOW_WORDS):
                self._away(error)
                raise Unavailable("Redis cannot take writes at the moment; try again soon.", retry_after_s=5) from error
            raise error
        self._away(error)
        silent = isinstance(error, RedisConnectionError | RedisTimeoutError | OSError)
        raise Unavailable(f"Redis {'does not answer' if silent else 'failed'}; try again in a moment.") from error

    def _away(self, error: Exception) -> None:
        self._outage.on(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no answer'}")
