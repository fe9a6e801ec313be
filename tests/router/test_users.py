"""Requesters over HTTP."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.router.problems import assert_problem

ANA = {"name": "Ana Lima", "email": "Ana@example.com"}


async def test_a_user_is_made_once_and_found_again(asgi: httpx.AsyncClient) -> None:
    made = await asgi.post("/users", json=ANA)
    assert made.status_code == 201
    user = made.json()
    assert list(user) == ["user_id", "name", "email", "created_at"]
    assert {name: user[name] for name in ANA} == ANA
    assert user["created_at"].endswith("Z")
    assert made.headers["Location"] == f"/users/{user['user_id']}"
    assert (await asgi.get(made.headers["Location"])).json() == user
    assert (await asgi.get("/users?email=ana@EXAMPLE.com")).json() == {"items": [user], "cursor": None}
    assert (await asgi.get("/users")).json() == {"items": [user], "cursor": None}
    assert_problem(await asgi.post("/users", json=ANA | {"email": "ANA@example.com"}), 409, "email-taken", "email")
    assert (await asgi.get("/users")).json()["items"] == [user]


async def test_two_at_once_with_one_email_make_one_user(asgi: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(asgi.post("/users", json=ANA) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_whoever_is_not_there(asgi: httpx.AsyncClient) -> None:
    assert_problem(await asgi.get("/users/nobody"), 404, "not-found")
    assert_problem(await asgi.get("/users/%00"), 422, "invalid-request", "user_id")
    assert (await asgi.get("/users?email=nobody@example.com")).json() == {"items": [], "cursor": None}


async def test_users_come_in_pages_newest_first(asgi: httpx.AsyncClient) -> None:
    made = [(await asgi.post("/users", json=ANA | {"email": f"u{n}@x"})).json()["user_id"] for n in range(5)]
    first = (await asgi.get("/users?limit=3")).json()
    second = (await asgi.get("/users", params={"limit": 3, "cursor": first["cursor"]})).json()
    assert [user["user_id"] for user in first["items"] + second["items"]] == made[::-1]
    assert second["cursor"] is None
    assert_problem(await asgi.get("/users?cursor=rubbish"), 422, "invalid-request", "cursor")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "n" * 201}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"name": None}, "name"),
        ({"email": ""}, "email"),
        ({"email": "ana"}, "email"),
        ({"email": "@example.com"}, "email"),
        ({"email": "ana@"}, "email"),
        ({"email": "a@b@c"}, "email"),
        ({"email": "a na@example.com"}, "email"),
        ({"email": "ana@example.com\n"}, "email"),
        ({"email": "\x00@x"}, "email"),
        ({"email": "e" * 250 + "@x.de"}, "email"),
        ({"user_id": "mine"}, "user_id"),
    ],
)
async def test_each_bad_field_of_a_user_is_named(asgi: httpx.AsyncClient, sent: dict[str, Any], field: str) -> None:
    assert_problem(await asgi.post("/users", json=ANA | sent), 422, "invalid-request", field)
    assert (await asgi.get("/users")).json()["items"] == []
