"""Redis as the parts of the broker use it: verbs, a few plain commands, and the clock."""

import os
import secrets
import time
from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from broker.connection import Guard, Outage, open_wire
from broker.errors import Unavailable
from broker.keys import Keys
from broker.scripts import Scripts, Word

# Gives Unix time in microseconds. None: the Redis server's own clock, which all machines share.
Clock = Callable[[], int] | None
# A replica on the same network confirms within 1 ms; longer than this and the client had better try again.
COPY_TIMEOUT_MS = 500


class Store:
    """Everything a part needs to reach Redis. Every call may raise Unavailable."""

    def __init__(self, redis: Redis, namespace: str, clock: Clock = None, *, min_replicas: int = 0) -> None:
        # Typed Any: what redis-py answers depends on decode_responses, which its types do not know.
        self.redis: Any = redis
        self.keys = Keys(namespace)
        self.guard = Guard()
        self._wire = open_wire(redis)
        self._scripts = Scripts(redis, self._wire, self.keys)
        self._clock = clock
        self.min_replicas = min_replicas
        self._copies = Outage("Replication")

    async def verb(self, name: str, *args: Word) -> Any:
        """Runs one Lua verb."""
        try:
            answer = await self._scripts.run(name, *args, at_us=self._clock() if self._clock else None)
        except (RedisError, OSError) as error:
            self.guard.failed(error)
        self.guard.over()
        return answer

    async def verb_copied(self, name: str, *args: Word) -> Any:
        """Runs a verb that is safe to repeat; its answer comes once `min_replicas` have what it did.

        Unavailable when too few confirm in time: it stands on the primary then, and may or may not outlive it.
        """
        if not self.min_replicas:
            return await self.verb(name, *args)
        async with self.guard():
            answer, copies = await self._scripts.run_copied(
                name,
                *args,
                at_us=self._clock() if self._clock else None,
                replicas=self.min_replicas,
                within_ms=COPY_TIMEOUT_MS,
            )
        if copies < self.min_replicas:
            self._copies.on(
                f"{copies} replicas confirmed within {COPY_TIMEOUT_MS} ms, MIN_REPLICAS is {self.min_replicas}"
            )
            raise Unavailable("It could not be copied to enough replicas; try again with the same idempotency key.")
        self._copies.over()
        return answer

    async def command(self, *words: Word) -> Any:
        """Runs one plain command; the caller names keys through `keys`."""
        async with self.guard():
            return await self.redis.execute_command(*words)

    async def close(self) -> None:
        await self._wire.close()
        await self.redis.aclose()

    def steady_ms(self) -> float:
        """For durations inside this process: its own clock that never jumps, or the test's."""
        return self._clock() / 1000 if self._clock else time.monotonic() * 1000

    async def now_ms(self) -> int:
        """The shared clock, in milliseconds."""
        if self._clock:
            return self._clock() // 1000
        async with self.guard():
            seconds, micros = await self.redis.time()
            return int(seconds) * 1000 + int(micros) // 1000


# Two base 32 digits at a time, highest first: a ticket's id is made in a third of the time.
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(high + low for high in _DIGITS for low in _DIGITS)
_SHIFTS = tuple(range(100, -1, -10))


def new_token() -> str:
    """A secret that proves a lease: 96 random bits."""
    return secrets.token_urlsafe(12)


def new_id() -> str:
    """A ticket id that sorts by time of making: 44 bits of milliseconds and 64 random bits, in lower-case base 32.

    The idea of UUID version 7 (RFC 9562) in 22 characters that survive being read over the phone.
    """
    number = (time.time_ns() // 1_000_000) << 64 | int.from_bytes(os.urandom(8))
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
