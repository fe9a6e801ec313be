"""Measures near-duplicate grouping on written floods, by the very rule that the broker groups with.

Each flood arrives in random order among its near-misses, another flood and unrelated tickets.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from random import Random

from broker.bars import Mark
from broker.grouping import Groups, Near
from ml.floodtraining import FloodText, read_floods
from ml.verdict import Engine, TicketText, Verdict
from worker.judging import printed

SEED = 11
# Random arrivals of each flood: fewer, and the share found moves by a tenth from run to run.
ORDERS = 16
# Unrelated tickets that arrive among a flood's reports.
AMONG = 60
# The product's default: an incident opens at the eleventh.
THRESHOLD = 10
# Tickets that arrive together within the window, none of them a flood; and how often.
STREAM = 200
STREAMS = 100
# The stream of tickets of all sources.
MIXED = "all of them"
# Open groups that unrelated tickets are held against.
OPEN_GROUPS = 100

# Named tickets; None for one too short to group. And those of several sources.
Marks = Sequence[tuple[str, Mark | None]]
Others = Mapping[str, Marks]


@dataclass(frozen=True)
class FloodScore:
    """Counts over all arrivals. `joined`: would be folded with their flood; `counted`: only counted with it."""

    floods: int = 0
    found: int = 0
    members: int = 0
    joined: int = 0
    counted: int = 0
    near_misses: int = 0
    near_misses_joined: int = 0
    unrelated: int = 0
    unrelated_joined: int = 0
    # Unrelated tickets held against OPEN_GROUPS groups, all floods among them.
    held_against: int = 0
    held_against_joined: int = 0

    def __add__(self, other: "FloodScore") -> "FloodScore":
        return FloodScore(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(frozen=True)
class StreamScore:
    """Counts over all streams: incidents opened, and how many of the tickets long enough to group they would fold."""

    streams: int
    incidents: int
    tickets: int
    folded: int


def seat(marks: Marks) -> dict[str, Near]:
    """Ticket -> its group after all have arrived in this order; those too short to group are left out."""
    groups = Groups()
    return _seat(groups, marks)


def _seat(groups: Groups, marks: Marks) -> dict[str, Near]:
    seats: dict[str, Near] = {}
    for name, mark in marks:
        if mark is None:
            continue
        near = groups.nearest(mark) or Near(name)
        leader = near.leader
        seats[name] = near
        if groups.takes(leader, mark):
            groups.add(name, leader, mark)
            for stray, joins in groups.strays(leader):
                groups.merge(stray, leader, folds=joins)
                seats |= {
                    other: Near(leader, where.folds and joins)
                    for other, where in seats.items()
                    if where.leader == stray
                }
    return seats


def measure_floods(engine: Engine, path: Path, unrelated: Others, *, orders: int = ORDERS) -> FloodScore:
    """The floods of a file among `unrelated` tickets. Raises DataMissing or ValueError as `read_floods` does."""
    floods = read_floods(path)
    return measure_marks(floods, marks_of(engine, [text.text for text in floods], "f"), unrelated, orders=orders)


def measure_marks(
    floods: Sequence[FloodText],
    marks: Marks,
    others: Others,
    *,
    orders: int = ORDERS,
) -> FloodScore:
    """`measure_floods` on marks in hand: one for each flood text, in order."""
    random = Random(SEED)
    pool = [mark for source in others.values() for mark in source]
    names = sorted({text.flood for text in floods})
    at = {name: [i for i, text in enumerate(floods) if text.flood == name] for name in names}
    total = FloodScore()
    for name in names:
        for _ in range(orders):
            other = random.choice([one for one in names if one != name] or [name])
            among = random.sample(pool, min(AMONG, len(pool)))
            arriving = list({i: marks[i] for i in at[name] + at[other]}.values()) + among
            random.shuffle(arriving)
            members = [marks[i][0] for i in at[name] if floods[i].member]
            near = [marks[i][0] for i in at[name] if not floods[i].member]
            total += _score(seat(arriving), members, near, [one for one, _ in among])
    held, joined = _held_against(floods, marks, pool, random)
    return replace(total, held_against=held, held_against_joined=joined)


def _score(seats: dict[str, Near], members: list[str], near: list[str], among: list[str]) -> FloodScore:
    here = Counter(seats[name].leader for name in members if name in seats)
    leader = here.most_common(1)[0][0] if here else ""

    def joined(names: list[str]) -> int:
        return sum(name in seats and seats[name].leader == leader and seats[name].folds for name in names)

    size = sum(each.leader == leader for each in seats.values())
    return FloodScore(
        floods=1,
        found=int(size > THRESHOLD),
        members=len(members),
        joined=joined(members),
        counted=here[leader] - joined(members),
        near_misses=len(near),
        near_misses_joined=joined(near),
        unrelated=len(among),
        unrelated_joined=joined(among),
    )


def _held_against(
    floods: Sequence[FloodText],
    marks: Marks,
    pool: list[tuple[str, Mark | None]],
    random: Random,
) -> tuple[int, int]:
    """Unrelated tickets, and how many of them would be folded with a group that is not of one; nobody learns of them."""
    pool = random.sample(pool, len(pool))
    groups = Groups()
    seats = _seat(groups, [mark for text, mark in zip(floods, marks, strict=True) if text.member])
    opening, pool = pool[: len(pool) // 2], pool[len(pool) // 2 :]
    while len(groups) < OPEN_GROUPS and opening:
        _seat(groups, [opening.pop()])
    grown = {leader for leader, size in Counter(each.leader for each in seats.values()).items() if size > 1}
    found = [groups.nearest(mark) for _, mark in pool if mark is not None]
    return len(found), sum(one is not None and one.folds and one.leader in grown for one in found)


def measure_streams(unrelated: Others) -> dict[str, StreamScore]:
    """Source, and `MIXED`, -> what incidents make of streams of its tickets, none of them a flood."""
    pool = [mark for source in unrelated.values() for mark in source]
    return {source: _streams(marks) for source, marks in {**unrelated, MIXED: pool}.items() if marks}


def _streams(marks: Marks) -> StreamScore:
    random = Random(SEED)
    incidents = tickets = folded = 0
    for _ in range(STREAMS):
        seats = seat(random.sample(marks, min(STREAM, len(marks))))
        sizes = Counter(each.leader for each in seats.values())
        grown = {leader for leader, size in sizes.items() if size > THRESHOLD}
        incidents += len(grown)
        tickets += len(seats)
        folded += sum(each.folds and each.leader in grown for each in seats.values())
    return StreamScore(STREAMS, incidents, tickets, folded)


def marks_of(engine: Engine, texts: Sequence[str], prefix: str) -> list[tuple[str, Mark | None]]:
    """A name and a mark for each text, in order; None for those too short to group."""
    verdicts: list[Verdict] = engine.judge([TicketText(body=text) for text in texts])
    found = [verdict.fingerprint for verdict in verdicts]
    return [(f"{prefix}-{i}", printed("", 0, one).mark if one else None) for i, one in enumerate(found)]
