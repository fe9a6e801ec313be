"""Probes: each part by its name, 503 when a vital one is down, and Redis is not asked for every probe."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from broker import Broker
from broker.presence import Health, WorkerReport
from router.app import create_app
from router.health_outputs import DeepHealthOut
from router.vitals import Vitals, judge
from tests.conftest import MakeRedis
from tests.redis_server import RedisServer
from tests.router.judging import judge_all, report
from tests.router.problems import assert_problem

SEEN_AT = datetime(2026, 1, 1, tzinfo=UTC)
PARTS = ["redis", "workers", "models", "breaker", "slack", "backlog"]


@pytest.mark.parametrize("path", ["/health", "/livez"])
async def test_the_process_says_that_it_lives(asgi: httpx.AsyncClient, path: str) -> None:
    answer = await asgi.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_not_ready_without_a_worker_ready_with_one(asgi: httpx.AsyncClient, broker: Broker) -> None:
    answer = await asgi.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    assert answer.json()["parts"]["workers"]["status"] == "down"
    assert int(answer.headers["Retry-After"]) >= 1

    await broker.health.beat(report())
    async with httpx.AsyncClient(
        base_url="http://api", transport=httpx.ASGITransport(create_app(broker))
    ) as fresh:  # an application that remembers no look
        ready = await fresh.get("/readyz")
        assert ready.status_code == 200
        assert list(ready.json()["parts"]) == PARTS
        assert "reports" not in ready.json()["parts"]["workers"]
        deep = await fresh.get("/health/deep")
        assert deep.status_code == 200
        (worker,) = deep.json()["parts"]["workers"]["reports"]
        assert (worker["worker_id"], worker["model_pid"], worker["breaker"]) == ("w1", 4242, "closed")
        assert worker["last_seen_at"].endswith("Z")
        assert all(part["status"] and part["detail"] for part in deep.json()["parts"].values())


async def test_however_many_probes_redis_is_asked_once(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    real = type(broker.health).check

    async def counted(self):  # type: ignore[no-untyped-def]
        nonlocal asked
        asked += 1
        return await real(self)

    monkeypatch.setattr(type(broker.health), "check", counted)
    vitals = Vitals(broker)
    await asyncio.gather(*(vitals.judged() for _ in range(50)))
    assert asked == 1


def judged(*workers: WorkerReport, backlog: int = 0, warnings: tuple[str, ...] = ()) -> DeepHealthOut:
    seen = [replace(worker, last_seen_at=SEEN_AT) for worker in workers]
    return judge(Health(True, 0.5, list(warnings), backlog, 100, seen))


@pytest.mark.parametrize(
    ("health", "overall", "part", "status"),
    [
        (judged(report()), "ok", "models", "ok"),
        (judged(report(model="loading")), "degraded", "models", "loading"),
        (judged(report(model="away")), "degraded", "models", "degraded"),
        (judged(report("a", model="loading"), report("b")), "ok", "models", "ok"),
        (judged(report(engine="keywords", model="away")), "ok", "models", "ok"),
        (judged(report(engine="stub", model="loading")), "ok", "models", "ok"),
        (judged(), "down", "models", "down"),
        (judged(), "down", "workers", "down"),
        (judged(report(breaker="open")), "degraded", "breaker", "degraded"),
        (judged(report(breaker="half_open")), "degraded", "breaker", "degraded"),
        (judged(report(slack="failing")), "degraded", "slack", "degraded"),
        (judged(report(slack="log")), "ok", "slack", "ok"),
        (judged(report(), backlog=79), "ok", "backlog", "ok"),
        (judged(report(), backlog=80), "degraded", "backlog", "degraded"),
        (judged(report(), backlog=100), "down", "backlog", "down"),
        (judged(report(), warnings=("evicts",)), "degraded", "redis", "degraded"),
        (judge(Health(False, None, ["gone"], 0, 100, [])), "down", "redis", "down"),
    ],
)
def test_each_part_is_judged_and_the_whole_follows(health: DeepHealthOut, overall: str, part: str, status: str) -> None:
    assert health.status == overall
    assert getattr(health.parts, part).status == status


def adviser(state: str, detail: str = "m") -> WorkerReport:
    return report(state, advisers={"drafts": {"state": state, "detail": detail}})


@pytest.mark.parametrize(
    ("workers", "overall", "status"),
    [
        ([adviser("ready")], "ok", "ok"),
        ([adviser("ready"), adviser("away")], "ok", "ok"),
        ([adviser("ready"), report()], "ok", "ok"),
        ([adviser("loading")], "degraded", "loading"),
        ([adviser("away", "DRAFT_MODEL 'x' is no folder here")], "degraded", "degraded"),
    ],
)
def test_optional_models_are_named_where_they_are_configured(
    workers: list[WorkerReport], overall: str, status: str
) -> None:
    health = judged(*workers)
    assert health.status == overall and health.parts.second_opinion is None
    assert health.parts.drafts is not None and health.parts.drafts.status == status
    if status == "degraded":
        assert health.parts.drafts.detail.startswith("DRAFT_MODEL 'x' is no folder here; ")
    assert judged(report()).parts.drafts is None


async def test_stats_are_the_brokers_snapshot(asgi: httpx.AsyncClient, broker: Broker) -> None:
    await asgi.post("/tickets", json={"subject": "one"})
    await judge_all(broker)
    await asgi.post("/tickets", json={"subject": "two"})
    stats = (await asgi.get("/stats")).json()
    assert stats["balanced"] is True
    assert (stats["by_status"]["pending"], stats["by_status"]["completed"]) == (1, 1)
    assert (stats["by_category"], stats["by_engine"]) == ({"Technical": 1}, {"stub": 1})
    assert set(stats["latency_ms"]) == {"p50", "p95", "p99"}
    terms = stats["conservation"]
    assert terms["accepted"] == sum(count for term, count in terms.items() if term != "accepted") == 2


async def test_metrics_count_by_template_and_show_the_snapshot(asgi: httpx.AsyncClient, broker: Broker) -> None:
    await asgi.post("/tickets", json={"ticket_id": "secret-id", "subject": "one"})
    await asgi.get("/tickets/secret-id")
    await asgi.get("/tickets/unknown-id")
    await asgi.get("/somewhere/else")
    await asgi.request("BREW", "/queue")
    await judge_all(broker)
    answer = await asgi.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    for line in (
        'smart_support_http_requests_total{method="POST",route="/tickets",status="202"} 1.0',
        'smart_support_http_requests_total{method="GET",route="/tickets/{ticket_id}",status="200"} 1.0',
        'smart_support_http_requests_total{method="GET",route="/tickets/{ticket_id}",status="404"} 1.0',
        'smart_support_http_requests_total{method="GET",route="(none)",status="404"} 1.0',
        'smart_support_http_requests_total{method="OTHER",route="/queue",status="405"} 1.0',
        'smart_support_http_request_seconds_count{method="POST",route="/tickets"} 1.0',
        "smart_support_redis_up 1.0",
        'smart_support_tickets{status="completed"} 1.0',
        'smart_support_conservation{term="accepted"} 1.0',
        "smart_support_balanced 1.0",
    ):
        assert line in answer.text.splitlines()
    assert 'smart_support_accept_to_ready_seconds{quantile="0.99"}' in answer.text
    assert "secret-id" not in answer.text


def test_the_application_can_be_made_twice(broker: Broker) -> None:
    """Metrics live in a registry of the application's own: a second one must not collide with the first."""
    assert create_app(broker) is not create_app(broker)


