"""Versions of what was learned from corrections: numbered, scored, one of them active, and a way back.

Version 0 is the models alone. One worker at a time fits; the others follow the active version.
"""

import base64
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from broker.codec import moment
from broker.examples import MOST_EXAMPLES
from broker.scripts import Code, problem
from broker.store import Store, new_token

# Longer than any fit; a worker that dies while fitting holds the others up for no longer than this.
FITTING_MS = 60_000


@dataclass(frozen=True, slots=True)
class Score:
    """Held-back examples of one kind: how many there are, how many this version gets right, and the model alone."""

    n: int
    right: int
    prior_right: int


@dataclass(frozen=True, slots=True)
class Version:
    """One fit, or a rollback to `equals`.

    `space`: the engine, version and label set it holds for. `taken`: the number of the newest example it knew. `examples`: learned from.
    `changes` False: it says what the model alone says. `activated`: tickets followed it from its start, if only until the next one.
    """

    space: str | None
    taken: int
    examples: int
    changes: bool
    activated: bool
    corrections: Score
    agreements: Score
    note: str
    equals: int | None = None
    version: int = 0
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Every version that is kept, newest first, version 0 last; `due`: corrections that no model has read yet."""

    versions: list[Version]
    active: int
    due: int
    kept: int
    aside: int


@dataclass(frozen=True, slots=True)
class Progress:
    """`taken`: the number of the newest example; `fitted`: of the newest one when the last version was made."""

    active: int
    taken: int
    fitted: int


NOTHING = Score(0, 0, 0)
PRIOR = Version(None, 0, 0, False, True, NOTHING, NOTHING, "The models alone, nothing learned")


class Lessons:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def progress(self) -> Progress:
        """Raises Unavailable."""
        key = self._store.keys.name("lesson_state")
        active, taken, fitted = await self._store.command("HMGET", key, "active", "taken", "fitted")
        return Progress(int(active or 0), int(taken or 0), int(fitted or 0))

    async def version(self, number: int) -> tuple[Version, bytes]:
        """One version and its weights, empty where it changes nothing. Raises NotFound, Unavailable."""
        if number == 0:
            return PRIOR, b""
        described, weights = await self._read(number)
        if described is None:
            raise problem(Code.NOT_FOUND, f"version {number}")
        return _version(described), base64.b64decode(weights or "")

    async def begin(self) -> str | None:
        """A token for fitting, unless somebody else fits. Raises Unavailable."""
        token = new_token()
        key = self._store.keys.name("lesson_fitter")
        return token if await self._store.command("SET", key, token, "NX", "PX", FITTING_MS) else None

    async def publish(self, token: str, version: Version, weights: bytes) -> int | None:
        """Lists a version, and activates it where `activated`; its number. None: a rollback came in between. Raises Unavailable."""
        packed = base64.b64encode(weights).decode()
        code, number = await self._store.verb("publish", token, _described(version), packed, int(version.activated))
        return int(number) if code == Code.DONE else None

    async def settle(self, taken: int) -> None:
        """Nothing came of the examples up to number `taken`: ends the fit without a version. Raises Unavailable."""
        await self._store.command("HSET", self._store.keys.name("lesson_state"), "fitted", taken)
        await self._store.command("DEL", self._store.keys.name("lesson_fitter"))

    async def rollback(self, number: int) -> int:
        """Sets aside every example taken in after that version; returns a new, active version equal to it. Raises NotFound, Unavailable."""
        code, made, _ = await self._store.verb("rollback", number, _described(PRIOR), MOST_EXAMPLES)
        if code != Code.DONE:
            raise problem(code, f"version {number}")
        return int(made)

    async def list(self) -> Listing:
        """Raises Unavailable."""
        keys = self._store.keys
        async with self._store.guard(), self._store.redis.pipeline(transaction=True) as pipeline:
            pipeline.hvals(keys.name("lessons"))
            pipeline.hget(keys.name("lesson_state"), "active")
            for name in ("lessons_due", "examples_corrected", "examples_agreed", "examples_aside"):
                pipeline.zcard(keys.name(name))
            described, active, due, corrected, agreed, aside = await pipeline.execute()
        versions = sorted((_version(one) for one in described), key=lambda one: -one.version)
        return Listing([*versions, PRIOR], int(active or 0), due, corrected + agreed, aside)

    async def _read(self, number: int) -> tuple[str | None, str | None]:
        keys = self._store.keys
        async with self._store.guard(), self._store.redis.pipeline(transaction=True) as pipeline:
            pipeline.hget(keys.name("lessons"), number)
            pipeline.hget(keys.name("lesson_weights"), number)
            described, weights = await pipeline.execute()
        return described, weights


def _described(version: Version) -> str:
    """Number and time are put in by the script that publishes."""
    return json.dumps({name: value for name, value in asdict(version).items() if name not in ("version", "created_at")})


def _version(described: str) -> Version:
    stored: dict[str, Any] = json.loads(described)
    created_at = moment(stored.pop("created_ms"))
    corrections, agreements = Score(**stored.pop("corrections")), Score(**stored.pop("agreements"))
    return Version(**stored, corrections=corrections, agreements=agreements, created_at=created_at)
