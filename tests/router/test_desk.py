"""An agent's desk over HTTP: one ticket, one holder; nothing is lost when the holder's line drops."""

import asyncio
from datetime import datetime
from urllib.parse import urlsplit

import httpx
import pytest

from broker import Broker
from broker.records import Agent, Status
from router.config import RouterConfig
from tests.router.conftest import Serve
from tests.router.judging import judge_all
from tests.router.problems import assert_problem


async def ready(api: httpx.AsyncClient, broker: Broker, ticket_id: str, urgency: float = 0.5) -> None:
    await api.post("/tickets", json={"ticket_id": ticket_id, "subject": ticket_id})
    await judge_all(broker, urgency=urgency)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_next_leases_the_most_urgent_ticket_to_one_holder(
    api: httpx.AsyncClient, broker: Broker, method: str
) -> None:
    await ready(api, broker, "calm", 0.1)
    await ready(api, broker, "hot", 0.9)
    first = await api.request(method, "/tickets/next")
    assert (first.status_code, first.headers["Cache-Control"]) == (200, "no-store")
    ticket = first.json()
    assert (ticket["ticket_id"], ticket["status"]) == ("hot", "claimed")
    assert set(ticket["lease"]) == {"token", "expires_at"}
    assert datetime.fromisoformat(ticket["lease"]["expires_at"]) > datetime.fromisoformat(ticket["updated_at"])
    assert (await api.request(method, "/tickets/next")).json()["ticket_id"] == "calm"
    assert_problem(await api.request(method, "/tickets/next"), 404, "queue-empty")


async def test_the_token_is_shown_to_the_holder_alone(api: httpx.AsyncClient, broker: Broker) -> None:
    await ready(api, broker, "t")
    token = (await api.post("/tickets/next")).json()["lease"]["token"]
    for path in ("/tickets/t", "/tickets/t/status", "/queue"):
        shown = await api.get(path)
        assert token not in shown.text
    assert set((await api.get("/tickets/t")).json()["lease"]) == {"expires_at"}


async def test_next_for_an_agent_is_in_their_name(api: httpx.AsyncClient, broker: Broker) -> None:
    await broker.agents.put(Agent("Ann Lee", {"Technical": 1.0}, 3))
    await ready(api, broker, "t")
    assert (await api.post("/tickets/next", params={"agent": "Ann Lee"})).json()["assigned_agent"] == "Ann Lee"
    assert (await api.get("/agents/Ann%20Lee")).json()["load"] == 1


async def test_next_for_an_unknown_agent_is_a_404_of_another_kind(api: httpx.AsyncClient) -> None:
    assert_problem(await api.post("/tickets/next?agent=Nobody"), 404, "not-found")
    assert_problem(await api.post("/tickets/next?agent=Nobody&wait=1"), 404, "not-found")


@pytest.mark.parametrize(("query", "field"), [("wait=31", "wait"), ("agent=", "agent"), ("limit=1", "limit")])
async def test_bad_parameters_of_next_are_named(asgi: httpx.AsyncClient, query: str, field: str) -> None:
    assert_problem(await asgi.post(f"/tickets/next?{query}"), 422, "invalid-request", field)


async def test_head_takes_nothing_and_says_so(api: httpx.AsyncClient, broker: Broker) -> None:
    await ready(api, broker, "t")
    answer = await api.head("/tickets/next")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await broker.listing.ticket("t")).status is Status.COMPLETED


async def test_waiting_in_vain_is_a_204(api: httpx.AsyncClient) -> None:
    answer = await api.post("/tickets/next?wait=0.05")
    assert (answer.status_code, answer.content, answer.headers["Cache-Control"]) == (204, b"", "no-store")


async def test_whoever_waits_gets_the_ticket_that_becomes_ready(api: httpx.AsyncClient, broker: Broker) -> None:
    waiting = asyncio.create_task(api.post("/tickets/next?wait=30"))
    await ready(api, broker, "late")
    answer = await waiting
    assert answer.json()["ticket_id"] == "late"


async def test_the_answer_is_kept_and_the_lease_ends(api: httpx.AsyncClient, broker: Broker) -> None:
    await ready(api, broker, "t")
    lease = {"lease_token": (await api.post("/tickets/next")).json()["lease"]["token"]}
    answer = await api.post("/tickets/t/resolve", json=lease | {"response": "Done, sorry."})
    ticket = answer.json()
    assert (answer.status_code, ticket["status"], ticket["response"]) == (200, "resolved", "Done, sorry.")
    assert ticket["lease"] is None
    again = await api.post("/tickets/t/resolve", json=lease)
    assert again.status_code == 409
    assert (await api.get("/stats")).json()["conservation"]["resolved"] == 1


