"""Two workers on one Redis: one fits, both follow."""

from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from broker import Broker
from broker.records import NewTicket
from ml.judge import Judge
from ml.spec import EngineSpec
from ml.stub import StubEngine
from ml.verdict import Engine, Evidence, TicketText, Verdict
from tests.router.judging import judge_all
from worker import teaching
from worker.learning import learn
from worker.teaching import Teaching, held_back

LABELS = {"Sea": ("sea",), "Air": ("air",)}


class Sighted(StubEngine):
    """The stub engine with evidence: the vector points where the text's first word says; the chances always say Sea."""

    def judge(self, texts: list[TicketText]) -> list[Verdict]:
        return [self._with_evidence(text, verdict) for text, verdict in zip(texts, super().judge(texts), strict=True)]

    def _with_evidence(self, text: TicketText, verdict: Verdict) -> Verdict:
        values = {
            name: getattr(verdict, name)
            for name in Verdict.__slots__
            if name not in ("category", "confidence", "evidence")
        }
        vector = np.array([1.0, 0.0] if text.subject.startswith("fish") else [0.0, 1.0], np.float32)
        evidence = Evidence(SPEC.space(self.version), tuple(LABELS), np.array([0.6, 0.3], np.float32), vector)
        return Verdict(category="Sea", confidence=0.6, evidence=evidence, **values)


SPEC = EngineSpec(engine="stub", categories=LABELS)


def sighted(spec: EngineSpec) -> Engine:
    return Sighted(spec)


def new_judge() -> Judge:
    return Judge(SPEC, factory=sighted)


@pytest.fixture
async def second(redis_url: str, namespace: str) -> AsyncIterator[Broker]:
    broker = await Broker.open(redis_url, namespace=namespace)
    yield broker
    await broker.close()


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching, "PAUSE_S", 0.0)
    monkeypatch.setattr(teaching, "PAUSE_PER_FIT", 0)


async def corrected(broker: Broker, filed: Sequence[tuple[str, str]]) -> None:
    for subject, _ in filed:
        await broker.intake.submit(NewTicket(subject=subject, ticket_id=subject.replace(" ", "-")))
    await judge_all(broker)
    for subject, category in filed:
        await broker.desk.edit(subject.replace(" ", "-"), category=category)


async def read_all(broker: Broker, judge: Judge) -> None:
    while (await broker.lessons.list()).due:
        await learn(broker, judge)


async def said(judge: Judge, subject: str) -> tuple[str, str]:
    [verdict] = (await judge.judge([TicketText(subject)])).verdicts
    return verdict.category, verdict.model_version


FILED = [(f"fish {at}", "Sea") for at in range(20)] + [(f"bird {at}", "Air") for at in range(20)]


async def test_one_fits_and_all_follow(broker: Broker, second: Broker) -> None:
    judges = new_judge(), new_judge()
    steps = Teaching(broker, judges[0]), Teaching(second, judges[1])
    await steps[0].step()
    assert await said(judges[0], "bird new") == ("Sea", "stub-1")
    await corrected(broker, FILED)
    await read_all(broker, judges[0])
    for step in steps:
        await step.step()
    for judge in judges:
        assert await said(judge, "bird new") == ("Air", "stub-1+lessons-1")
        assert await said(judge, "fish new") == ("Sea", "stub-1+lessons-1")
    newest, prior = (await broker.lessons.list()).versions
    measured = [ticket_id for subject, _ in FILED if held_back(ticket_id := subject.replace(" ", "-"))]
    assert 0 < len(measured) == newest.corrections.n and newest.examples == len(FILED) - len(measured)
    birds = sum(ticket_id.startswith("bird") for ticket_id in measured)
    assert (newest.corrections.right, newest.corrections.prior_right) == (len(measured), len(measured) - birds)
    assert newest.activated and prior.version == 0

    await steps[0].step()
    assert len((await broker.lessons.list()).versions) == 2, "nothing new, no new version"
    await broker.lessons.rollback(0)
    for step, judge in zip(steps, judges, strict=True):
        await step.step()
        assert await said(judge, "bird new") == ("Sea", "stub-1+lessons-2")


async def test_a_version_that_is_clearly_worse_is_listed_and_not_followed(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = new_judge()
    step = Teaching(broker, judge)
    await corrected(broker, FILED)
    await read_all(broker, judge)
    await step.step()
    # From here on the wrong ones teach: those who file birds under Sea are never held back, those who know better always are.
    monkeypatch.setattr(
        teaching, "held_back", lambda ticket_id: ticket_id.startswith("bird") and "wrong" not in ticket_id
    )
    await corrected(broker, [(f"bird wrong {at}", "Sea") for at in range(30)])
    await read_all(broker, judge)
    await step.step()
    listing = await broker.lessons.list()
    worse = listing.versions[0]
    assert (worse.version, worse.activated, listing.active) == (2, False, 1)
    assert worse.corrections.right == 0 < worse.corrections.n == 20 and "clearly worse" in worse.note
    assert await said(judge, "bird new") == ("Air", "stub-1+lessons-1")


async def test_a_few_corrections_make_a_version_that_changes_nothing(broker: Broker) -> None:
    judge = new_judge()
    await corrected(broker, [("bird 1", "Air"), ("bird 2", "Air")])
    await read_all(broker, judge)
    await Teaching(broker, judge).step()
    newest = (await broker.lessons.list()).versions[0]
    assert (newest.version, newest.changes, newest.activated) == (1, False, True)
    assert await said(judge, "bird new") == ("Sea", "stub-1+lessons-1")


async def test_a_restarted_worker_follows_and_another_label_set_does_not(broker: Broker, second: Broker) -> None:
    judge = new_judge()
    await corrected(broker, FILED)
    await read_all(broker, judge)
    await Teaching(broker, judge).step()
    restarted = new_judge()
    await Teaching(second, restarted).step()
    assert await said(restarted, "bird new") == ("Air", "stub-1+lessons-1")
    other = Judge(EngineSpec(engine="stub", categories={"Red": (), "Green": (), "Blue": ()}))
    await Teaching(second, other).step()
    assert (await said(other, "bird new"))[1] == "stub-1"


async def test_resolved_tickets_agree_and_an_engine_without_evidence_passes_over(broker: Broker) -> None:
    judge = new_judge()
    await broker.intake.submit(NewTicket(subject="fish", ticket_id="agreed"))
    await judge_all(broker)
    held = await broker.desk.next()
    assert held is not None and held.lease is not None
    await broker.desk.resolve("agreed", held.lease.token)
    assert await learn(broker, judge) == 1
    assert [(one.ticket_id, one.corrected) for one in await broker.examples.all()] == [("agreed", False)]
    await corrected(broker, [("bird 1", "Air")])
    assert await learn(broker, Judge(EngineSpec(engine="stub"))) == 0
    assert (await broker.lessons.list()).due == 0
