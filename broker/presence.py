"""Which workers are alive and how their models do, as they report it themselves; and how Redis itself does."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from broker.codec import moment
from broker.errors import Unavailable
from broker.store import Store
from broker.topology import Kind

BEAT_EVERY_S = 1.0
# Five beats missed: the worker is gone, or as good as.
ALIVE_MS = 5_000
FORGOTTEN_MS = 60_000
# A health check must answer even when Redis hangs.
CHECK_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """A worker's word about itself."""

    worker_id: str
    engine: str
    model_version: str | None
    model: str  # "loading", "ready", "away"
    model_pid: int | None
    breaker: str  # "closed", "open", "half_open"
    breaker_reason: str | None
    slack: str  # "on", "log", "failing"
    # Optional models by the name of their part in /health/deep: {"state": as `model`, "detail": a clause}; configured ones only.
    advisers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    last_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """`workers`: those heard of in the last five seconds. `warnings`: settings of Redis that endanger the promises."""

    redis_ok: bool
    latency_ms: float | None
    warnings: list[str]
    backlog: int
    max_backlog: int
    workers: list[WorkerReport]


class HealthBoard:
    def __init__(self, store: Store, max_backlog: int, kind: Kind) -> None:
        self._store = store
        self._max_backlog = max_backlog
        self._kind = kind

    async def beat(self, report: WorkerReport) -> None:
        """Raises Unavailable."""
        now_ms = await self._store.now_ms()
        workers, seen = self._store.keys.name("workers"), self._store.keys.name("workers_seen")
        fields = {name: value for name, value in asdict(report).items() if name != "last_seen_at"}
        async with self._store.guard(), self._store.redis.pipeline(transaction=True) as pipeline:
            pipeline.hset(workers, report.worker_id, json.dumps(fields))
            pipeline.zadd(seen, {report.worker_id: now_ms})
            pipeline.zrangebyscore(seen, "-inf", now_ms - FORGOTTEN_MS, 0, 100)
            *_, gone = await pipeline.execute()
        if gone:
            async with self._store.guard():
                await self._store.redis.hdel(workers, *gone)
                await self._store.redis.zrem(seen, *gone)

    async def leave(self, worker_id: str) -> None:
        """A worker that stops cleanly is not missed."""
        await self._store.command("HDEL", self._store.keys.name("workers"), worker_id)
        await self._store.command("ZREM", self._store.keys.name("workers_seen"), worker_id)

    async def check(self) -> Health:
        """Never raises for Redis's sake: a Redis that is away is an answer."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                backlog, workers = await self._look()
                latency_ms = (time.monotonic() - began) * 1000
                warnings = await self.warnings()
        except (Unavailable, TimeoutError):
            return Health(False, None, ["Redis does not answer"], 0, self._max_backlog, [])
        return Health(True, latency_ms, warnings, backlog, self._max_backlog, workers)

    async def _look(self) -> tuple[int, list[WorkerReport]]:
        now_ms = await self._store.now_ms()
        keys = self._store.keys
        async with self._store.guard(), self._store.redis.pipeline(transaction=False) as pipeline:
            pipeline.zcard(keys.name("pending"))
            pipeline.zrangebyscore(keys.name("workers_seen"), now_ms - ALIVE_MS, "+inf", withscores=True)
            pipeline.hgetall(keys.name("workers"))
            backlog, alive, reports = await pipeline.execute()
        found: list[WorkerReport] = []
        for worker_id, seen_ms in alive:
            if worker_id in reports:
                told: dict[str, Any] = json.loads(reports[worker_id])
                # A worker of another version may say more than we know of, as during an upgrade one part at a time.
                known = {each.name: told[each.name] for each in fields(WorkerReport) if each.name in told}
                found.append(replace(WorkerReport(**known), last_seen_at=moment(seen_ms)))
        return backlog, found

    async def warnings(self) -> list[str]:
        """What in Redis's own settings endangers the promises, each with what to do. Raises Unavailable."""
        async with self._store.guard():
            memory = await self._store.redis.info("memory")
            persistence = await self._store.redis.info("persistence")
            replicas = int((await self._store.redis.info("replication")).get("connected_slaves", 0))
        found = []
        policy = memory.get("maxmemory_policy", "noeviction")
        if policy != "noeviction":
            found.append(f"maxmemory-policy is {policy}: Redis may throw accepted tickets away; set it to noeviction")
        if not persistence.get("aof_enabled"):
            found.append("appendonly is no: accepted tickets do not survive a restart of Redis; set appendonly yes")
        if replicas < self._store.min_replicas:
            found.append(
                f"{replicas} replicas are connected and MIN_REPLICAS is {self._store.min_replicas}: no ticket is accepted; "
                "bring replicas back or lower it"
            )
        elif not replicas and self._kind is not Kind.SINGLE:
            found.append("no replica is connected: nothing can take over from the primary; add one")
        return found
