"""What the outside world was promised: every answer the clients and agents got, to be held against the house's own numbers."""

from dataclasses import dataclass, field
from enum import StrEnum

from scripts.fault_leases import LeaseBook


class Reply(StrEnum):
    """What became of an agent's answer to a ticket."""

    TAKEN = "taken"  # 200
    REFUSED = "refused"  # 409: nothing was changed
    UNKNOWN = "unknown"  # no reply came, or a refusal after a try without reply


@dataclass
class Books:
    """`accepted`: ticket id -> the Idempotency-Key it was acknowledged under. `failures`: promises seen broken, in words."""

    leases: LeaseBook
    accepted: dict[str, str] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    replies: dict[str, dict[str, Reply]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    retries: int = 0
    turned_away: int = 0
    replays: int = 0
    late_refused: int = 0

    def acknowledged(self, key: str, ticket_id: str, *, replayed: bool) -> None:
        """A client got a 202 or 200 for this key."""
        known = self.by_key.setdefault(key, ticket_id)
        if known != ticket_id:
            self.failures.append(f"one Idempotency-Key made two tickets: {known} and {ticket_id}")
        self.accepted[ticket_id] = key
        self.replays += replayed

    def replied(self, ticket_id: str, token: str, reply: Reply) -> None:
        """How an agent's answer under this token was received."""
        mine = self.replies.setdefault(ticket_id, {})
        mine[token] = reply
        if list(mine.values()).count(Reply.TAKEN) > 1:
            self.failures.append(f"ticket {ticket_id} was resolved under two leases")

    def check_response(self, ticket_id: str, token: str) -> None:
        """The ticket says that it was answered under `token`: that agent must not have been refused."""
        if self.replies.get(ticket_id, {}).get(token, Reply.UNKNOWN) is Reply.REFUSED:
            self.failures.append(f"ticket {ticket_id} carries an answer that was refused as late")

    def refused(self, what: str, retry_after: str | None) -> None:
        """A 503 or 429: it must say when to come again."""
        self.turned_away += 1
        if retry_after is None or not retry_after.isdigit() or int(retry_after) < 1:
            self.failures.append(f"{what} was turned away with Retry-After {retry_after!r}")

    def fail(self, sentence: str) -> None:
        self.failures.append(sentence)
