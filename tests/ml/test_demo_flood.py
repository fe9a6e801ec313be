"""What a newcomer sees first: the demo's reworded reports of one fault open an incident, whatever order they come in."""

import json
from collections import Counter
from random import Random

import pytest

from ml.verdict import Engine, TicketText
from scripts.demo import samples
from scripts.flood_measure import THRESHOLD, seat
from worker.judging import printed

Sample = dict[str, object]


def of_the_fault(sample: Sample) -> bool:
    said = json.dumps(sample).lower()
    return "harrow" in said or "dispatch portal" in said or "depot" in said


def test_the_demo_holds_thirteen_reports_of_one_fault() -> None:
    assert sum(map(of_the_fault, samples())) == 13


@pytest.mark.parametrize("seed", range(6))
def test_they_fold_and_nothing_else_does(minilm: Engine, seed: int) -> None:
    arriving = samples()
    if seed:
        Random(seed).shuffle(arriving)
    texts = [TicketText(subject=str(each.get("subject", "")), body=str(each.get("body", ""))) for each in arriving]
    prints = [verdict.fingerprint for verdict in minilm.judge(texts)]
    marks = [(str(n), printed("", 0, one).mark if one else None) for n, one in enumerate(prints)]
    seats = seat(marks)
    leader, size = Counter(each.leader for each in seats.values()).most_common(1)[0]
    assert size > THRESHOLD
    folded = [arriving[int(name)] for name, where in seats.items() if where.leader == leader and where.folds]
    assert len(folded) > THRESHOLD / 2
    assert all(map(of_the_fault, folded))
