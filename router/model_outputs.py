"""Engines and learned versions as a caller gets them: models like those of `outputs.py`."""

from datetime import datetime
from typing import Self

from pydantic import Field

from broker.lessons import Score, Version
from broker.presence import WorkerReport
from router.outputs import Answer


class EngineOut(Answer):
    """What one worker judges with."""

    worker_id: str
    engine: str
    model_version: str | None
    model: str = Field(description="loading, ready or away")

    @classmethod
    def of(cls, report: WorkerReport) -> Self:
        return cls.model_construct(**{name: getattr(report, name) for name in cls.model_fields})


class ScoreOut(Answer):
    """On held-back examples of one kind. The shares are null while there are none."""

    n: int
    right: int
    accuracy: float | None = Field(description="share that this version gets right")
    prior_right: int
    prior_accuracy: float | None = Field(description="share that the models alone get right")

    @classmethod
    def of(cls, score: Score) -> Self:
        return cls.model_construct(
            n=score.n,
            right=score.right,
            accuracy=score.right / score.n if score.n else None,
            prior_right=score.prior_right,
            prior_accuracy=score.prior_right / score.n if score.n else None,
        )


class HeldBackOut(Answer):
    """Corrections are mostly tickets that the models got wrong, agreements mostly those they got right: look at both."""

    corrections: ScoreOut
    agreements: ScoreOut


class VersionOut(Answer):
    """One version of what was learned; 0 is the models alone."""

    version: int
    created_at: datetime | None
    active: bool
    activated: bool = Field(
        description="false: clearly worse on held-back examples than the one before, never followed"
    )
    changes: bool = Field(description="false: says what the models alone say")
    examples: int = Field(description="corrections and agreements learned from")
    held_back: HeldBackOut
    model_version: str | None = Field(description="the engine and label set that it holds for")
    equals: int | None = Field(description="the version that a rollback went back to")
    note: str

    @classmethod
    def of(cls, version: Version, *, active: bool) -> Self:
        held_back = HeldBackOut.model_construct(
            corrections=ScoreOut.of(version.corrections), agreements=ScoreOut.of(version.agreements)
        )
        return cls.model_construct(
            version=version.version,
            created_at=version.created_at,
            active=active,
            activated=version.activated,
            changes=version.changes,
            examples=version.examples,
            held_back=held_back,
            model_version=version.space,
            equals=version.equals,
            note=version.note,
        )


class ModelsOut(Answer):
    """`active`: the version that tickets follow now."""

    engines: list[EngineOut]
    active: int
    versions: list[VersionOut]
    examples: int = Field(description="kept and counted")
    examples_waiting: int = Field(description="corrections that no model has read yet")
    examples_set_aside: int = Field(description="by rollbacks")
