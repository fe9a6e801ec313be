"""Bad fields: a clear 422 that names each, and nothing changed."""

import json
from typing import Any

import httpx
import pytest

from router.metadata import METADATA_MAX_BYTES, METADATA_MAX_DEPTH
from router.text import BODY_MAX_CHARS, REQUESTER_MAX_CHARS, SUBJECT_MAX_CHARS
from tests.router.posting import JSON, post
from tests.router.problems import assert_problem


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "subject"),
        ({}, "body"),
        ({}, "description"),
        ({"subject": " \n\t", "body": "", "description": "\u2003"}, "body"),
        ({"subject": 5}, "subject"),
        ({"subject": None}, "subject"),
        ({"subject": "x", "body": ["x"]}, "body"),
        ({"subject": "x" * (SUBJECT_MAX_CHARS + 1)}, "subject"),
        ({"body": "x" * (BODY_MAX_CHARS + 1)}, "body"),
        ({"description": "x" * (BODY_MAX_CHARS + 1)}, "description"),
        ({"subject": "nul \x00"}, "subject"),
        ({"body": "bell \x07"}, "body"),
        ({"body": "escape \x1b[31m"}, "body"),
        ({"body": "c1 \x9b"}, "body"),
        ({"body": "delete \x7f"}, "body"),
        ({"description": "half \ud83d"}, "description"),
        ({"subject": "x", "requester": ""}, "requester"),
        ({"subject": "x", "requester": "r" * (REQUESTER_MAX_CHARS + 1)}, "requester"),
        ({"subject": "x", "requester": "a\x00"}, "requester"),
        ({"subject": "x", "ticket_id": ""}, "ticket_id"),
        ({"subject": "x", "ticket_id": "-a"}, "ticket_id"),
        ({"subject": "x", "ticket_id": "a/b"}, "ticket_id"),
        ({"subject": "x", "ticket_id": "a\n"}, "ticket_id"),
        ({"subject": "x", "ticket_id": "ä"}, "ticket_id"),
        ({"subject": "x", "ticket_id": "a" * 129}, "ticket_id"),
        ({"subject": "x", "ticket_id": "next"}, "ticket_id"),
        ({"subject": "x", "ticket_id": 7}, "ticket_id"),
        ({"subject": "x", "metadata": []}, "metadata"),
        ({"subject": "x", "metadata": "{}"}, "metadata"),
        ({"subject": "x", "metadata": {"a": "\x00"}}, "metadata"),
        ({"subject": "x", "metadata": {"a": {"\ud800": 1}}}, "metadata"),
        ({"subject": "x", "metadata": {"k" * 129: 1}}, "metadata"),
        ({"subject": "x", "metadata": {"big": 2**63}}, "metadata"),
        ({"subject": "x", "metadata": {"a": "x" * METADATA_MAX_BYTES}}, "metadata"),
        ({"subject": "x", "subjcet": "typo"}, "subjcet"),
        ({"subject": "x", "\ud800": "odd"}, "body"),
        ({"subject": "x", "n" * 5000: 1}, "n" * 100 + "..."),
    ],
)
@pytest.mark.usefixtures("unchanged")
async def test_each_bad_field_is_named(asgi: httpx.AsyncClient, sent: dict[str, Any], field: str) -> None:
    assert_problem(await post(asgi, json.dumps(sent)), 422, "invalid-request", field)


async def test_the_largest_of_everything_fits(asgi: httpx.AsyncClient) -> None:
    deep: Any = "bottom"
    for _ in range(METADATA_MAX_DEPTH - 1):
        deep = {"d": deep}
    sent = {
        "subject": "s" * SUBJECT_MAX_CHARS,
        "body": "b" * BODY_MAX_CHARS,
        "description": "d" * BODY_MAX_CHARS,
        "requester": "r" * REQUESTER_MAX_CHARS,
        "ticket_id": "a" * 128,
        "metadata": {"deep": deep, "big": 2**63 - 1, "k" * 128: "\r\n\t"},
    }
    assert (await post(asgi, json.dumps(sent))).status_code == 202
    shown = (await asgi.get("/tickets/" + "a" * 128)).json()
    assert {name: shown[name] for name in sent} == sent


