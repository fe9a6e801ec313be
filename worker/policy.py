"""What follows from a verdict. Pure: no clock, no Redis, no model."""

from broker.records import AiStatus, UrgencyLabel
from broker.work import Outcome
from ml.verdict import Verdict

# Below this the category is wrong about as often as not on hard text, so a person should look (confidence is calibrated).
REVIEW_BELOW = 0.55
# S from which a ticket is rather medium than low, where the engine says nothing but S.
MEDIUM_FROM = 0.35
LIKELY = 0.5


def urgency_label(urgency: float, *, pressing: float | None, alert_above: float) -> UrgencyLabel:
    """high above the alert threshold, so that label and alert never disagree; then by the chance that hours matter
    (`pressing`), which a ticket that is rather high than not has anyway."""
    if urgency > alert_above:
        return UrgencyLabel.HIGH
    hours_matter = urgency >= MEDIUM_FROM if pressing is None else max(pressing, urgency) >= LIKELY
    return UrgencyLabel.MEDIUM if hours_matter else UrgencyLabel.LOW


def decide(verdict: Verdict, *, stood_in: bool, processing_ms: float, alert_above: float) -> Outcome:
    """Everything that is said of a ticket but who gets it and whether it folds: those two depend on what others hold at
    that very instant, and are decided by the script that also writes them (place.lua, fold.lua).

    `stood_in`: keywords judged in place of a configured model.
    """
    reasons = verdict.reasons
    if stood_in:
        reasons = (*reasons, "Judged by keywords while the models were away; the models look again later")
    return Outcome(
        category=verdict.category,
        confidence=verdict.confidence,
        needs_review=verdict.confidence < REVIEW_BELOW,
        urgency_score=verdict.urgency_score,
        urgency_label=urgency_label(verdict.urgency_score, pressing=verdict.pressing, alert_above=alert_above),
        sentiment_score=verdict.sentiment_score,
        reasons=reasons,
        summary=verdict.summary,
        engine=verdict.engine,
        model_version=verdict.model_version,
        ai_status=AiStatus.FALLBACK if stood_in else AiStatus.DONE,
        processing_ms=processing_ms,
        alert=verdict.urgency_score > alert_above,
    )
