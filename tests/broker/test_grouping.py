"""Which group a ticket joins: the rule alone, without Redis."""

import numpy as np
import pytest

from broker.bars import Mark
from broker.grouping import MOST_EXEMPLARS, Groups, Near
from tests.broker.desk_work import vector


def mark(*places: float, threshold: float = 0.3, lone: float = 0.9, doubt: float = 0.0) -> Mark:
    return Mark("test", vector(*places), threshold, lone, doubt)


def seen(groups: Groups, *asked: Mark) -> list[Near | None]:
    return [groups.nearest(one) for one in asked]


def test_a_single_ticket_asks_for_more_than_a_group_does() -> None:
    groups = Groups()
    distant = mark(0.75, 0.0, 0.66)
    groups.add("a", "a", mark(1, 0, 0))
    assert groups.nearest(distant) is None
    groups.add("b", "a", mark(1, 0.1, 0.1))
    groups.add("c", "a", mark(1, -0.1, 0.1))
    assert groups.nearest(distant) == Near("a")


def test_a_leader_with_a_high_bar_of_its_own_keeps_it() -> None:
    groups = Groups()
    groups.add("a", "a", mark(1, 0, 0, threshold=0.9))
    assert groups.nearest(mark(0.8, 0.6, 0, lone=0.3)) is None
    assert groups.nearest(mark(0.99, 0.1, 0, lone=0.3)) == Near("a")


def test_a_doubtful_ticket_is_counted_and_not_folded_until_it_is_near_enough() -> None:
    groups = Groups()
    groups.add("a", "a", mark(1, 0, 0, lone=0.3))
    assert groups.nearest(mark(0.6, 0.8, 0, lone=0.3, doubt=2)) is None, "too doubtful to count"
    assert groups.nearest(mark(0.6, 0.8, 0, lone=0.3, doubt=0.5)) == Near("a", folds=False)
    assert groups.nearest(mark(0.8, 0.6, 0, lone=0.3, doubt=0.5)) == Near("a"), "near enough to be sure of"
    assert groups.nearest(mark(1, 0.1, 0, lone=0.3, doubt=0.5)) == Near("a")


def test_copies_always_group_and_fold_however_doubtful_and_crowded() -> None:
    groups = Groups()
    for n in range(40):
        groups.add(f"{n}", f"{n}", mark(1, n / 400, 0, lone=0.9))
    copy = mark(1, 0, 0, threshold=0.9, lone=0.9, doubt=9)
    groups.add("copy", "copy", copy)
    found = groups.nearest(copy)
    assert found is not None and found.folds


def test_where_all_tickets_are_alike_being_alike_says_little() -> None:
    rng = np.random.default_rng(3)
    shared = np.zeros(64, np.float32)
    shared[0] = 0.9
    groups, alone = Groups(), Groups()

    def one(extra: int) -> Mark:
        noise = rng.normal(0, 0.1, 64).astype(np.float32)
        noise[extra] += 1.0
        whole = shared + noise
        return Mark("test", whole / np.linalg.norm(whole), 0.25, 0.25)

    crowd = [one(n + 2) for n in range(40)]
    for n, each in enumerate(crowd):
        groups.add(f"{n}", f"{n}", each)
    alone.add("0", "0", crowd[0])
    asked = [one(60) for _ in range(8)]
    assert any(seen(alone, *asked))
    assert not any(seen(groups, *asked))


def test_a_grown_group_takes_in_who_came_too_early() -> None:
    groups = Groups()
    groups.add("early", "early", mark(0.75, 0.0, 0.66))
    groups.add("wary", "wary", mark(0.75, 0.66, 0.0, doubt=0.5))
    groups.add("other", "other", mark(0, -1, 0))
    groups.add("a", "a", mark(1, 0, 0))
    assert groups.strays("a") == []
    groups.add("b", "a", mark(1, 0.05, 0.05))
    groups.add("c", "a", mark(1, 0.05, -0.05))
    assert sorted(groups.strays("a")) == [("early", True), ("wary", False)]
    for stray, folds in groups.strays("a"):
        groups.merge(stray, "a", folds=folds)
    assert (groups.leader_of("early"), groups.leader_of("wary"), len(groups)) == ("a", None, 2)


def test_exemplars_are_the_first_few_only() -> None:
    groups = Groups()
    for n in range(MOST_EXEMPLARS + 3):
        groups.add(f"{n}", "0", mark(1, n / 100, 0))
    assert groups.is_full("0")
    assert groups.leader_of(f"{MOST_EXEMPLARS - 1}") == "0"
    assert groups.leader_of(f"{MOST_EXEMPLARS}") is None


def test_copies_are_one_wording() -> None:
    groups = Groups()
    groups.add("a", "a", mark(1, 0, 0))
    assert not groups.takes("a", mark(1, 0.01, 0))
    assert groups.takes("a", mark(1, 0.9, 0)) and groups.takes("new", mark(1, 0, 0))


@pytest.mark.parametrize("width", [3, 8])
def test_an_attempt_taken_back_leaves_no_trace(width: int) -> None:
    rng = np.random.default_rng(width)

    def one() -> Mark:
        place = rng.normal(size=width).astype(np.float32)
        return Mark("test", place / np.linalg.norm(place), 0.4, 0.7)

    groups, asked = Groups(), [one() for _ in range(50)]

    def live(names: str, marks: list[Mark]) -> None:
        for name, each in zip((f"{names}{n}" for n in range(len(marks))), marks, strict=True):
            found = groups.nearest(each)
            leader = found.leader if found else name
            groups.add(name, leader, each)
            for stray, folds in groups.strays(leader):
                groups.merge(stray, leader, folds=folds)

    live("known", [one() for _ in range(100)])
    groups.drop("known0")
    before, size = seen(groups, *asked), len(groups)
    groups.attempt()
    live("tried", [one() for _ in range(60)])
    assert seen(groups, *asked) != before
    groups.take_back()
    assert (seen(groups, *asked), len(groups)) == (before, size)
