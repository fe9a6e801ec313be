"""What became of one attempt to deliver a message. A leaf module of types: it imports nothing of ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Delivered:
    """Slack has it. `plain_text`: without its blocks, because Slack refused those."""

    plain_text: bool = False


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Not now. Nothing should be sent to this URL for `after_s` seconds."""

    after_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Never in this form: sending it again would get the same answer, and too many of them get the app disabled."""

    reason: str


Delivery = Delivered | RetryLater | Refused


class Sender(Protocol):
    """Where messages go. `send` answers and does not raise, whatever the other side does."""

    async def send(self, message: Mapping[str, object], *, attempt: int = 1) -> Delivery:
        """`attempt` counts from 1 and only sets the length of a `RetryLater`."""
        ...
