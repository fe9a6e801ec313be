"""Tunes the encoder's upper layers to tell one cause from another, and to stay what they were for everything else.

Each step asks two things: a report lies near the mean of a few others of its flood, and far from near-misses, other floods and everyday
tickets; and the views that the other heads read stay where they were.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ml.adapter import Adapter
from ml.floodhead import CAUSE_SHARE
from ml.spec import DEFAULT_THREADS
from ml.training import SEED
from ml.tuningset import Cause
from ml.upperlayers import UpperLayers

RANK = 32
DROPOUT = 0.1
STEPS = 850
WARM_UP_STEPS = 20
LEARNING_RATE = 1e-3
SCALE_LEARNING_RATE = 1e-2
WEIGHT_DECAY = 0.01
LONGEST_GRADIENT = 1.0
# Causes are told apart in this many columns.
WIDTH = 256
FLOODS_A_STEP = 5
EVERYDAY_A_STEP = 96
# The means that reports are held against: of one report, up to as many as a group keeps; larger ones more often.
EXEMPLARS = (1, 2, 4, 8)
EXEMPLAR_CHANCES = (0.2, 0.2, 0.25, 0.35)
# What another flood's report counts beside a near-miss: there are many of them, and most are easy.
OTHER_FLOOD = 0.2
# What everyday tickets count, all together, beside the reports.
STRANGERS = 2.0
# The pull on the other heads' views: at 2 the sentence vector keeps a cosine of .96 to what it was, the one below it .99, and
# reports of unseen floods are told from near-misses as well as at 1 (.94 and .93).
STAY = 2.0
STEPS_A_LINE = 50


class CauseSpace(nn.Module):
    """Where causes are told apart: fingerprints through a projection, and the odds that a cosine between them stands for."""

    def __init__(self, mean: Tensor) -> None:
        super().__init__()
        self.mean = mean
        self.projection = nn.Parameter(torch.randn(len(mean), WIDTH) / WIDTH**0.5)
        self.scale = nn.Parameter(torch.tensor(float(np.log(8.0))))
        self.bar = nn.Parameter(torch.tensor(-3.0))

    def forward(self, vectors: Tensor) -> Tensor:
        """Unit vectors (n, WIDTH + d) of sentence vectors (n, d), as `FloodHead.fingerprint` makes them."""
        topics = vectors - self.mean
        cause = nn.functional.normalize(topics @ self.projection, dim=1) * CAUSE_SHARE**0.5
        return torch.cat([cause, nn.functional.normalize(topics, dim=1) * (1 - CAUSE_SHARE) ** 0.5], dim=1)

    def loss(self, reports: Tensor, everyday: Tensor, lesson: "Lesson") -> Tensor:
        """Binary cross-entropy of "belongs to this mean"; the everyday tickets belong to none."""
        means = torch.stack([nn.functional.normalize(reports[rows].mean(0), dim=0) for rows in lesson.exemplars])
        odds = self.scale.exp() * (reports[lesson.held] @ means.T) + self.bar
        own = (torch.arange(len(lesson.held)), torch.tensor(lesson.against))
        belongs, weights = torch.zeros_like(odds), torch.full_like(odds, OTHER_FLOOD)
        belongs[own], weights[own] = torch.tensor(lesson.member, dtype=odds.dtype), 1.0
        losses = nn.functional.binary_cross_entropy_with_logits(odds, belongs, reduction="none")
        strangers = nn.functional.softplus(self.scale.exp() * (everyday @ means.T) + self.bar)
        return (losses * weights).sum() / weights.sum() + STRANGERS * strangers.mean()


@dataclass
class Lesson:
    """What one step shows: `shown`, rows of all reports. Of those shown, `exemplars` make each flood's mean; the others are `held`
    against the mean numbered `against`, and are a `member` of that flood or a near-miss.
    """

    shown: list[int] = field(default_factory=list)
    exemplars: list[list[int]] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    against: list[int] = field(default_factory=list)
    member: list[bool] = field(default_factory=list)

    def add(self, members: Sequence[int], near_misses: Sequence[int], exemplars: int) -> None:
        """One more flood, its first so many members as exemplars."""
        start = len(self.shown)
        self.shown += [*members, *near_misses]
        self.exemplars.append(list(range(start, start + exemplars)))
        rest = range(start + exemplars, len(self.shown))
        self.against += [len(self.exemplars) - 1] * len(rest)
        self.held += rest
        self.member += [row < start + len(members) for row in rest]


class Lessons:
    """Lessons over floods in random order, each flood once before any comes again. `rows`: (members, near-misses) of each."""

    def __init__(self, causes: Sequence[Cause], draw: np.random.Generator) -> None:
        self._draw = draw
        self._left: list[int] = []
        self._rows: list[tuple[list[int], list[int]]] = []
        at = 0
        for cause in causes:
            middle, end = at + len(cause.members), at + len(cause.members) + len(cause.near_misses)
            self._rows.append((list(range(at, middle)), list(range(middle, end))))
            at = end

    def next(self) -> Lesson:
        if len(self._left) < FLOODS_A_STEP:
            self._left = self._draw.permutation(len(self._rows)).tolist()
        chosen, self._left = self._left[:FLOODS_A_STEP], self._left[FLOODS_A_STEP:]
        lesson = Lesson()
        for members, near_misses in (self._rows[i] for i in chosen):
            exemplars = min(int(self._draw.choice(EXEMPLARS, p=EXEMPLAR_CHANCES)), len(members))
            lesson.add(self._draw.permutation(members).tolist(), near_misses, exemplars)
        return lesson


def tune(
    folder: Path,
    *,
    encoder: str,
    causes: Sequence[Cause],
    everyday: Sequence[str],
    steps: int = STEPS,
    threads: int = DEFAULT_THREADS,
    said: Callable[[str], None] = lambda line: None,
) -> Adapter:
    """An adapter for the model in `folder`, named `encoder`. The same on one machine for as many threads; a second a step on two cores."""
    torch.set_num_threads(threads)
    torch.manual_seed(SEED)
    draw = np.random.default_rng(SEED)
    upper = UpperLayers(folder, rank=RANK, dropout=DROPOUT)
    texts = [text for cause in causes for text in (*cause.members, *cause.near_misses)]
    said(f"running the lower layers over {len(texts) + len(everyday)} texts")
    known, usual = upper.lower(texts), upper.lower(everyday)
    with torch.no_grad():
        space = CauseSpace(upper(usual.states)[:, -1].mean(0))
    learned = [
        {"params": [*upper.parameters(), space.projection], "lr": LEARNING_RATE, "weight_decay": WEIGHT_DECAY},
        {"params": [space.scale, space.bar], "lr": SCALE_LEARNING_RATE, "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(learned)
    pace = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda at: min(1, (at + 1) / WARM_UP_STEPS) * (1 - at / steps))
    lessons, losses = Lessons(causes, draw), []
    upper.layers.train()
    for step in range(1, steps + 1):
        lesson = lessons.next()
        seen = known.take(lesson.shown) + usual.take(draw.integers(0, len(everyday), EVERYDAY_A_STEP).tolist())
        views = upper(seen.states)
        placed = space(views[:, -1])
        reports = len(lesson.shown)
        loss = space.loss(placed[:reports], placed[reports:], lesson)
        losses.append(float(loss.detach()))
        loss = loss + STAY * (1 - (views * seen.views).sum(2)).mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(upper.parameters(), LONGEST_GRADIENT)
        optimiser.step()
        pace.step()
        if step % STEPS_A_LINE == 0:
            said(f"step {step} of {steps}, loss {np.mean(losses[-STEPS_A_LINE:]):.3f}")
    return Adapter.of(encoder, upper.factors(), space.projection.detach().numpy())
