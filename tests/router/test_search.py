"""Finding tickets over HTTP."""

import httpx
import pytest

from broker import Broker
from broker.records import Agent
from tests.router.judging import judge_all
from tests.router.problems import assert_problem


async def found(asgi: httpx.AsyncClient, **filters: str) -> list[str]:
    answer = await asgi.get("/tickets", params=filters)
    assert answer.status_code == 200, answer.text
    return [item["ticket_id"] for item in answer.json()["items"]]


async def test_each_filter_finds_its_tickets_newest_first(asgi: httpx.AsyncClient, broker: Broker) -> None:
    await broker.agents.put(Agent("Ann Lee", {"Technical": 1.0}, 2))
    for name in ("a", "b", "c"):
        await asgi.post("/tickets", json={"ticket_id": name, "subject": name, "requester": f"{name}@example.com"})
    await judge_all(broker)
    await asgi.patch("/tickets/b", json={"category": "Billing", "urgency_label": "high"})
    await asgi.post("/tickets", json={"ticket_id": "d", "subject": "d"})

    assert await found(asgi) == ["d", "c", "b", "a"]
    assert await found(asgi, status="completed") == ["c", "b", "a"]
    assert await found(asgi, status="pending") == ["d"]
    assert await found(asgi, category="Billing") == ["b"]
    assert await found(asgi, urgency_label="high") == ["b"]
    assert await found(asgi, requester="a@example.com") == ["a"]
    assert set(await found(asgi, agent="Ann Lee")) < {"a", "b", "c"}
    assert await found(asgi, needs_review="true") == []
    assert await found(asgi, status="completed", category="Technical", needs_review="false") == ["c", "a"]
    assert await found(asgi, category="No such label") == []
    assert (await asgi.get("/tickets/d")).json() == (await asgi.get("/tickets")).json()["items"][0]


async def test_members_of_an_incident_are_found(asgi: httpx.AsyncClient, broker: Broker) -> None:
    for name in ("a", "b", "c"):
        await asgi.post("/tickets", json={"ticket_id": name, "subject": "the shop is down"})
    await judge_all(broker, alike=True)
    (incident,) = (await asgi.get("/incidents")).json()["items"]
    assert await found(asgi, incident=incident["incident_id"]) == ["c", "b", "a"]
    assert await found(asgi, incident=incident["incident_id"], status="master_incident") == ["c"]


async def test_pages_go_on_where_the_last_one_ended(asgi: httpx.AsyncClient) -> None:
    names = [f"t{n}" for n in range(7)]
    for name in names:
        await asgi.post("/tickets", json={"ticket_id": name, "subject": name})
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(len(names)):
        page = (await asgi.get("/tickets", params={"status": "pending", "limit": "3"} | cursor)).json()
        seen += [item["ticket_id"] for item in page["items"]]
        if page["cursor"] is None:
            break
        cursor = {"cursor": page["cursor"]}
    assert seen == names[::-1]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=done", "status"),
        ("status=", "status"),
        ("status=pending&status=dead", "status"),
        ("urgency_label=extreme", "urgency_label"),
        ("needs_review=1", "needs_review"),
        ("needs_review=yes", "needs_review"),
        ("category=", "category"),
        ("category=" + "c" * 101, "category"),
        ("category=%00", "category"),
        ("agent=-", "agent"),
        ("requester=" + "r" * 321, "requester"),
        ("incident=a%2Fb", "incident"),
        ("limit=201", "limit"),
        ("cursor=rubbish", "cursor"),
        ("assigned_agent=Ann", "assigned_agent"),
    ],
)
async def test_a_bad_filter_is_named(asgi: httpx.AsyncClient, query: str, field: str) -> None:
    assert_problem(await asgi.get(f"/tickets?{query}"), 422, "invalid-request", field)


async def test_a_cursor_of_another_listing_is_refused(asgi: httpx.AsyncClient) -> None:
    for _ in range(2):
        await asgi.post("/tickets", json={"subject": "x"})
    cursor = (await asgi.get("/queue?limit=1")).json()["cursor"]
    assert_problem(await asgi.get("/tickets", params={"cursor": cursor}), 422, "invalid-request", "cursor")
