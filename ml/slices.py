"""Where an engine fails: by what makes a ticket special, and by which label is taken for which."""

from collections.abc import Sequence
from dataclasses import dataclass

from ml.evaluation import FALSE_ALARMS, is_right
from ml.measures import cut_at, interval
from ml.sources import Example
from ml.verdict import Verdict

# Slices are listed from this many texts on; a share of fewer says nothing.
FEWEST_TEXTS = 10
NO_SLICE = "nothing special"


@dataclass(frozen=True)
class SliceScore:
    """One slice. `accuracy` of the category with its 95 % interval. `high`: how many are high. `urgency_right`: share on the
    right side of the S that 15 % of all tickets that are not high pass."""

    name: str
    texts: int
    accuracy: float
    low: float
    upper: float
    high: int
    urgency_right: float


def by_slice(examples: Sequence[Example], verdicts: Sequence[Verdict]) -> list[SliceScore]:
    """Fully labelled examples by their slices, the surest-footed last. Empty where nothing is labelled both ways."""
    pairs = [(e, v) for e, v in zip(examples, verdicts, strict=True) if e.category is not None and e.urgent is not None]
    truth = [e.urgent == 1.0 for e, _ in pairs]
    if len(set(truth)) < 2:
        return []
    cut = cut_at([v.urgency_score for _, v in pairs], truth, FALSE_ALARMS)
    found = []
    for name in sorted({name for example, _ in pairs for name in example.slices} | {NO_SLICE}):
        inside = [(e, v) for e, v in pairs if (name in e.slices if name != NO_SLICE else not e.slices)]
        if len(inside) < FEWEST_TEXTS:
            continue
        right = sum(is_right(str(e.category), v) for e, v in inside)
        low, upper = interval(right, len(inside))
        sides = sum((v.urgency_score > cut) == (e.urgent == 1.0) for e, v in inside)
        high = sum(e.urgent == 1.0 for e, _ in inside)
        found.append(SliceScore(name, len(inside), right / len(inside), low, upper, high, sides / len(inside)))
    return sorted(found, key=lambda score: score.accuracy)


def confusion(examples: Sequence[Example], verdicts: Sequence[Verdict]) -> dict[str, dict[str, int]]:
    """True label -> said label -> how many, every label both ways."""
    pairs = [(e.category, v.category) for e, v in zip(examples, verdicts, strict=True) if e.category is not None]
    labels = sorted({label for pair in pairs for label in pair})
    return {true: {said: pairs.count((true, said)) for said in labels} for true in labels}


def grades_right(examples: Sequence[Example], verdicts: Sequence[Verdict], *, alert_above: float) -> float | None:
    """Share of tickets that are not high whose low or medium is told rightly when S does not alert."""
    told = [
        ((verdict.pressing if verdict.pressing is not None else verdict.urgency_score) > 0.5)
        == (example.pressing == 1.0)
        for example, verdict in zip(examples, verdicts, strict=True)
        if example.pressing is not None and example.urgent == 0.0 and verdict.urgency_score <= alert_above
    ]
    return sum(told) / len(told) if told else None
