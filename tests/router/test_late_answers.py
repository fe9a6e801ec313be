"""An answer under a lease that is over: 409, nothing changed, and one line in the log with which an operator finds it."""

import logging

import httpx
import pytest

from broker import Broker
from broker.records import NewTicket
from tests.router.judging import judge_all
from tests.router.problems import assert_problem

WORDS = "what the customer wrote"
CALLS: dict[str, tuple[str, str, dict[str, object]]] = {
    "resolve": ("POST", "/tickets/t/resolve", {"response": WORDS}),
    "release": ("POST", "/tickets/t/release", {}),
    "extend": ("POST", "/tickets/t/extend", {}),
    "skip": ("POST", "/tickets/t/skip", {"reason": WORDS}),
    "snooze": ("POST", "/tickets/t/snooze", {"seconds": 60}),
    "edit": ("PATCH", "/tickets/t", {"response": WORDS}),
}


async def lost_token(api: httpx.AsyncClient, broker: Broker) -> str:
    """Of a ticket that was pulled and is ready again."""
    await broker.intake.submit(NewTicket(subject=WORDS, ticket_id="t"))
    await judge_all(broker)
    token: str = (await api.post("/tickets/next")).json()["lease"]["token"]
    await broker.desk.release("t", token)
    return token


@pytest.mark.parametrize("held_by_another", [False, True])
@pytest.mark.parametrize("verb", CALLS)
async def test_a_late_answer_is_refused_and_logged_once(
    api: httpx.AsyncClient, broker: Broker, caplog: pytest.LogCaptureFixture, verb: str, held_by_another: bool
) -> None:
    token = await lost_token(api, broker)
    if held_by_another:
        await api.post("/tickets/next")
    before = (await api.get("/tickets/t")).json()
    method, path, body = CALLS[verb]
    with caplog.at_level(logging.INFO, "broker.desk"):
        assert_problem(await api.request(method, path, json=body | {"lease_token": token}), 409, "stale-lease")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "broker.desk"]
    assert line.startswith(f"late answer refused: {verb} of ticket t ")
    assert token not in caplog.text and WORDS not in caplog.text
    assert (await api.get("/tickets/t")).json() == before


async def test_an_answer_in_time_is_not_in_the_log(
    api: httpx.AsyncClient, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    await lost_token(api, broker)
    token = (await api.post("/tickets/next")).json()["lease"]["token"]
    with caplog.at_level(logging.INFO, "broker.desk"):
        assert (await api.patch("/tickets/t", json={"lease_token": token, "response": WORDS})).status_code == 200
        assert (await api.post("/tickets/t/resolve", json={"lease_token": token})).status_code == 200
        assert (await api.post("/tickets/none/resolve", json={"lease_token": token})).status_code == 404
    assert [record for record in caplog.records if record.name == "broker.desk"] == []
