"""From examples to a version that tickets follow: one worker at a time fits, all of them follow the active one."""

import asyncio
import logging
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from broker import Broker
from broker.errors import NotFound
from broker.examples import Example, FloatArray
from broker.lessons import Score, Version
from ml.judge import Judge
from ml.lessons import Bools, Lesson, clearly_worse, fit, right
from ml.presumed import presumed
from ml.taught import Taught
from ml.verdict import Evidence

log = logging.getLogger(__name__)

# One example in five is never learned from: by its ticket's id, so that the same ones measure every version.
HELD_BACK_SHARE = 5
# A burst of corrections makes a version now and then, not one each.
PAUSE_S = 3.0
# Fitting takes at most a twentieth of a core, however many examples there are.
PAUSE_PER_FIT = 20


def held_back(ticket_id: str) -> bool:
    """Whether this ticket's example measures and never teaches."""
    return zlib.crc32(ticket_id.encode()) % HELD_BACK_SHARE == 0


@dataclass(frozen=True, slots=True)
class Fitted:
    version: Version
    weights: bytes


class Teaching:
    """Keeps one worker's judge on the active version, and makes new ones."""

    def __init__(self, broker: Broker, judge: Judge) -> None:
        self._broker = broker
        self._judge = judge
        self._active = 0
        self._active_lesson: tuple[str | None, Lesson | None] = (None, None)
        self._not_before_s = 0.0
        self._looked_back = False

    async def step(self) -> None:
        """Follows the active version; fits where examples have come since the newest. Raises Unavailable."""
        space = self._judge.space
        if space and not self._looked_back:
            await self._look_back(space)
        progress = await self._broker.lessons.progress()
        if progress.active != self._active:
            await self._follow(progress.active)
        if progress.taken > progress.fitted and space and time.monotonic() >= self._not_before_s:
            token = await self._broker.lessons.begin()
            if token:
                await self._fit(token, progress.taken, space)

    async def _look_back(self, space: str) -> None:
        """Once in a worker's life: what another engine or label set has read is read again, as far as the tickets are there."""
        await self._broker.examples.all()
        again = await self._broker.examples.read_again(space)
        self._looked_back = True
        if again:
            log.info(
                "%d examples belong to another engine or label set; those whose tickets are there are read again", again
            )

    async def _follow(self, number: int) -> None:
        try:
            version, packed = await self._broker.lessons.version(number)
        except NotFound:  # another one has become active and this one has gone since we asked; the next look finds it
            return
        lesson = Lesson.from_bytes(packed, len(self._judge.labels)) if packed and self._ours(version) else None
        space = version.space if version.changes else None
        self._active, self._active_lesson = number, (space, lesson)
        self._judge.teach(Taught(number, space, lesson) if number else None)
        log.info("categories follow version %d of what was learned", number)

    def _ours(self, version: Version) -> bool:
        """Whether its weights are of our label set: the space ends in the set's digest."""
        return version.space is not None and version.space.endswith(f"/{self._judge.label_set}")

    async def _fit(self, token: str, taken: int, space: str) -> None:
        examples = await self._broker.examples.all()
        usable = [one for one in examples if one.space == space and one.label in self._judge.labels]
        if not usable:
            await self._broker.lessons.settle(taken)
            return
        began_s = time.monotonic()
        active_space, active = self._active_lesson
        # A thread: seconds with thousands of examples, and numpy lets go of the interpreter meanwhile.
        fitted = await asyncio.to_thread(
            _fitted,
            usable,
            self._judge.seen,
            self._judge.labels,
            space,
            taken,
            active if active_space == space else None,
        )
        self._not_before_s = time.monotonic() + max(PAUSE_S, PAUSE_PER_FIT * (time.monotonic() - began_s))
        number = await self._broker.lessons.publish(token, fitted.version, fitted.weights)
        if number is not None and fitted.version.activated:
            await self._follow(number)


def _fitted(
    examples: Sequence[Example],
    seen: Sequence[Evidence],
    labels: tuple[str, ...],
    space: str,
    taken: int,
    active: Lesson | None,
) -> Fitted:
    """A version learned from all examples but those held back, and how it does on those."""
    teaching = [one for one in examples if not held_back(one.ticket_id)]
    lesson = None
    if teaching:
        # Tickets held back are known too: what was corrected must not be presumed right.
        more = presumed(labels, *_stacked(examples), seen)
        chances, vectors, truth = _stacked(teaching)
        lesson = fit(labels, np.vstack([chances, more[0]]), np.vstack([vectors, more[1]]), [*truth, *more[2]])
    measuring = [one for one in examples if held_back(one.ticket_id)]
    is_right, was_right, prior_right = (_right(measuring, labels, one) for one in (lesson, active, None))
    worse = clearly_worse(is_right, was_right)
    note = "Learned" if lesson else "No change: the examples do not show that a change would help"
    if worse:
        note += "; clearly worse on held-back examples than the version before, and so not followed"
    corrected = np.array([one.corrected for one in measuring], np.bool_)
    version = Version(
        space=space,
        taken=taken,
        examples=len(teaching),
        changes=lesson is not None,
        activated=not worse,
        corrections=_score(is_right, prior_right, corrected),
        agreements=_score(is_right, prior_right, ~corrected),
        note=note,
    )
    return Fitted(version, lesson.to_bytes() if lesson else b"")


def _right(examples: Sequence[Example], labels: tuple[str, ...], lesson: Lesson | None) -> Bools:
    if not examples:
        return np.zeros(0, np.bool_)
    chances, vectors, truth = _stacked(examples)
    return right(labels, lesson.chances(chances, vectors) if lesson else chances, truth)


def _stacked(examples: Sequence[Example]) -> tuple[FloatArray, FloatArray, list[str]]:
    chances = np.stack([one.chances for one in examples])
    return chances, np.stack([one.vector for one in examples]), [one.label for one in examples]


def _score(is_right: Bools, prior_right: Bools, kind: Bools) -> Score:
    return Score(int(kind.sum()), int(is_right[kind].sum()), int(prior_right[kind].sum()))