async def test_with_redis_away_what_needs_it_says_503_and_the_rest_goes_on(own_redis: RedisServer) -> None:
    broker = await Broker.open(own_redis.url)
    own_redis.kill()
    transport = httpx.ASGITransport(create_app(broker))
    async with httpx.AsyncClient(base_url="http://api", transport=transport, timeout=30) as api:
        for path in ("/livez", "/health", "/docs", "/openapi.json", "/"):
            assert (await api.get(path)).status_code == 200
        for path in ("/queue", "/stats", "/agents", "/incidents", "/tickets/t", "/tickets/next"):
            assert_problem(await api.get(path), 503, "unavailable")
        assert_problem(await api.post("/tickets", json={"subject": "x"}), 503, "unavailable")
        for path in ("/readyz", "/health/deep"):
            answer = await api.get(path)
            assert (answer.status_code, answer.json()["parts"]["redis"]["status"]) == (503, "down")
        assert "smart_support_redis_up 0.0" in (await api.get("/metrics")).text.splitlines()
        own_redis.start()
        assert (await api.post("/tickets", json={"subject": "x"})).status_code == 202
    await broker.close()


async def test_settings_of_redis_that_endanger_tickets_are_shown(make_redis: MakeRedis) -> None:
    server = make_redis("maxmemory 64mb", "maxmemory-policy allkeys-lru")
    broker = await Broker.open(server.url)
    await broker.health.beat(report())
    transport = httpx.ASGITransport(create_app(broker))
    async with httpx.AsyncClient(base_url="http://api", transport=transport) as api:
        deep = (await api.get("/health/deep")).json()
    assert deep["parts"]["redis"]["status"] == "degraded"
    assert any("allkeys-lru" in warning for warning in deep["parts"]["redis"]["warnings"])
    await broker.close()
