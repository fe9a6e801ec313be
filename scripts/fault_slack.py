"""A Slack that answers as it is told: late, rudely, never, or with its door closed. HTTP on a loopback port.

It keeps what a person would have seen in the channel, whether or not the sender lived to hear that it was posted.
"""

import asyncio
import json
import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from scripts.fault_listener import Listener

PATH = "/services/T00000000/B00000000/drill"
_TICKET_ID = re.compile(r"\b[0-9a-hjkmnp-tv-z]{22}\b")
_INCIDENT_ID = re.compile(r"\bINC-\d+\b")
_ATTEMPT = re.compile(r"attempt (\d+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """`delay_s` comes first; `hang` never answers; `close` closes without a word."""

    status: int = 200
    body: str = "ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    hang: bool = False
    close: bool = False

    @property
    def shows(self) -> bool:
        """The message stands in the channel, even if nobody hears the answer."""
        return self.status == 200 and not self.hang and not self.close


@dataclass(frozen=True, slots=True)
class Post:
    """One request: the tickets and incidents it tells of, the attempt its text admits (1 if none), what it got."""

    ids: frozenset[str]
    attempt: int
    at_s: float
    peer_port: int
    answer: Answer


class RudeSlack(Listener):
    def __init__(self) -> None:
        super().__init__()
        self.posts: list[Post] = []
        self._answers: deque[Answer] = deque()
        self._arrived = asyncio.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"

    def script(self, *answers: Answer) -> None:
        """For the next requests, first come first served; 200 ok afterwards."""
        self._answers.extend(answers)

    async def arrival(self, answer: Answer, *, timeout_s: float) -> Post | None:
        """The request that gets this very answer; None if none came in time."""

        def found() -> Post | None:
            return next((post for post in self.posts if post.answer is answer), None)

        async with self._arrived:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait_for(lambda: found() is not None), timeout_s)
        return found()

    def shown(self, identity: str) -> list[Post]:
        """The messages in the channel that tell of this ticket or incident."""
        return [post for post in self.posts if identity in post.ids and post.answer.shows]

    def duplicates(self) -> tuple[int, int]:
        """(told again and saying so, told again as if it were news)."""
        seen: set[str] = set()
        explained = unexplained = 0
        for post in self.posts:
            if not post.answer.shows:
                continue
            again = len(post.ids & seen)
            seen |= post.ids
            explained += again if post.attempt > 1 else 0
            unexplained += 0 if post.attempt > 1 else again
        return explained, unexplained

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):  # the sender died, which is what a drill does
            while await self._exchange(reader, writer):
                pass

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = re.search(r"content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        answer = self._answers.popleft() if self._answers else Answer()
        message = json.loads(body)
        peer_port = int(writer.get_extra_info("peername")[1])
        post = Post(identities(message), attempt_of(message), time.monotonic(), peer_port, answer)
        async with self._arrived:
            self.posts.append(post)
            self._arrived.notify_all()
        if answer.close:
            return False
        if answer.hang:
            await reader.read()  # until the sender gives up
            return False
        await asyncio.sleep(answer.delay_s)
        lines = [f"HTTP/1.1 {answer.status} .", f"Content-Length: {len(answer.body)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        writer.write("\r\n".join([*lines, "", answer.body]).encode())
        await writer.drain()
        return True


def identities(message: object) -> frozenset[str]:
    """The incidents and tickets a message tells of. A line about an incident names its first ticket too: that is no news."""
    found: set[str] = set()
    texts = list(_texts(message))
    incident_alone = len({name for text in texts for name in _INCIDENT_ID.findall(text)}) == 1 and any(
        text.startswith("INCIDENT") for text in texts
    )
    for text in texts:
        incidents = _INCIDENT_ID.findall(text)
        found |= set(incidents)
        if not incidents and not incident_alone:
            found |= set(_TICKET_ID.findall(text))
    return frozenset(found)


def attempt_of(message: object) -> int:
    """The highest attempt that the text admits to; 1 if it says nothing."""
    return max((int(number) for text in _texts(message) for number in _ATTEMPT.findall(text)), default=1)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
