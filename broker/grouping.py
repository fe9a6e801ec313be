"""Groups of near-duplicates in memory: which one a ticket joins, and which lone ticket a grown group takes in. Pure.

A group is known by its exemplars, the first few wordings among its members. A ticket is compared with their mean, never with
single members, so no chain of half-similar tickets grows through a hub; the mean of a few differently worded reports is
also nearer to the next one than any single report is. So the bar falls from `lone` (one exemplar) towards `threshold` (many).
"""

from dataclasses import dataclass, field

import numpy as np

from broker.bars import DOUBT_TO_COUNT, HIGHEST_BAR, Mark, Rows, doubted, lift_of, lifted

# After this many the mean hardly moves, and Redis and every worker keep each of them.
MOST_EXEMPLARS = 8


@dataclass(frozen=True, slots=True)
class Near:
    """The group that a ticket counts in. `folds`: with it, not only counted."""

    leader: str
    folds: bool = True


@dataclass(slots=True)
class Groups:
    """A copy of the groups that Redis keeps. Changes after `attempt()` can be taken back."""

    _spaces: dict[str, Rows] = field(default_factory=dict)
    _rows: dict[str, int] = field(default_factory=dict)  # leader -> row in its space
    _exemplars: dict[str, dict[str, Mark]] = field(default_factory=dict)  # leader -> exemplar -> mark
    _leader_of: dict[str, str] = field(default_factory=dict)  # exemplar -> leader
    _before: dict[str, dict[str, Mark] | None] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def leader_of(self, ticket_id: str) -> str | None:
        """The leader of the group that this ticket is an exemplar of."""
        return self._leader_of.get(ticket_id)

    def is_full(self, leader: str) -> bool:
        """Whether it has all the exemplars it will ever have."""
        return len(self._exemplars.get(leader, ())) >= MOST_EXEMPLARS

    def takes(self, leader: str, mark: Mark) -> bool:
        """Whether this would be one more exemplar: ten copies of one text are one wording, and say no more than it does."""
        known = self._exemplars.get(leader, {}).values()
        return not self.is_full(leader) and all(float(each.vector @ mark.vector) < HIGHEST_BAR for each in known)

    def nearest(self, mark: Mark) -> Near | None:
        """The group with the highest cosine whose bar, and the ticket's own, it reaches, and of its doubt what counting asks for."""
        space = self._spaces.get(mark.space)
        if space is None or not space.leaders:
            return None
        cosines = space.cosines(mark.vector)
        lift = lift_of(cosines)
        best: tuple[float, int, float] | None = None
        for row in np.flatnonzero(cosines >= lifted(mark.threshold, lift)).tolist():
            size = float(space.sizes[row])
            bar = max(space.bar(row, size), mark.threshold + (mark.lone - mark.threshold) / size)
            cosine = float(cosines[row])
            if cosine >= lifted(bar, lift) and (best is None or cosine > best[0]):
                best = cosine, row, bar
        if best is None:
            return None
        cosine, row, bar = best
        counts, folds = _clears(cosine, bar, mark.doubt, lift)
        return Near(space.leaders[row], folds) if counts else None

    def strays(self, leader: str) -> list[tuple[str, bool]]:
        """Groups of one that would join this one, had they come now, and whether they may be folded with it.

        None for a group of one.
        """
        space = self._spaces[_first(self._exemplars[leader]).space]
        own = self._rows[leader]
        size = float(space.sizes[own])
        if size < 2:
            return []
        cosines = space.cosines(space.means[own])
        lift = lift_of(np.delete(cosines, own))
        found = []
        for row in np.flatnonzero(cosines >= lifted(space.bar(own, size), lift)).tolist():
            name = space.leaders[row]
            if space.sizes[row] == 1 and name != leader:
                bar = max(space.bar(row, size), space.bar(own, size))
                counts, folds = _clears(float(cosines[row]), bar, _first(self._exemplars[name]).doubt, lift)
                if counts:
                    found.append((name, folds))
        return found

    def add(self, ticket_id: str, leader: str, mark: Mark) -> None:
        """An exemplar for a group, which it founds where it leads itself. What it led before is no more."""
        if self._leader_of.get(ticket_id) == leader:
            return
        self.drop(ticket_id)
        if not self.is_full(leader):
            self._set(leader, {**self._exemplars.get(leader, {}), ticket_id: mark})

    def merge(self, stray: str, leader: str, *, folds: bool) -> None:
        """Takes a group of one into another, as an exemplar of it only if it may be folded."""
        mark = _first(self._exemplars[stray])
        self.drop(stray)
        if folds:
            self.add(stray, leader, mark)

    def drop(self, leader: str) -> None:
        """Forgets a group; unknown ones are forgotten already."""
        if leader in self._rows:
            self._set(leader, None)

    def attempt(self) -> None:
        """What follows may be taken back."""
        self._before = {}

    def take_back(self) -> None:
        """As if nothing had happened since `attempt()`."""
        changed, self._before = self._before or {}, None
        for leader in changed:
            self.drop(leader)
        for leader, members in changed.items():
            if members is not None:
                self._set(leader, members)

    def _set(self, leader: str, members: dict[str, Mark] | None) -> None:
        old = self._exemplars.pop(leader, None)
        if self._before is not None:
            self._before.setdefault(leader, old)
        for ticket_id in old or ():
            self._leader_of.pop(ticket_id, None)
        if members is not None:
            self._exemplars[leader] = members
            self._leader_of.update(dict.fromkeys(members, leader))
            self._write_row(leader, members)
        elif old:
            self._remove_row(leader, _first(old).space)

    def _write_row(self, leader: str, members: dict[str, Mark]) -> None:
        first = _first(members)
        if first.space not in self._spaces:
            self._spaces[first.space] = Rows.of(len(first.vector))
        space = self._spaces[first.space]
        row = self._rows.get(leader)
        if row is None:
            if len(space.leaders) == len(space.sizes):
                space.grow()
            row = self._rows[leader] = len(space.leaders)
            space.leaders.append(leader)
        total = np.sum([mark.vector for mark in members.values()], axis=0, dtype=np.float32)
        space.means[row] = total / np.linalg.norm(total)
        space.sizes[row] = len(members)
        space.bars[row] = first.threshold, first.lone

    def _remove_row(self, leader: str, name: str) -> None:
        space = self._spaces[name]
        row, last = self._rows.pop(leader), len(space.leaders) - 1
        moved = space.leaders.pop()
        if row != last:
            space.leaders[row] = moved
            self._rows[moved] = row
            for each in (space.means, space.sizes, space.bars):
                each[row] = each[last]


def _clears(cosine: float, bar: float, doubt: float, lift: float) -> tuple[bool, bool]:
    """Whether this is near enough to count, and to fold."""
    counts, folds = (cosine >= lifted(doubted(bar, share * doubt), lift) for share in (DOUBT_TO_COUNT, 1.0))
    return counts, folds


def _first(members: dict[str, Mark]) -> Mark:
    """The leader's: it was there first."""
    return next(iter(members.values()))
