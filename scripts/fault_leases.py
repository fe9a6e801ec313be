"""Was any ticket in two hands at once? Pure arithmetic over what the agents were told.

All times are those of Redis's clock (Unix time, seconds). A new lease lasts as long as every other, so the moment it was
granted is its end minus that: exact, however late the answer came. The end of a lease given up early is the moment its
holder asked for that, so a lease counts as held only while it was held for sure, and a good house is never accused.
"""

from dataclasses import dataclass


@dataclass
class Lease:
    """One grant. `ended_s` is None until its holder gives it up."""

    ticket_id: str
    token: str
    holder: str
    granted_s: float
    expires_s: float
    ended_s: float | None = None

    @property
    def held_until_s(self) -> float:
        return self.expires_s if self.ended_s is None else min(self.expires_s, self.ended_s)


# Redis's clock is told in whole milliseconds, rounded down: a grant may be so much later than it says.
ROUNDED_S = 0.001


class LeaseBook:
    """Every lease that any agent was given."""

    def __init__(self, lease_s: float) -> None:
        self._lease_s = lease_s
        self._grants: dict[str, list[Lease]] = {}

    @property
    def count(self) -> int:
        return sum(len(grants) for grants in self._grants.values())

    def granted(self, ticket_id: str, token: str, holder: str, *, expires_s: float) -> Lease:
        lease = Lease(ticket_id, token, holder, expires_s - self._lease_s, expires_s)
        self._grants.setdefault(ticket_id, []).append(lease)
        return lease

    def doubles(self) -> list[tuple[Lease, Lease]]:
        """Pairs of grants of one ticket that overlap, or that share a token: both holders may act on it."""
        found = []
        for grants in self._grants.values():
            ordered = sorted(grants, key=lambda lease: lease.granted_s)
            for position, earlier in enumerate(ordered):
                for later in ordered[position + 1 :]:
                    if later.granted_s + ROUNDED_S < earlier.held_until_s or later.token == earlier.token:
                        found.append((earlier, later))
        return found
