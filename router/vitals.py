"""How the parts of the house are: a pure judgement over the broker's report, and a short memory so that probes can't hammer Redis."""

import asyncio
import time
from collections.abc import Sequence
from typing import Literal

from broker import Broker
from broker.presence import ALIVE_MS, Health, WorkerReport
from router.health_outputs import DeepHealthOut, PartOut, PartsOut, WorkerOut

# However many probes ask, Redis is asked twice a second.
MEMORY_S = 0.5
# From here on somebody should look, while tickets still come in.
BACKLOG_NEARLY_FULL = 0.8
# Engines without a model: nothing to load, nothing to wait for.
MODEL_FREE = frozenset({"keywords", "stub"})


class Vitals:
    """Shares one look at Redis among all who ask within half a second."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._lock = asyncio.Lock()
        self._seen: Health | None = None
        self._seen_at = 0.0

    async def judged(self) -> DeepHealthOut:
        return judge(await self.look())

    async def look(self) -> Health:
        """The broker's report, at most `MEMORY_S` old. Never raises for Redis's sake."""
        async with self._lock:  # those who come meanwhile share the answer
            if self._seen is None or time.monotonic() - self._seen_at > MEMORY_S:
                self._seen = await self._broker.health.check()
                self._seen_at = time.monotonic()
            return self._seen


def judge(health: Health) -> DeepHealthOut:
    """`down` when tickets can't come in or nobody judges them; `degraded` when they are judged less well than they could be."""
    if not health.redis_ok:
        unknown = PartOut(status="down", detail="unknown while Redis is away")
        away = PartOut(status="down", detail="; ".join(health.warnings))
        return DeepHealthOut(
            status="down",
            parts=PartsOut(
                redis=away, workers=unknown, models=unknown, breaker=unknown, slack=unknown, backlog=unknown
            ),
        )
    live = health.workers
    parts = PartsOut(
        redis=_redis(health),
        workers=_workers(live),
        models=_models(live),
        breaker=_breaker(live),
        slack=_slack(live),
        backlog=_backlog(health),
        second_opinion=_adviser(live, "second_opinion", "the first reading stands"),
        drafts=_adviser(live, "drafts", "drafts are templates and earlier answers"),
    )
    vital = (parts.redis.status, parts.workers.status, parts.backlog.status)
    every: tuple[str, ...] = (*vital, parts.models.status, parts.breaker.status, parts.slack.status)
    every += tuple(part.status for part in (parts.second_opinion, parts.drafts) if part)
    overall: Literal["ok", "degraded", "down"] = "ok" if set(every) == {"ok"} else "degraded"
    return DeepHealthOut(status="down" if "down" in vital else overall, parts=parts)


def _redis(health: Health) -> PartOut:
    detail = "; ".join(health.warnings) or "answers"
    status: Literal["ok", "degraded"] = "degraded" if health.warnings else "ok"
    return PartOut(status=status, detail=detail, latency_ms=health.latency_ms, warnings=list(health.warnings))


def _workers(live: Sequence[WorkerReport]) -> PartOut:
    if not live:
        return PartOut(status="down", detail=f"no worker reported in the last {ALIVE_MS // 1000} s", reports=[])
    reports = [WorkerOut(**{name: getattr(worker, name) for name in WorkerOut.model_fields}) for worker in live]
    return PartOut(status="ok", detail=f"{len(live)} at work", reports=reports)


def _models(live: Sequence[WorkerReport]) -> PartOut:
    if not live:
        return PartOut(status="down", detail="no worker reports")
    if any(worker.engine in MODEL_FREE for worker in live):
        return PartOut(status="ok", detail="the configured engine needs no model")
    ready = sum(worker.model == "ready" for worker in live)
    if ready:
        return PartOut(status="ok", detail=f"ready in {ready} of {len(live)} workers")
    if any(worker.model == "loading" for worker in live):
        return PartOut(status="loading", detail="models are loading, keywords judge meanwhile")
    return PartOut(status="degraded", detail="models are away, keywords judge")


def _breaker(live: Sequence[WorkerReport]) -> PartOut:
    if not live:
        return PartOut(status="degraded", detail="no worker reports")
    tripped = [worker for worker in live if worker.breaker != "closed"]
    if tripped:
        said = "; ".join(f"{worker.worker_id} {worker.breaker}: {worker.breaker_reason or '?'}" for worker in tripped)
        return PartOut(status="degraded", detail=said)
    return PartOut(status="ok", detail="closed")


def _adviser(live: Sequence[WorkerReport], name: str, meanwhile: str) -> PartOut | None:
    """An optional model; None where no worker has it configured."""
    said = [worker.advisers[name] for worker in live if name in worker.advisers]
    if not said:
        return None
    ready = [one["detail"] for one in said if one["state"] == "ready"]
    if ready:
        return PartOut(status="ok", detail=f"{ready[0]}, ready in {len(ready)} of {len(said)} workers")
    loading = any(one["state"] == "loading" for one in said)
    return PartOut(status="loading" if loading else "degraded", detail=f"{said[0]['detail']}; {meanwhile}")


def _slack(live: Sequence[WorkerReport]) -> PartOut:
    if not live:
        return PartOut(status="degraded", detail="no worker reports")
    if any(worker.slack == "failing" for worker in live):
        return PartOut(status="degraded", detail="alerts wait in the outbox: Slack does not take them")
    if any(worker.slack == "on" for worker in live):
        return PartOut(status="ok", detail="delivering")
    return PartOut(status="ok", detail="alerts go to the log: no webhook is configured")


def _backlog(health: Health) -> PartOut:
    status: Literal["ok", "degraded", "down"] = "ok"
    if health.backlog >= health.max_backlog:
        status = "down"
    elif health.backlog >= BACKLOG_NEARLY_FULL * health.max_backlog:
        status = "degraded"
    detail = f"{health.backlog} of {health.max_backlog} tickets wait to be judged"
    return PartOut(status=status, detail=detail, backlog=health.backlog, max_backlog=health.max_backlog)
