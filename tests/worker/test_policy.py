from dataclasses import fields as dataclass_fields
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from broker.records import AiStatus, Ticket, UrgencyLabel
from ml.opinion import Opinion
from ml.verdict import Verdict
from worker.policy import NOTHING, REVIEW_BELOW, Wanted, decide, reread, urgency_label, wanting


def verdict(urgency: float = 0.5, confidence: float = 0.9, pressing: float | None = None) -> Verdict:
    return Verdict("Legal", confidence, 4.0, urgency, ("said so",), "a line", "minilm", "v1", None, pressing=pressing)


@pytest.mark.parametrize(
    ("urgency", "label", "alert"),
    [
        (1.0, "high", True),
        (0.81, "high", True),
        (0.8, "medium", False),
        (0.36, "medium", False),
        (0.1, "low", False),
    ],
)
def test_label_and_alert_follow_the_score_and_never_disagree(urgency: float, label: str, alert: bool) -> None:
    outcome = decide(verdict(urgency), stood_in=False, processing_ms=1.0, alert_above=0.8)
    assert (outcome.urgency_label, outcome.alert) == (UrgencyLabel(label), alert)


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("pressing", [None, 0.0, 0.4, 0.9])
def test_any_threshold_gives_labels_in_order(threshold: float, pressing: float | None) -> None:
    order = [UrgencyLabel.LOW, UrgencyLabel.MEDIUM, UrgencyLabel.HIGH]
    ranks = [order.index(urgency_label(step / 100, pressing=pressing, alert_above=threshold)) for step in range(101)]
    assert ranks == sorted(ranks)


def test_an_engine_that_knows_medium_from_low_is_heard() -> None:
    labels = {
        pressing: decide(
            verdict(0.05, pressing=pressing), stood_in=False, processing_ms=1, alert_above=0.8
        ).urgency_label
        for pressing in (0.1, 0.9)
    }
    assert labels == {0.1: UrgencyLabel.LOW, 0.9: UrgencyLabel.MEDIUM}


def test_doubt_asks_for_a_person() -> None:
    assert decide(
        verdict(confidence=REVIEW_BELOW - 0.01), stood_in=False, processing_ms=1, alert_above=0.8
    ).needs_review
    assert not decide(verdict(confidence=REVIEW_BELOW), stood_in=False, processing_ms=1, alert_above=0.8).needs_review


def test_a_stand_in_is_marked_and_says_so() -> None:
    outcome = decide(verdict(), stood_in=True, processing_ms=1, alert_above=0.8)
    assert outcome.ai_status is AiStatus.FALLBACK and "keywords" in outcome.reasons[-1]
    assert decide(verdict(), stood_in=False, processing_ms=1, alert_above=0.8).ai_status is AiStatus.DONE


WITH_BOTH = Wanted(opinion=True, draft=True)


@pytest.mark.parametrize(
    ("confidence", "stood_in", "source", "engine", "kinds"),
    [
        (0.3, False, "template for Legal", "minilm", ("opinion", "draft")),
        (0.9, False, "template for Legal", "minilm", ("draft",)),
        (0.3, False, "answer to ticket 7, 80% similar", "minilm", ("opinion",)),
        (0.9, False, "answer to ticket 7, 80% similar", "minilm", ()),
        (0.3, False, "template for Legal", "nli", ("draft",)),
        (0.3, True, "template for Legal", "minilm", ()),
    ],
)
def test_advice_is_wanted_where_it_can_help(
    confidence: float, stood_in: bool, source: str, engine: str, kinds: tuple[str, ...]
) -> None:
    judged = replace(verdict(confidence=confidence), engine=engine)
    outcome = decide(judged, stood_in=stood_in, processing_ms=1, alert_above=0.8)
    outcome = replace(outcome, draft_source=source)
    assert wanting(outcome, WITH_BOTH) == kinds
    assert wanting(outcome, NOTHING) == ()


def waiting(**changes: object) -> Ticket:
    fields: dict[str, object] = {
        "category": "General", "confidence": 0.4, "needs_review": True, "reasons": ("Reads like General",),
        "engine": "minilm", "model_version": "v1", "summary": "Papers", "draft_source": "template for General",
    }  # fmt: skip
    now = datetime(2026, 1, 1, tzinfo=UTC)
    every = {field.name: None for field in dataclass_fields(Ticket)}
    return Ticket(**{**every, "ticket_id": "7", "created_at": now, "updated_at": now, **fields, **changes})  # type: ignore[arg-type]


def test_a_surer_second_opinion_changes_category_and_template_and_names_both() -> None:
    reading = reread(waiting(), Opinion("Legal", 0.7), "bart", wanted=WITH_BOTH)
    assert reading is not None
    assert (reading.category, reading.confidence, reading.needs_review) == ("Legal", 0.7, False)
    assert (reading.engine, reading.model_version) == ("minilm+nli", "v1, second opinion bart")
    assert reading.reasons == (
        "Reads like General",
        "A second model reads it as Legal; the first was unsure about General",
    )
    assert reading.draft_source == "template for Legal" and reading.wanted == ("draft",)


def test_a_second_opinion_that_agrees_makes_it_surer_and_leaves_the_draft() -> None:
    reading = reread(waiting(), Opinion("General", 0.5), "bart", wanted=WITH_BOTH)
    assert reading is not None and reading.reasons[-1] == "A second model reads it as General too"
    assert reading.needs_review and reading.draft_source is None and reading.wanted == ()


def test_an_earlier_answer_is_kept_whatever_the_category() -> None:
    reading = reread(waiting(draft_source="answer to ticket 1"), Opinion("Legal", 0.7), "bart", wanted=WITH_BOTH)
    assert reading is not None and reading.draft_response is None and reading.wanted == ()


@pytest.mark.parametrize("certainty", [0.0, 0.39, 0.4])
def test_a_second_opinion_that_is_no_surer_changes_nothing(certainty: float) -> None:
    assert reread(waiting(), Opinion("Legal", certainty), "bart", wanted=WITH_BOTH) is None
