"""Finding a ticket's group of near-duplicates, the same group in every worker.

A group is its leader (its first ticket); a ticket is compared with leaders only, never with members, so no chain of half-similar
tickets can grow through a hub. Each worker keeps a copy of the leaders' vectors and compares locally; Redis only says
whether that copy is up to date, in the same call that enters the tickets (group.lua).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broker.store import Store
from broker.vectors import Space, pack, unpack

# Newest leaders kept: enough for 30 unlike tickets a second over a window of 300 s, and a comparison stays under a millisecond.
MOST_LEADERS = 10_000
# Another worker may register leaders between two of our looks; beyond this many we enter with what we know.
MOST_LOOKS = 8
# The copy is rebuilt from Redis when it holds this much more than Redis would: leaders forgotten there are dropped here.
REBUILD_AT = 2 * MOST_LEADERS


@dataclass(frozen=True, slots=True)
class Print:
    """A ticket to group: unit float32 `vector` of shape (d,), comparable inside its `space` from cosine `threshold` on."""

    ticket_id: str
    accepted_us: int
    space: str
    vector: NDArray[np.float32]
    threshold: float


class Duplicates:
    def __init__(self, store: Store, *, window_s: float, threshold: int) -> None:
        self._store = store
        self._flood = (int(window_s * 1_000_000), threshold)
        self._version = 0
        self._spaces: dict[str, Space] = {}
        self._known: set[str] = set()

    async def enter(self, prints: Sequence[Print]) -> dict[str, str]:
        """Ticket id -> leader's id, its own if it founds a group. Repeating it changes nothing. Raises Unavailable."""
        if not prints:
            return {}
        for look in range(MOST_LOOKS):
            chosen, founded = self._choose(prints)
            words: list[str | int] = []
            # Earliest first: a leader stands before those who follow it.
            for one in sorted(prints, key=lambda one: one.accepted_us):
                leader = chosen[one.ticket_id]
                words += [
                    one.ticket_id,
                    one.accepted_us,
                    leader,
                    pack(one.space, one.vector) if leader == one.ticket_id else "",
                ]
            # A worker that always loses the race enters all the same: at worst a second group for one flood.
            known = self._version if look < MOST_LOOKS - 1 else 2**53
            fresh, version, *news = await self._store.verb("group", known, *self._flood, MOST_LEADERS, *words)
            if fresh:
                # Redis counted our own new leaders; anything else it would have told us.
                for one in founded:
                    self._learn(one.ticket_id, one.space, one.vector)
                self._version = version
                return chosen
            self._update(version, news)
        return chosen

    def _choose(self, prints: Sequence[Print]) -> tuple[dict[str, str], list[Print]]:
        """The nearest leader of each, counting the ones that this batch itself founds, earliest ticket first."""
        chosen: dict[str, str] = {}
        founded: list[Print] = []
        for one in sorted(prints, key=lambda one: one.accepted_us):
            if one.ticket_id in self._known:
                chosen[one.ticket_id] = one.ticket_id
                continue
            space = self._spaces.get(one.space)
            nearest = space.nearest(one.vector, one.threshold) if space else None
            leader = nearest[0] if nearest else None
            if leader is None:
                near = [
                    (float(other.vector @ one.vector), other.ticket_id) for other in founded if other.space == one.space
                ]
                best = max(near, default=(0.0, ""))
                leader = best[1] if best[0] >= one.threshold else None
            if leader is None:
                leader = one.ticket_id
                founded.append(one)
            chosen[one.ticket_id] = leader
        return chosen, founded

    def _learn(self, leader: str, space: str, vector: NDArray[np.float32]) -> None:
        if leader not in self._known:
            self._known.add(leader)
            self._spaces.setdefault(space, Space(len(vector))).add(leader, vector)

    def _update(self, version: int, news: Sequence[str]) -> None:
        if len(self._known) > REBUILD_AT:
            self._version, self._spaces, self._known = 0, {}, set()
            return
        for leader, packed in zip(news[::2], news[1::2], strict=True):
            if packed:
                space, vector = unpack(packed)
                self._learn(leader, space, vector)
            else:
                self._known.discard(leader)
                for known in self._spaces.values():
                    known.drop(leader)
        self._version = version
