"""Incidents over HTTP, opened by real near-duplicates."""

from datetime import UTC, datetime

import httpx

from broker import Broker
from tests.router.judging import judge_all
from tests.router.problems import assert_problem

FIELDS = [
    *("incident_id", "status", "category", "summary", "count"),
    *("first_seen_at", "last_seen_at", "members", "silenced_until"),
]


async def flood(asgi: httpx.AsyncClient, broker: Broker, names: list[str]) -> None:
    for name in names:
        await asgi.post("/tickets", json={"ticket_id": name, "subject": "the shop is down"})
    await judge_all(broker, alike=True)


async def test_a_flood_is_listed_shown_acknowledged_and_resolved(asgi: httpx.AsyncClient, broker: Broker) -> None:
    names = ["a", "b", "c", "d"]
    await flood(asgi, broker, names)
    listed = (await asgi.get("/incidents")).json()
    assert listed["cursor"] is None
    (incident,) = listed["items"]
    assert list(incident) == FIELDS
    assert (incident["status"], incident["count"], incident["members"]) == ("open", 4, names)
    assert incident["first_seen_at"].endswith("Z")
    path = f"/incidents/{incident['incident_id']}"
    assert (await asgi.get(path)).json() == incident
    folded = (await asgi.get("/tickets/d")).json()
    assert (folded["status"], folded["incident_id"]) == ("master_incident", incident["incident_id"])

    assert (await asgi.post(f"{path}/acknowledge")).json()["status"] == "acknowledged"
    assert (await asgi.post(f"{path}/resolve")).json()["status"] == "resolved"
    assert {(await asgi.get(f"/tickets/{name}")).json()["status"] for name in names} == {"resolved"}
    assert_problem(await asgi.post(f"{path}/acknowledge"), 409, "wrong-state")


async def test_a_wrong_member_goes_back_to_the_queue(asgi: httpx.AsyncClient, broker: Broker) -> None:
    await flood(asgi, broker, ["a", "b", "c", "d"])
    (incident,) = (await asgi.get("/incidents")).json()["items"]
    path = f"/incidents/{incident['incident_id']}"
    taken_out = await asgi.delete(f"{path}/tickets/d")
    assert (taken_out.status_code, taken_out.json()["ticket_id"]) == (200, "d")
    assert (taken_out.json()["status"], taken_out.json()["incident_id"]) == ("completed", None)
    assert (await asgi.get(path)).json()["members"] == ["a", "b", "c"]
    assert_problem(await asgi.delete(f"{path}/tickets/d"), 404, "not-found")
    assert_problem(await asgi.delete("/incidents/INC-9/tickets/a"), 404, "not-found")
    assert_problem(await asgi.delete(f"{path}/tickets/-"), 422, "invalid-request", "ticket_id")
    assert (await asgi.get("/stats")).json()["balanced"] is True


async def test_a_silenced_incident_says_until_when(asgi: httpx.AsyncClient, broker: Broker) -> None:
    await flood(asgi, broker, ["a", "b", "c"])
    (incident,) = (await asgi.get("/incidents")).json()["items"]
    assert incident["silenced_until"] is None
    path = f"/incidents/{incident['incident_id']}"
    before = datetime.now(UTC)
    silenced = await asgi.post(f"{path}/silence", json={"seconds": 3600})
    assert silenced.status_code == 200
    until = datetime.fromisoformat(silenced.json()["silenced_until"])
    assert abs((until - before).total_seconds() - 3600) < 60
    assert (await asgi.get(path)).json() == silenced.json()
    for seconds in (59, 2_592_001, "60", 60.5, True, None):
        refused = await asgi.post(f"{path}/silence", json={"seconds": seconds})
        assert_problem(refused, 422, "invalid-request", "seconds")
    assert_problem(await asgi.post("/incidents/INC-9/silence", json={"seconds": 60}), 404, "not-found")


async def test_an_unknown_incident_is_a_404(asgi: httpx.AsyncClient) -> None:
    assert_problem(await asgi.get("/incidents/INC-9"), 404, "not-found")
    for verb in ("acknowledge", "resolve"):
        assert_problem(await asgi.post(f"/incidents/INC-9/{verb}"), 404, "not-found")


async def test_bad_parameters_are_named(asgi: httpx.AsyncClient) -> None:
    assert_problem(await asgi.get("/incidents?limit=0"), 422, "invalid-request", "limit")
    assert_problem(await asgi.get("/incidents?cursor=rubbish"), 422, "invalid-request", "cursor")
    assert_problem(await asgi.get("/incidents/%00"), 422, "invalid-request", "incident_id")
