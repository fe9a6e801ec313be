import pytest

from broker.records import AiStatus, UrgencyLabel
from ml.verdict import Verdict
from worker.policy import REVIEW_BELOW, decide, urgency_label


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
