"""Finding a ticket's group of near-duplicates, the same group in every worker.

A group is called by its leader, its first ticket. Each worker keeps a copy of the groups (grouping.py) and compares locally;
Redis only says whether that copy is up to date, in the same call that enters the tickets (group.lua).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broker.bars import Mark
from broker.grouping import Groups, Near
from broker.store import Store
from broker.vectors import pack_mark, unpack_mark

# Newest groups kept: enough for 30 unlike tickets a second over a window of 300 s, and a comparison stays at a millisecond.
MOST_LEADERS = 10_000
# Another worker may change groups between two of our looks; beyond this many we enter with what we know.
MOST_LOOKS = 8
# The copy is rebuilt from Redis when it holds this much more than Redis would: groups forgotten there are dropped here.
REBUILD_AT = 2 * MOST_LEADERS


@dataclass(frozen=True, slots=True)
class Print:
    """A ticket to group: unit float32 `vector` of shape (d,), comparable inside its `space`.

    Bars as in `bars.Mark`; `lone` None: the same as `threshold`.
    """

    ticket_id: str
    accepted_us: int
    space: str
    vector: NDArray[np.float32]
    threshold: float
    lone: float | None = None
    doubt: float = 0.0

    @property
    def mark(self) -> Mark:
        # Rounded as it will come back from Redis, so that every worker compares the same numbers.
        vector = self.vector.astype(np.float16).astype(np.float32)
        lone = self.threshold if self.lone is None else self.lone
        return Mark(self.space, vector, self.threshold, lone, self.doubt)


class Duplicates:
    def __init__(self, store: Store, *, window_s: float, threshold: int) -> None:
        self._store = store
        self._flood = (int(window_s * 1_000_000), threshold)
        self._version = 0
        self._groups = Groups()

    async def enter(self, prints: Sequence[Print]) -> dict[str, str]:
        """Ticket id -> leader's id, its own if it founds a group. Repeating it changes nothing. Raises Unavailable."""
        if not prints:
            return {}
        # Earliest first: a leader stands before those who follow it.
        ordered = sorted(prints, key=lambda one: one.accepted_us)
        for look in range(MOST_LOOKS):
            words = self._choose(ordered)
            # A worker that always loses the race enters all the same: at worst a second group for one flood.
            insist = int(look == MOST_LOOKS - 1)
            entered, version, leaders, news = await self._store.verb(
                "group", self._version, insist, *self._flood, MOST_LEADERS, len(ordered), *words
            )
            self._update(version, news)
            if entered:
                break
        return dict(zip((one.ticket_id for one in ordered), leaders, strict=True))

    def _choose(self, ordered: Sequence[Print]) -> list[str | int]:
        """What to ask of Redis, counting the groups that this batch itself founds and joins. Changes nothing here."""
        words: list[str | int] = []
        merges: list[str | int] = []
        self._groups.attempt()
        for one in ordered:
            mark, packed = one.mark, ""
            known = self._groups.leader_of(one.ticket_id)
            near = Near(known) if known else self._groups.nearest(mark) or Near(one.ticket_id)
            leader = near.leader
            if known is None and self._groups.takes(leader, mark):
                packed = pack_mark(leader, mark)
                self._groups.add(one.ticket_id, leader, mark)
                for stray, joins in self._groups.strays(leader):
                    self._groups.merge(stray, leader, folds=joins)
                    merges += [stray, leader, int(not joins)]
            words += [one.ticket_id, one.accepted_us, leader, packed, int(not near.folds)]
        self._groups.take_back()
        return [*words, *merges]

    def _update(self, version: int, news: Sequence[str]) -> None:
        for ticket_id, packed in zip(news[::2], news[1::2], strict=True):
            if packed:
                self._groups.add(ticket_id, *unpack_mark(packed))
            else:
                self._groups.drop(ticket_id)
        self._version = version
        if len(self._groups) > REBUILD_AT:
            self._version, self._groups = 0, Groups()
