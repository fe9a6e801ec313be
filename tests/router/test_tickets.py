"""Tickets come in once, and tell how they stand."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest

from broker import Broker
from router.config import RouterConfig
from router.outputs import TicketOut
from tests.router.conftest import Serve
from tests.router.judging import judge_all
from tests.router.problems import assert_problem

# Design, section 4: exactly these, no more.
FIELDS = [
    "ticket_id",
    "status",
    "created_at",
    "updated_at",
    "attempts",
    "subject",
    "body",
    "description",
    "requester",
    "metadata",
    "category",
    "confidence",
    "needs_review",
    "urgency_score",
    "urgency_label",
    "sentiment_score",
    "reasons",
    "routing_reason",
    "engine",
    "model_version",
    "ai_status",
    "processing_ms",
    "assigned_agent",
    "incident_id",
    "lease",
    "summary",
    "draft_response",
    "draft_source",
    "response",
]


async def test_a_ticket_is_accepted_and_can_be_fetched_where_the_answer_says(api: httpx.AsyncClient) -> None:
    sent = {
        "ticket_id": "web-1",
        "subject": "Grüße 🎫",
        "body": "line one\nline two\ttab",
        "description": "more",
        "requester": "ana@example.com",
        "metadata": {"plan": "team", "nested": {"list": [1, 2.5, None, True]}},
    }
    accepted = await api.post("/tickets", json=sent)
    assert accepted.status_code == 202
    url = "/tickets/web-1/status"
    assert accepted.json() == {"ticket_id": "web-1", "status": "accepted", "status_url": url}
    assert accepted.headers["Location"] == url
    assert "Idempotency-Replayed" not in accepted.headers

    for path in (url, "/tickets/web-1"):
        shown = await api.get(path)
        assert shown.status_code == 200
        assert shown.headers["Cache-Control"] == "no-store"
        ticket = shown.json()
        assert list(ticket) == FIELDS
        assert {name: ticket[name] for name in sent} == sent
        assert (ticket["status"], ticket["ai_status"], ticket["attempts"]) == ("pending", "pending", 0)
        assert ticket["created_at"].endswith("Z")
        age = datetime.now(UTC) - datetime.fromisoformat(ticket["created_at"])
        assert abs(age.total_seconds()) < 60


async def test_without_an_id_each_ticket_gets_its_own(api: httpx.AsyncClient) -> None:
    ids = {(await api.post("/tickets", json={"body": "same"})).json()["ticket_id"] for _ in range(3)}
    assert len(ids) == 3


async def test_the_same_key_replays_the_first_answer_and_makes_one_ticket(
    api: httpx.AsyncClient, broker: Broker
) -> None:
    first, second = [
        await api.post("/tickets", json={"subject": "once"}, headers={"Idempotency-Key": "k-1"}) for _ in range(2)
    ]
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert (await broker.stats.snapshot()).conservation["accepted"] == 1


async def test_the_same_key_with_another_payload_is_refused(api: httpx.AsyncClient, broker: Broker) -> None:
    await api.post("/tickets", json={"subject": "once"}, headers={"Idempotency-Key": "k-1"})
    answer = await api.post("/tickets", json={"subject": "other"}, headers={"Idempotency-Key": "k-1"})
    assert_problem(answer, 422, "key-reused", "Idempotency-Key")
    assert (await broker.stats.snapshot()).conservation["accepted"] == 1


@pytest.mark.parametrize("key", [b"", b"a b", b"k" * 256, "schlüssel".encode()])
async def test_an_idempotency_key_must_be_visible_ascii(asgi: httpx.AsyncClient, key: bytes) -> None:
    answer = await asgi.post("/tickets", json={"subject": "x"}, headers=[(b"Idempotency-Key", key)])
    assert_problem(answer, 422, "invalid-request", "Idempotency-Key")


async def test_two_idempotency_keys_are_refused(asgi: httpx.AsyncClient) -> None:
    answer = await asgi.post("/tickets", json={"subject": "x"}, headers=[("Idempotency-Key", "a")] * 2)
    assert_problem(answer, 422, "invalid-request", "Idempotency-Key")


async def test_the_longest_key_is_taken(api: httpx.AsyncClient) -> None:
    answer = await api.post("/tickets", json={"subject": "x"}, headers={"Idempotency-Key": "~" * 255})
    assert answer.status_code == 202


async def test_an_id_that_is_taken_by_another_ticket_is_a_conflict(api: httpx.AsyncClient) -> None:
    await api.post("/tickets", json={"ticket_id": "t", "subject": "one"})
    assert_problem(await api.post("/tickets", json={"ticket_id": "t", "subject": "two"}), 409, "ticket-exists")
    repeated = await api.post("/tickets", json={"ticket_id": "t", "subject": "one"})
    assert (repeated.status_code, repeated.headers["Idempotency-Replayed"]) == (202, "true")


async def test_waiting_gives_the_judged_ticket(api: httpx.AsyncClient, broker: Broker) -> None:
    asking = asyncio.create_task(api.post("/tickets?wait=30", json={"subject": "now please"}))
    assert await judge_all(broker, wait=True)
    answer = await asking
    assert answer.status_code == 200
    ticket = answer.json()
    assert list(ticket) == FIELDS
    assert (ticket["status"], ticket["category"], ticket["reasons"]) == ("completed", "Technical", ["says so"])


async def test_waiting_in_vain_gives_the_ordinary_answer(api: httpx.AsyncClient) -> None:
    answer = await api.post("/tickets?wait=0.05", json={"ticket_id": "slow", "subject": "nobody judges"})
    assert answer.status_code == 202
    assert answer.json()["status_url"] == "/tickets/slow/status"


async def test_an_unknown_ticket_is_a_404(asgi: httpx.AsyncClient) -> None:
    assert_problem(await asgi.get("/tickets/nobody"), 404, "not-found")
    assert_problem(await asgi.get("/tickets/nobody/status"), 404, "not-found")


async def test_a_bad_id_in_the_path_is_named(asgi: httpx.AsyncClient) -> None:
    for bad in ("-starts-badly", "with%20space", "%00", "%ff", "x" * 129):
        assert_problem(await asgi.get(f"/tickets/{bad}"), 422, "invalid-request", "ticket_id")


async def test_the_queue_comes_in_pages_most_urgent_first_then_what_is_not_judged(
    api: httpx.AsyncClient, broker: Broker
) -> None:
    for name, urgency in (("calm", 0.1), ("hot", 0.9), ("warm", 0.5)):
        await api.post("/tickets", json={"ticket_id": name, "subject": name})
        await judge_all(broker, urgency=urgency)
    for name in ("new-1", "new-2"):
        await api.post("/tickets", json={"ticket_id": name, "subject": name})

    whole = (await api.get("/queue")).json()
    assert [item["ticket_id"] for item in whole["items"]] == ["hot", "warm", "calm", "new-1", "new-2"]
    assert whole["cursor"] is None
    assert list(whole["items"][0]) == FIELDS

    seen, cursor = [], None
    for _ in range(3):
        page = (await api.get("/queue", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [item["ticket_id"] for item in page["items"]]
        cursor = page["cursor"]
    assert seen == ["hot", "warm", "calm", "new-1", "new-2"]
    assert cursor is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("cursor=rubbish", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=" + "x" * 600, "cursor"),
        ("limit=1&limit=2", "limit"),
        ("page=2", "page"),
        ("limit=%ff", "query"),
        ("&".join(f"a{n}=1" for n in range(40)), "query"),
    ],
)
async def test_bad_queue_parameters_are_named(asgi: httpx.AsyncClient, query: str, field: str) -> None:
    assert_problem(await asgi.get(f"/queue?{query}"), 422, "invalid-request", field)


@pytest.mark.parametrize("wait", ["-1", "31", "nan", "inf", "soon", ""])
async def test_a_bad_wait_changes_nothing(asgi: httpx.AsyncClient, broker: Broker, wait: str) -> None:
    answer = await asgi.post(f"/tickets?wait={wait}", json={"subject": "x"})
    assert_problem(answer, 422, "invalid-request", "wait")
    assert (await broker.stats.snapshot()).conservation["accepted"] == 0


async def test_a_full_backlog_is_a_503_that_says_when_to_retry(redis_url: str, namespace: str, serve: Serve) -> None:
    broker = await Broker.open(redis_url, namespace=namespace, max_backlog=1)
    async with httpx.AsyncClient(base_url=await serve(broker, RouterConfig())) as api:
        assert (await api.post("/tickets", json={"subject": "fits"})).status_code == 202
        answer = await api.post("/tickets", json={"subject": "does not"})
        assert_problem(answer, 503, "backlog-full")
        assert int(answer.headers["Retry-After"]) >= 1
        ready = (await api.get("/readyz")).json()
        assert ready["parts"]["backlog"]["status"] == "down"
    await broker.close()


async def test_a_dead_ticket_says_what_it_died_of(api: httpx.AsyncClient, redis_url: str, namespace: str) -> None:
    impatient = await Broker.open(redis_url, namespace=namespace, max_attempts=1)
    await api.post("/tickets", json={"ticket_id": "poison", "subject": "x"})
    batch = await impatient.work.take(1, wait=False)
    assert batch is not None
    await batch.give_back(batch.tickets, reason="the judge fell over")
    await impatient.close()
    ticket = (await api.get("/tickets/poison")).json()
    assert ticket["status"] == "dead"
    assert any("the judge fell over" in reason for reason in ticket["reasons"])


def test_the_public_ticket_has_the_fields_of_the_contract() -> None:
    assert list(TicketOut.model_fields) == FIELDS
