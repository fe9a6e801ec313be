"""Agents over HTTP."""

import httpx

from tests.router.problems import assert_problem

ANN = {"skills": {"Technical": 0.9, "Billing": 0}, "capacity": 5}


async def test_an_agent_is_made_changed_listed_and_removed(asgi: httpx.AsyncClient) -> None:
    made = await asgi.put("/agents/Ann", json=ANN)
    assert (made.status_code, made.headers["Location"]) == (201, "/agents/Ann")
    agent = made.json()
    assert list(agent) == ["name", "skills", "capacity", "status", "load", "last_seen_at"]
    assert (agent["name"], agent["skills"], agent["capacity"]) == ("Ann", ANN["skills"], 5)
    assert (agent["status"], agent["load"]) == ("online", 0)

    changed = await asgi.put("/agents/Ann", json=ANN | {"capacity": 2, "status": "away"})
    assert (changed.status_code, changed.json()["capacity"], changed.json()["status"]) == (200, 2, "away")
    assert (await asgi.get("/agents/Ann")).json() == changed.json()
    assert (await asgi.get("/agents")).json() == {"items": [changed.json()]}

    gone = await asgi.delete("/agents/Ann")
    assert (gone.status_code, gone.content) == (204, b"")
    assert_problem(await asgi.get("/agents/Ann"), 404, "not-found")
    assert_problem(await asgi.delete("/agents/Ann"), 404, "not-found")
    assert (await asgi.get("/agents")).json() == {"items": []}


async def test_a_heartbeat_says_what_the_agent_is_and_by_default_online(asgi: httpx.AsyncClient) -> None:
    await asgi.put("/agents/Ann", json=ANN | {"status": "offline"})
    assert (await asgi.post("/agents/Ann/heartbeat", json={"status": "away"})).json()["status"] == "away"
    back = await asgi.post("/agents/Ann/heartbeat")
    assert (back.status_code, back.json()["status"]) == (200, "online")
    assert back.json()["last_seen_at"].endswith("Z")
    assert_problem(await asgi.post("/agents/Nobody/heartbeat"), 404, "not-found")
    assert_problem(await asgi.post("/agents/Ann/heartbeat", json={"status": "?"}), 422, "invalid-request", "status")


async def test_a_name_in_any_script_survives_the_url(asgi: httpx.AsyncClient) -> None:
    made = await asgi.put("/agents/Zoë O'Brien-李", json=ANN)
    assert made.status_code == 201
    assert made.json()["name"] == "Zoë O'Brien-李"
    assert (await asgi.get(made.headers["Location"])).json()["name"] == "Zoë O'Brien-李"