async def test_a_released_ticket_can_be_pulled_again_and_the_old_token_is_stale(
    api: httpx.AsyncClient, broker: Broker
) -> None:
    await ready(api, broker, "t")
    old = {"lease_token": (await api.post("/tickets/next")).json()["lease"]["token"]}
    released = await api.post("/tickets/t/release", json=old)
    assert (released.status_code, released.json()["status"], released.json()["lease"]) == (200, "completed", None)
    new = (await api.post("/tickets/next")).json()["lease"]["token"]
    for verb in ("resolve", "release", "extend"):
        assert_problem(await api.post(f"/tickets/t/{verb}", json=old), 409, "stale-lease")
    assert (await api.post("/tickets/t/resolve", json={"lease_token": new})).status_code == 200


async def test_extending_gives_the_holder_more_time(api: httpx.AsyncClient, broker: Broker) -> None:
    await ready(api, broker, "t")
    lease = (await api.post("/tickets/next")).json()["lease"]
    longer = (await api.post("/tickets/t/extend", json={"lease_token": lease["token"]})).json()["lease"]
    assert longer["token"] == lease["token"]
    assert longer["expires_at"] >= lease["expires_at"]


@pytest.mark.parametrize("verb", ["resolve", "release", "extend"])
async def test_verbs_on_no_ticket_or_on_one_nobody_holds(asgi: httpx.AsyncClient, verb: str) -> None:
    assert_problem(await asgi.post(f"/tickets/none/{verb}", json={"lease_token": "t"}), 404, "not-found")
    await asgi.post("/tickets", json={"ticket_id": "t", "subject": "x"})
    answer = await asgi.post(f"/tickets/t/{verb}", json={"lease_token": "t"})
    assert answer.status_code == 409
    assert (await asgi.get("/tickets/t")).json()["status"] == "pending"


async def _hang_up_while_waiting(url: str) -> None:
    """A client of raw bytes: sends its request and closes once the server has it."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    _, writer = await asyncio.open_connection(host, port)
    writer.write(b"POST /tickets/next?wait=30 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def test_who_hangs_up_while_waiting_takes_no_ticket_along(broker: Broker, serve: Serve) -> None:
    """Ten callers wait and go; then ten tickets come. Each must end up ready, or with the one caller who stayed."""
    url = await serve(broker, RouterConfig())
    await asyncio.gather(*(_hang_up_while_waiting(url) for _ in range(10)))
    async with httpx.AsyncClient(base_url=url, timeout=40) as api:
        names = {f"t{n}" for n in range(10)}
        for name in names:
            await ready(api, broker, name)
        pulled = {(await api.post("/tickets/next?wait=30")).json()["ticket_id"] for _ in names}
    assert pulled == names


async def test_a_lease_made_for_a_caller_who_is_gone_is_given_back(
    broker: Broker, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst moment: Redis has leased, and the caller hangs up before the answer."""
    url = await serve(broker, RouterConfig())
    leased, gone, released = asyncio.Event(), asyncio.Event(), asyncio.Event()
    desk = type(broker.desk)
    real_next, real_release = desk.next, desk.release

    async def slow_next(self, agent=None, wait_s=0.0):  # type: ignore[no-untyped-def]
        ticket = await real_next(self, agent, wait_s)
        leased.set()
        await gone.wait()
        return ticket

    async def seen_release(self, ticket_id, token):  # type: ignore[no-untyped-def]
        ticket = await real_release(self, ticket_id, token)
        released.set()
        return ticket

    monkeypatch.setattr(desk, "next", slow_next)
    monkeypatch.setattr(desk, "release", seen_release)
    async with httpx.AsyncClient(base_url=url) as api:
        await ready(api, broker, "t")
    _, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
    writer.write(b"POST /tickets/next HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    await leased.wait()
    writer.close()
    await writer.wait_closed()
    async with httpx.AsyncClient(base_url=url) as api:
        await api.get("/livez")  # the server's loop is this one: after a round trip it has seen the close as well
    gone.set()
    await asyncio.wait_for(released.wait(), 10)
    assert (await broker.listing.ticket("t")).status is Status.COMPLETED
