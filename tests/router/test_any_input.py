"""Never a 500, whatever comes."""

import json

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.router.posting import JSON, post
from tests.router.problems import assert_problem

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
