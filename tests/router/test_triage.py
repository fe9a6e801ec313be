"""Agents correct, pass on, put aside and take up again, over HTTP."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from broker import Broker
from broker.records import Agent
from router.problems import Problem
from router.triage import wake_at
from router.verb_inputs import SnoozeIn
from tests.router.judging import judge_all
from tests.router.problems import assert_problem

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


async def ready(asgi: httpx.AsyncClient, broker: Broker, ticket_id: str = "t", urgency: float = 0.5) -> None:
    await asgi.post("/tickets", json={"ticket_id": ticket_id, "subject": ticket_id})
    await judge_all(broker, urgency=urgency)


async def pulled(asgi: httpx.AsyncClient, broker: Broker, agent: str | None = None) -> dict[str, str]:
    await ready(asgi, broker)
    answer = await asgi.post("/tickets/next", params={"agent": agent} if agent else None)
    return {"lease_token": answer.json()["lease"]["token"]}


async def test_a_correction_needs_no_lease_while_nobody_holds_the_ticket(
    asgi: httpx.AsyncClient, broker: Broker
) -> None:
    await ready(asgi, broker, "calm", 0.1)
    await ready(asgi, broker, "warm", 0.5)
    answer = await asgi.patch("/tickets/calm", json={"category": "Billing", "urgency_label": "high"})
    ticket = answer.json()
    assert answer.status_code == 200
    assert (ticket["category"], ticket["urgency_label"], ticket["urgency_score"]) == ("Billing", "high", 0.9)
    assert ticket["needs_review"] is False
    assert [item["ticket_id"] for item in (await asgi.get("/queue")).json()["items"]] == ["calm", "warm"]


@pytest.mark.parametrize(
    ("sent", "score"), [({"urgency_label": "low"}, 0.1), ({"urgency_label": "low", "urgency_score": 0.2}, 0.2)]
)
async def test_a_label_sets_the_score_unless_one_is_given(
    asgi: httpx.AsyncClient, broker: Broker, sent: dict[str, Any], score: float
) -> None:
    await ready(asgi, broker)
    ticket = (await asgi.patch("/tickets/t", json=sent)).json()
    assert (ticket["urgency_label"], ticket["urgency_score"]) == ("low", score)


async def test_while_somebody_holds_it_only_they_may_correct(asgi: httpx.AsyncClient, broker: Broker) -> None:
    lease = await pulled(asgi, broker)
    for wrong in ({}, {"lease_token": "other"}):
        assert_problem(await asgi.patch("/tickets/t", json={"response": "x"} | wrong), 409, "stale-lease")
    answer = await asgi.patch("/tickets/t", json={"response": "Draft of mine"} | lease)
    assert (answer.status_code, answer.json()["response"], answer.json()["status"]) == (200, "Draft of mine", "claimed")
    assert lease["lease_token"] not in answer.text


async def test_what_is_still_being_judged_is_not_corrected(asgi: httpx.AsyncClient) -> None:
    await asgi.post("/tickets", json={"ticket_id": "t", "subject": "x"})
    assert_problem(await asgi.patch("/tickets/t", json={"category": "Billing"}), 409, "wrong-state")
    assert_problem(await asgi.patch("/tickets/none", json={"category": "Billing"}), 404, "not-found")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "category"),
        ({}, "response"),
        ({"lease_token": "t"}, "urgency_score"),
        ({"category": None}, "category"),
        ({"category": ""}, "category"),
        ({"category": "c" * 101}, "category"),
        ({"category": "a\x00"}, "category"),
        ({"urgency_score": 1.01}, "urgency_score"),
        ({"urgency_score": -0.01}, "urgency_score"),
        ({"urgency_score": "0.5"}, "urgency_score"),
        ({"urgency_score": True}, "urgency_score"),
        ({"urgency_label": "extreme"}, "urgency_label"),
        ({"response": "\x1b"}, "response"),
        ({"response": "x", "lease_token": ""}, "lease_token"),
        ({"status": "resolved"}, "status"),
    ],
)
async def test_each_bad_field_of_a_correction_is_named(
    asgi: httpx.AsyncClient, broker: Broker, sent: dict[str, Any], field: str
) -> None:
    await ready(asgi, broker)
    before = (await asgi.get("/tickets/t")).json()
    assert_problem(await asgi.patch("/tickets/t", json=sent), 422, "invalid-request", field)
    assert (await asgi.get("/tickets/t")).json() == before


async def test_a_skipped_ticket_is_for_others(asgi: httpx.AsyncClient, broker: Broker) -> None:
    for name in ("Ann", "Bob"):
        await broker.agents.put(Agent(name, {"Technical": 1.0}, 3))
    lease = await pulled(asgi, broker, "Ann")
    answer = await asgi.post("/tickets/t/skip", json=lease | {"reason": "not my language"})
    assert (answer.status_code, answer.json()["status"], answer.json()["lease"]) == (200, "completed", None)
    assert_problem(await asgi.post("/tickets/next?agent=Ann"), 404, "queue-empty")
    assert (await asgi.post("/tickets/next?agent=Bob")).json()["ticket_id"] == "t"
    assert_problem(await asgi.post("/tickets/t/skip", json=lease | {"reason": "again"}), 409, "stale-lease")


@pytest.mark.parametrize("reason", ["", " \n", "r" * 501, "\x00", 5, None])
async def test_a_skip_says_why(asgi: httpx.AsyncClient, broker: Broker, reason: object) -> None:
    lease = await pulled(asgi, broker)
    answer = await asgi.post("/tickets/t/skip", json=lease | {"reason": reason})
    assert_problem(answer, 422, "invalid-request", "reason")
    assert (await asgi.get("/tickets/t")).json()["status"] == "claimed"


@pytest.mark.parametrize("how", ["seconds", "until", "until in another zone"])
async def test_a_snoozed_ticket_is_nobodys_until_then(asgi: httpx.AsyncClient, broker: Broker, how: str) -> None:
    lease = await pulled(asgi, broker)
    until = datetime.now(UTC) + timedelta(hours=1)
    if how == "seconds":
        sent: dict[str, object] = {"seconds": 3600}
    elif how == "until":
        sent = {"until": until.isoformat()}
    else:
        zone = datetime.fromisoformat("2026-01-01T00:00:00+05:30").tzinfo
        sent = {"until": until.astimezone(zone).isoformat()}
    answer = await asgi.post("/tickets/t/snooze", json=lease | sent)
    ticket = answer.json()
    assert (answer.status_code, ticket["status"], ticket["assigned_agent"], ticket["lease"]) == (
        200,
        "snoozed",
        None,
        None,
    )
    if how != "seconds":
        assert f"{until:%Y-%m-%d %H:%M} UTC" in ticket["routing_reason"]
    assert_problem(await asgi.post("/tickets/next"), 404, "queue-empty")
    assert (await asgi.get("/stats")).json()["conservation"]["snoozed"] == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "until"),
        ({}, "seconds"),
        ({"seconds": 3600, "until": "2099-01-01T00:00:00Z"}, "seconds"),
        ({"seconds": 59}, "seconds"),
        ({"seconds": 2_592_001}, "seconds"),
        ({"seconds": 60.0}, "seconds"),
        ({"seconds": "60"}, "seconds"),
        ({"until": "2020-01-01T00:00:00Z"}, "until"),
        ({"until": "2099-01-01T00:00:00Z"}, "until"),
        ({"until": "0001-01-01T00:00:00+23:59"}, "until"),
        ({"until": "9999-12-31T23:59:59-23:59"}, "until"),
        ({"until": "2026-02-30T00:00:00Z"}, "until"),
        ({"until": "2099-01-01T00:00:00"}, "until"),
        ({"until": "2099-01-01"}, "until"),
        ({"until": "4102444800"}, "until"),
        ({"until": 4102444800}, "until"),
        ({"until": "tomorrow"}, "until"),
    ],
)
async def test_a_snooze_needs_one_sensible_time(
    asgi: httpx.AsyncClient, broker: Broker, sent: dict[str, Any], field: str
) -> None:
    lease = await pulled(asgi, broker)
    answer = await asgi.post(
        "/tickets/t/snooze", content=json.dumps(lease | sent), headers={"Content-Type": "application/json"}
    )
    assert_problem(answer, 422, "invalid-request", field)
    assert (await asgi.get("/tickets/t")).json()["status"] == "claimed"


@pytest.mark.parametrize(
    ("until", "fits"),
    [
        ("2026-05-04T09:00:00Z", False),
        ("2026-05-04T09:00:01Z", True),
        ("2026-06-03T09:00:00Z", True),
        ("2026-06-03T09:00:01Z", False),
        ("2026-06-03T11:00:00+02:00", True),
    ],
)
def test_the_bounds_of_a_snooze(until: str, fits: bool) -> None:
    sent = SnoozeIn(lease_token="t", until=until)  # type: ignore[arg-type]
    if not fits:
        with pytest.raises(Problem):
            wake_at(sent, NOW)
        return
    woken = wake_at(sent, NOW)
    assert woken == sent.until
    assert woken.tzinfo is UTC


async def test_a_resolved_ticket_comes_back_and_no_other(asgi: httpx.AsyncClient, broker: Broker) -> None:
    lease = await pulled(asgi, broker)
    assert_problem(await asgi.post("/tickets/t/reopen"), 409, "wrong-state")
    await asgi.post("/tickets/t/resolve", json=lease)
    answer = await asgi.post("/tickets/t/reopen", json={})
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    assert (await asgi.post("/tickets/next")).json()["ticket_id"] == "t"
    assert_problem(await asgi.post("/tickets/none/reopen"), 404, "not-found")


@pytest.mark.parametrize("verb", ["skip", "snooze"])
async def test_verbs_on_no_ticket_or_on_one_nobody_holds(asgi: httpx.AsyncClient, broker: Broker, verb: str) -> None:
    sent = {"lease_token": "t"} | ({"reason": "r"} if verb == "skip" else {"seconds": 60})
    assert_problem(await asgi.post(f"/tickets/none/{verb}", json=sent), 404, "not-found")
    await ready(asgi, broker)
    assert_problem(await asgi.post(f"/tickets/t/{verb}", json=sent), 409, "stale-lease")
