"""What follows from a verdict. Pure: no clock, no Redis, no model."""

from dataclasses import dataclass, replace

from broker.advice import DRAFT, OPINION, Reading
from broker.records import AiStatus, Ticket, UrgencyLabel
from broker.work import Outcome
from ml import opinion
from ml.opinion import Opinion
from ml.verdict import Verdict
from worker.drafts import is_template, suggest

# Below this the category is wrong about as often as not on hard text, so a person should look (confidence is calibrated).
REVIEW_BELOW = 0.55
# S from which a ticket is rather medium than low, where the engine says nothing but S.
MEDIUM_FROM = 0.35
LIKELY = 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which optional models this worker has."""

    opinion: bool = False
    draft: bool = False


NOTHING = Wanted()


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


def wanting(outcome: Outcome, wanted: Wanted) -> tuple[str, ...]:
    """The kinds of advice this ticket is worth: a second opinion where the first is doubtful, a draft where none but a template
    is there. What keywords stood in for is judged again first."""
    if outcome.ai_status is not AiStatus.DONE:
        return ()
    doubtful = wanted.opinion and outcome.needs_review and outcome.engine != opinion.NAME
    bare = wanted.draft and is_template(outcome.draft_source)
    return (OPINION,) * doubtful + (DRAFT,) * bare


def reread(ticket: Ticket, second: Opinion, version: str, *, wanted: Wanted) -> Reading | None:
    """What a second opinion changes on a doubtful ticket; None where it is no surer than the first. A template goes with the
    category, and is wanted a draft for anew."""
    first, confidence = ticket.category, ticket.confidence
    if first is None or confidence is None or second.certainty <= confidence:
        return None
    said = f"A second model reads it as {second.category}"
    said += " too" if second.category == first else f"; the first was unsure about {first}"
    reading = Reading(
        category=second.category,
        confidence=second.certainty,
        needs_review=second.certainty < REVIEW_BELOW,
        reasons=(*ticket.reasons, said),
        engine=f"{ticket.engine}+{opinion.NAME}",
        model_version=f"{ticket.model_version}, second opinion {version}",
    )
    if second.category == first or not is_template(ticket.draft_source):
        return reading
    text, source = suggest(second.category, ticket.summary or "", None)
    return replace(reading, draft_response=text, draft_source=source, wanted=(DRAFT,) if wanted.draft else ())