@pytest.mark.usefixtures("unchanged")
async def test_metadata_one_level_too_deep_is_refused(asgi: httpx.AsyncClient) -> None:
    deep: Any = 1
    for _ in range(METADATA_MAX_DEPTH + 1):
        deep = [deep]
    sent = {"subject": "x", "metadata": {"d": deep}}
    assert_problem(await post(asgi, json.dumps(sent)), 422, "invalid-request", "metadata")


@pytest.mark.parametrize("number", ["1e999", "-1e999"])
@pytest.mark.usefixtures("unchanged")
async def test_a_number_beyond_a_double_is_refused(asgi: httpx.AsyncClient, number: str) -> None:
    answer = await post(asgi, '{"subject": "x", "metadata": {"n": ' + number + "}}")
    assert_problem(answer, 422, "invalid-request", "metadata")


@pytest.mark.usefixtures("unchanged")
async def test_thousands_of_unknown_fields_get_a_short_answer(asgi: httpx.AsyncClient) -> None:
    answer = await post(asgi, json.dumps({f"f{n}": n for n in range(10_000)}))
    assert_problem(answer, 422, "invalid-request")
    few = await post(asgi, json.dumps({f"f{n}": n for n in range(60)}))
    assert_problem(few, 422, "invalid-request", "f0")
    assert len(few.json()["errors"]) == 20


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "lease_token"),
        ({"lease_token": ""}, "lease_token"),
        ({"lease_token": 5}, "lease_token"),
        ({"lease_token": "t" * 201}, "lease_token"),
        ({"lease_token": "t", "token": "t"}, "token"),
        ({"lease_token": "t", "response": "\x00"}, "response"),
    ],
)
async def test_each_bad_lease_field_is_named(asgi: httpx.AsyncClient, sent: dict[str, Any], field: str) -> None:
    assert_problem(await post(asgi, json.dumps(sent), "/tickets/t/resolve"), 422, "invalid-request", field)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "skills"),
        ({"skills": {}}, "capacity"),
        ({"skills": {"A": 1.1}, "capacity": 1}, "skills.A"),
        ({"skills": {"A": -0.1}, "capacity": 1}, "skills.A"),
        ({"skills": {"A": "1"}, "capacity": 1}, "skills.A"),
        ({"skills": {"A": True}, "capacity": 1}, "skills.A"),
        ({"skills": {"": 1}, "capacity": 1}, "skills."),
        ({"skills": {"a\x00": 1}, "capacity": 1}, "skills.a\N{REPLACEMENT CHARACTER}"),
        ({"skills": [], "capacity": 1}, "skills"),
        ({"skills": {str(n): 1 for n in range(101)}, "capacity": 1}, "skills"),
        ({"skills": {}, "capacity": -1}, "capacity"),
        ({"skills": {}, "capacity": 1001}, "capacity"),
        ({"skills": {}, "capacity": 1.5}, "capacity"),
        ({"skills": {}, "capacity": "5"}, "capacity"),
        ({"skills": {}, "capacity": 5, "status": "asleep"}, "status"),
        ({"skills": {}, "capacity": 5, "name": "Ann"}, "name"),
    ],
)
async def test_each_bad_agent_field_is_named(asgi: httpx.AsyncClient, sent: dict[str, Any], field: str) -> None:
    answer = await asgi.put("/agents/Ann", content=json.dumps(sent), headers=JSON)
    assert_problem(answer, 422, "invalid-request", field)
    assert (await asgi.get("/agents")).json() == {"items": []}


@pytest.mark.parametrize("name", ["%20a", "-a", "a%0Ab", "%00", "a" * 65])
async def test_a_bad_agent_name_is_named(asgi: httpx.AsyncClient, name: str) -> None:
    assert_problem(await asgi.get(f"/agents/{name}"), 422, "invalid-request", "name")
