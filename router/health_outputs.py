"""What the probes say of each part: models like those of `outputs.py`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from router.outputs import Answer


class WorkerOut(Answer):
    """A worker's last report."""

    worker_id: str
    last_seen_at: datetime
    engine: str
    model_version: str | None = None
    model: str = Field(description="loading, ready or away")
    model_pid: int | None = None
    breaker: str = Field(description="closed, open or half_open")
    breaker_reason: str | None = None
    slack: str = Field(description="on, log or failing")


class PartOut(Answer):
    """One part of the house. `loading`: the models part while its models warm up; counts as degraded."""

    status: Literal["ok", "degraded", "down", "loading"]
    detail: str
    latency_ms: float | None = None
    warnings: list[str] | None = None
    backlog: int | None = None
    max_backlog: int | None = None
    reports: list[WorkerOut] | None = None


class PartsOut(Answer):
    redis: PartOut
    workers: PartOut
    models: PartOut
    breaker: PartOut
    slack: PartOut
    backlog: PartOut
    second_opinion: PartOut | None = Field(
        default=None, description="where ZERO_SHOT_MODEL is asked beside the default model"
    )
    drafts: PartOut | None = Field(default=None, description="where DRAFT_MODEL is set")


class DeepHealthOut(Answer):
    """Every part by name. `down` comes with 503."""

    status: Literal["ok", "degraded", "down"]
    parts: PartsOut
