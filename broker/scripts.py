"""The Lua verbs: one file each in `lua/`, whose header is also its declaration.

    -- KEYS: bell pending ticket*     the schema entries it may touch; becomes KEYS and one Lua local each
    -- INCLUDE: record                shared pieces, put in front once, with their keys

A script can therefore not name a key that `keys.py` does not document. A prefix `ticket*` becomes the local `ticket_`, declared in
KEYS as the prefix itself: the ids behind it are only known inside, and the hash tag keeps them on the same node.
"""

import hashlib
import re
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from broker.errors import (
    BacklogFull,
    BrokerError,
    Conflict,
    EmailTaken,
    KeyReused,
    NotFound,
    StaleLease,
    TicketExists,
    WrongState,
)
from broker.keys import Keys
from broker.wire import SharedWire

LUA = Path(__file__).parent / "lua"

# A word of an argument list: Redis takes text and numbers.
Word = str | int | float


class Code(IntEnum):
    """What the verbs answer. Lua sees each as a local of the same name."""

    DONE = 1
    ACCEPTED = 2
    REPLAYED = 3
    CREATED = 4
    FOLDED = 5
    EMPTY = 0
    NOT_FOUND = -1
    STALE_LEASE = -2
    WRONG_STATE = -3
    TICKET_EXISTS = -4
    KEY_REUSED = -5
    BACKLOG_FULL = -6
    NO_AGENT = -7
    EMAIL_TAKEN = -8


def problem(code: int, subject: str) -> BrokerError:
    """The exception for a refusing code; `subject` names what it was about."""
    match Code(code):
        case Code.NOT_FOUND:
            return NotFound(f"There is no {subject}.")
        case Code.NO_AGENT:
            return NotFound(f"There is no {subject}.")
        case Code.STALE_LEASE:
            return StaleLease(
                f"The lease on {subject} is not yours any more: it ran out or somebody else holds it. Nothing was changed."
            )
        case Code.WRONG_STATE:
            return WrongState(f"The state of {subject} does not allow this. Nothing was changed.")
        case Code.TICKET_EXISTS:
            return TicketExists(f"The id of {subject} is taken by a ticket with other content.")
        case Code.KEY_REUSED:
            return KeyReused("This idempotency key came with another payload before.")
        case Code.BACKLOG_FULL:
            return BacklogFull("Too many tickets wait to be judged; try again in a moment.", retry_after_s=5)
        case Code.EMAIL_TAKEN:
            return EmailTaken(f"There is a user with the email of {subject} already.")
        case other:
            return Conflict(f"{other.name} is no refusal")


def _declared(text: str, what: str) -> list[str]:
    return [word for line in re.findall(rf"^-- {what}: (.+)$", text, re.MULTILINE) for word in line.split()]


def compose(verb: str) -> tuple[str, list[str]]:
    """The whole Lua text of a verb and the schema entries of its KEYS, in order."""
    texts: dict[str, str] = {}

    def read(name: str) -> None:
        if name in texts:
            return
        text = (LUA / f"{name}.lua").read_text()
        for included in _declared(text, "INCLUDE"):
            read(included)
        texts[name] = text

    read(verb)
    body = "\n".join(texts.values())
    keys = list(dict.fromkeys(_declared(body, "KEYS")))
    names = [f"local {key.replace('*', '_')} = KEYS[{place}]" for place, key in enumerate(keys, 1)]
    codes = [f"local {code.name} = {code.value}" for code in Code if re.search(rf"\b{code.name}\b", body)]
    return "\n".join([*codes, *names, body]), keys


class Loaded(NamedTuple):
    """A verb's text, and the words before its arguments: EVALSHA, its digest, its keys."""

    text: str
    head: tuple[Word, ...]


class Scripts:
    """Runs verbs by name on one Redis, and loads them where they are new to it: the first time, and after a restart."""

    def __init__(self, redis: Redis, wire: SharedWire, keys: Keys) -> None:
        self._redis = redis
        self._wire = wire
        self._keys = keys
        self._loaded: dict[str, Loaded] = {}

    async def run(self, verb: str, *args: Word, at_us: int | None = None) -> Any:
        """Runs `verb`; `at_us` replaces the server's clock (tests)."""
        text, head = self._load(verb)
        while True:
            try:
                return await self._wire.execute(*head, "" if at_us is None else at_us, *args)
            except NoScriptError:  # so it has not run
                await self._wire.execute("SCRIPT", "LOAD", text)

    async def run_copied(
        self, verb: str, *args: Word, at_us: int | None, replicas: int, within_ms: int
    ) -> tuple[Any, int]:
        """Runs `verb` and waits until that many replicas have it. Returns its answer, and how many have it."""
        text, head = self._load(verb)
        while True:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.execute_command(*head, "" if at_us is None else at_us, *args)
                # WAIT covers what this connection wrote. A verb that finds its work done already writes nothing, so we do.
                pipeline.incr(self._keys.name("copied"))
                pipeline.execute_command("WAIT", replicas, within_ms)
                answer, *_, copies = await pipeline.execute(raise_on_error=False)
            if isinstance(answer, NoScriptError):
                await self._redis.script_load(text)
                continue
            for one in (answer, copies):
                if isinstance(one, Exception):
                    raise one
            return answer, int(copies)

    def _load(self, verb: str) -> Loaded:
        if verb not in self._loaded:
            text, keys = compose(verb)
            digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
            self._loaded[verb] = Loaded(text, ("EVALSHA", digest, len(keys), *map(self._keys.name, keys)))
        return self._loaded[verb]
