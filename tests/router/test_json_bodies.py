"""Bodies that are no JSON object, or do not say that they are one: refused with the place, and nothing changed."""

import httpx
import pytest

from tests.router.posting import post
from tests.router.problems import assert_problem


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
