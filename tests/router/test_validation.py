"""Bad input: a clear 4xx that names the field, and nothing changed. Never a 500, whatever JSON comes."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker import Broker
from router.app import create_app
from router.metadata import METADATA_MAX_BYTES, METADATA_MAX_DEPTH
from router.text import BODY_MAX_CHARS, REQUESTER_MAX_CHARS, SUBJECT_MAX_CHARS
from tests.router.problems import assert_problem

JSON = {"Content-Type": "application/json"}


async def post(asgi: httpx.AsyncClient, raw: bytes | str, path: str = "/tickets") -> httpx.Response:
    return await asgi.post(path, content=raw, headers=JSON)


@pytest.fixture
async def unchanged(broker: Broker) -> AsyncIterator[None]:
    """After the test nothing was accepted."""
    yield
    assert (await broker.stats.snapshot()).conservation["accepted"] == 0


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


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b'{"subject": "x",\n  oops}', "line 2 column 3"),
        (b"", "line 1 column 1"),
        (b"not json", "line 1 column 1"),
        (b'{"subject": "x"} {}', "column 18"),
        (b'{"subject": "a\nb"}', "column 15"),
        (b'{"subject": "x", "subject": "y"}', "'subject' stands twice"),
        (b'{"subject": "x", "metadata": {"a": {"b": 1, "b": 2}}}', "'b' stands twice"),
        (b'{"subject": "x", "metadata": {"a": NaN}}', "NaN"),
        (b'{"subject": "x", "metadata": {"a": -Infinity}}', "-Infinity"),
        (b"[" * 100_000, "nests too deep"),
        (b'{"a":' * 40_000, "nests too deep"),
        (b'{"subject": "x", "metadata": {"a": ' + b"9" * 5_000 + b"}}", "digits"),
        (b'{"subject": "\xff"}', "not UTF-8"),
        (b'\xef\xbb\xbf{"subject": "x"}', "BOM"),
        ('{"subject": "x"}'.encode("utf-16"), "not UTF-8"),
    ],
)
@pytest.mark.usefixtures("unchanged")
async def test_broken_json_is_a_400_that_says_where(asgi: httpx.AsyncClient, raw: bytes, says: str) -> None:
    answer = await post(asgi, raw)
    assert_problem(answer, 400, "invalid-json")
    assert says in answer.json()["detail"]


@pytest.mark.parametrize("raw", ["[]", "null", '"text"', "7", "true"])
@pytest.mark.usefixtures("unchanged")
async def test_json_that_is_no_object_is_refused(asgi: httpx.AsyncClient, raw: str) -> None:
    assert_problem(await post(asgi, raw), 422, "invalid-request", "body")


@pytest.mark.usefixtures("unchanged")
async def test_thousands_of_unknown_fields_get_a_short_answer(asgi: httpx.AsyncClient) -> None:
    answer = await post(asgi, json.dumps({f"f{n}": n for n in range(10_000)}))
    assert_problem(answer, 422, "invalid-request")
    few = await post(asgi, json.dumps({f"f{n}": n for n in range(60)}))
    assert_problem(few, 422, "invalid-request", "f0")
    assert len(few.json()["errors"]) == 20


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "json", ""],
)
@pytest.mark.usefixtures("unchanged")
async def test_another_content_type_is_a_415(asgi: httpx.AsyncClient, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = await asgi.post("/tickets", content=b'{"subject": "x"}', headers=headers)
    assert_problem(answer, 415, "unsupported-media-type", "Content-Type")


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"', "application/x+json"],
)
async def test_json_under_each_of_its_names_is_taken(asgi: httpx.AsyncClient, content_type: str) -> None:
    answer = await asgi.post("/tickets", content=b'{"subject": "x"}', headers={"Content-Type": content_type})
    assert answer.status_code == 202


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


# Any JSON at all, with the real field names often enough to get past the first door.
NAMES = st.sampled_from(
    [
        "subject",
        "body",
        "description",
        "ticket_id",
        "requester",
        "metadata",
        "lease_token",
        "skills",
        "category",
        "urgency_score",
        "urgency_label",
        "response",
        "reason",
        "until",
        "seconds",
        "name",
        "email",
    ]
)
TEXT = st.text(st.characters(), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXT, inner, max_size=6), max_leaves=12
)
CALLS = st.sampled_from(
    [
        ("POST", "/tickets"),
        ("POST", "/tickets/t/resolve"),
        ("POST", "/tickets/t/release"),
        ("POST", "/tickets/t/extend"),
        ("PATCH", "/tickets/t"),
        ("POST", "/tickets/t/skip"),
        ("POST", "/tickets/t/snooze"),
        ("POST", "/users"),
        ("POST", "/incidents/INC-1/silence"),
        ("PUT", "/agents/Ann"),
        ("POST", "/agents/Ann/heartbeat"),
    ]
)
ALLOWED = {200, 201, 202, 400, 404, 409, 422}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=CALLS, value=st.dictionaries(NAMES | TEXT, ANYTHING, max_size=6) | ANYTHING)
async def test_no_json_ever_gives_a_500(asgi: httpx.AsyncClient, call: tuple[str, str], value: object) -> None:
    """`json.dumps` writes NaN and lone surrogates as well, so the refusals are reached from here."""
    answer = await asgi.request(*call, content=json.dumps(value), headers=JSON)
    assert answer.status_code in ALLOWED, answer.text
    if answer.status_code >= 400:
        assert_problem(answer, answer.status_code, answer.json()["type"].removeprefix("/problems/"))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=CALLS, raw=st.binary(max_size=60))
async def test_no_bytes_ever_give_a_500(asgi: httpx.AsyncClient, call: tuple[str, str], raw: bytes) -> None:
    answer = await asgi.request(*call, content=raw, headers=JSON)
    assert answer.status_code in ALLOWED, answer.text


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip))
async def test_any_text_that_is_accepted_comes_back_as_it_was(asgi: httpx.AsyncClient, text: str) -> None:
    accepted = await post(asgi, json.dumps({"body": text, "metadata": {"copy": [text]}}))
    assert accepted.status_code == 202
    shown = (await asgi.get(accepted.json()["status_url"])).json()
    assert (shown["body"], shown["metadata"]) == (text, {"copy": [text]})


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["/queue", "/tickets", "/tickets/next", "/users", "/incidents", "/agents", "/stats"]),
    pairs=st.lists(
        st.tuples(st.sampled_from(["limit", "cursor", "agent", "status", "category", "email", "x"]) | TEXT, TEXT),
        max_size=4,
    ),
)
async def test_no_query_ever_gives_a_500(asgi: httpx.AsyncClient, path: str, pairs: list[tuple[str, str]]) -> None:
    query = [(name.encode("utf-8", "replace"), value.encode("utf-8", "replace")) for name, value in pairs]
    answer = await asgi.get(path, params=httpx.QueryParams([(n.decode(), v.decode()) for n, v in query]))
    assert answer.status_code in {200, 404, 422}, answer.text


def test_the_application_can_be_made_twice(broker: Broker) -> None:
    """Metrics live in a registry of the application's own: a second one must not collide with the first."""
    assert create_app(broker) is not create_app(broker)
