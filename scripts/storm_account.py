"""After the rain: wait until nothing of it waits any more, then ask for every ticket by its id."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from scripts.storm_books import Books
from scripts.storm_watch import Look, Watch
from scripts.storm_wire import Answer, Pool

ASK_EVERY_S = 0.1
# A house that is only busy answers in the end.
ATTEMPTS = 5
PAUSE_S = 0.5
# Between an accepted ticket and its end: none of the storm's may stand there when it is over.
UNSETTLED = frozenset({"pending", "processing"})
# Named in the report, of those that are missing.
NAMED_MAX = 10


@dataclass
class Account:
    """Every 202 against what is there.

    `acknowledged`: 202 answers. `checked`: ids of those looked up; all, or an even sample. `missing`: not found. `unanswered_found`:
    sends without an answer that had arrived all the same. `unknown`: the house did not say. `counted`: what /stats counted as
    accepted meanwhile, others' tickets included; None: it has no /stats.
    """

    acknowledged: int
    checked: int = 0
    missing: int = 0
    unknown: int = 0
    unanswered: int = 0
    unanswered_found: int = 0
    unsettled: int = 0
    counted: int | None = None
    balanced: bool | None = None
    statuses: dict[str, int] = field(default_factory=dict)
    named: list[str] = field(default_factory=list)

    @property
    def uncounted(self) -> int:
        """Tickets that were acknowledged, or found, and that the counter of accepted ones does not know."""
        return 0 if self.counted is None else max(0, self.acknowledged + self.unanswered_found - self.counted)

    @property
    def others(self) -> int:
        """Tickets of somebody else, accepted at the same time."""
        return 0 if self.counted is None else max(0, self.counted - self.acknowledged - self.unanswered_found)

    @property
    def lost(self) -> int:
        """Missing by id, or by the house's own count where that says more (only some ids were looked up)."""
        return max(self.missing, self.uncounted)


async def drained(
    watch: Watch, before: Look | None, *, with_agents: bool, patience_s: float, clock: Callable[[], float]
) -> float | None:
    """Seconds until no more waits than stood there before: to be judged, and to be answered where agents are at work.

    None: not within `patience_s`, or the house has no /stats to tell.
    """

    def waits(seen: Look) -> int:
        return seen.unanswered if with_agents else seen.backlog

    began = clock()
    at_first = waits(before) if before else 0
    while clock() - began < patience_s:
        seen = await watch.now()
        if seen is not None and waits(seen) <= at_first:
            return clock() - began
        if seen is None and before is None:
            return None
        await asyncio.sleep(ASK_EVERY_S)
    return None


async def account(pool: Pool, books: Books, *, most: int, at_once: int, rng: random.Random) -> Account:
    """Looks up the acknowledged ids, `most` of them at most, and as many of those that got no answer."""
    made = Account(len(books.accepted), unanswered=len(books.uncertain))
    statuses: Counter[str] = Counter()
    sure = books.accepted if len(books.accepted) <= most else rng.sample(books.accepted, most)
    made.checked = len(sure)
    unsure = books.uncertain[:most]
    todo = iter([(number, True) for number in sure] + [(number, False) for number in unsure])

    async def look_up() -> None:
        for number, acknowledged in todo:
            ticket_id = books.id_of(number)
            answer = await _ask(pool, ticket_id)
            status = _status(answer, ticket_id)
            if status is not None:
                statuses[status] += 1
                made.unsettled += status in UNSETTLED
                made.unanswered_found += not acknowledged
            elif acknowledged and answer.status == 404:
                made.missing += 1
                made.named += [ticket_id] if len(made.named) < NAMED_MAX else []
            elif answer.status != 404:
                made.unknown += 1

    await asyncio.gather(*(look_up() for _ in range(at_once)))
    made.statuses = dict(statuses.most_common())
    return made


async def _ask(pool: Pool, ticket_id: str) -> Answer:
    for _ in range(ATTEMPTS):
        answer = await pool.fetch("GET", f"/tickets/{ticket_id}")
        if answer.status in (200, 404):
            break
        await asyncio.sleep(PAUSE_S)
    return answer


def _status(answer: Answer, ticket_id: str) -> str | None:
    """Where the ticket stands; None when the answer is not this ticket."""
    if answer.status != 200:
        return None
    try:
        said = json.loads(answer.body)
        return str(said["status"]) if said["ticket_id"] == ticket_id else None
    except (ValueError, KeyError, TypeError):
        return None
