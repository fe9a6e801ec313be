"""A verdict after what was learned: one numbered version, applied where tickets are judged."""

from dataclasses import dataclass, replace

from ml.lessons import Lesson, learned, likeliest
from ml.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Taught:
    """Version `version` of what was learned. `lesson` None: it changes nothing.

    It holds for verdicts of one `space`; None: for all (only where it changes nothing).
    """

    version: int
    space: str | None
    lesson: Lesson | None

    def correct(self, verdict: Verdict) -> Verdict:
        """Category, confidence, reason and version of one verdict anew; the verdict as it is where this does not apply to it."""
        evidence = verdict.evidence
        if evidence is None or self.space not in (None, evidence.space):
            return verdict
        version = f"{verdict.model_version}+lessons-{self.version}"
        if self.lesson is None:
            return replace(verdict, model_version=version)
        chances = learned(evidence, self.lesson)
        category = likeliest(evidence.labels, chances)
        reasons = verdict.reasons
        if category != verdict.category:
            said = f"Agents filed tickets like this one under {category}, the model alone would say {verdict.category}"
            reasons = (*reasons[:-1], said)
        return replace(
            verdict,
            category=category,
            confidence=min(1.0, float(chances[evidence.labels.index(category)])),
            reasons=reasons,
            model_version=version,
        )
