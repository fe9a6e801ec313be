"""Many tickets in one request: each line stands or falls by itself."""

import json

import httpx
import pytest

from broker import Broker
from router.app import create_app
from router.bulk import BULK_MAX_BYTES, LINES_MAX
from router.config import RouterConfig
from tests.redis_server import RedisServer
from tests.router.conftest import Serve
from tests.router.problems import assert_problem

NDJSON = {"Content-Type": "application/x-ndjson"}


async def bulk(api: httpx.AsyncClient, *lines: object) -> httpx.Response:
    """Bytes as they are, anything else as JSON."""
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return await api.post("/tickets/bulk", content=b"\n".join(raw), headers=NDJSON)


async def accepted(broker: Broker) -> int:
    return (await broker.stats.snapshot()).conservation["accepted"]


async def test_each_line_has_its_result_in_order(asgi: httpx.AsyncClient, broker: Broker) -> None:
    await asgi.post("/tickets", json={"ticket_id": "taken", "subject": "first"})
    answer = await bulk(
        asgi,
        {"ticket_id": "a", "subject": "one", "metadata": {"n": 1}},
        b"",
        b"{not json",
        {"subject": "bell \x07"},
        b" \t\r",
        {"ticket_id": "taken", "subject": "other"},
        b'{"ticket_id": "b", "subject": "windows line"}\r',
        {"subject": "no id"},
        [],
        {"ticket_id": "a", "subject": "one", "metadata": {"n": 1}},
        b"\xff",
        b"",
    )
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    told = answer.json()
    assert list(told) == ["accepted", "rejected", "results"]
    assert (told["accepted"], told["rejected"]) == (4, 5)
    assert [one["line"] for one in told["results"]] == [1, 3, 4, 6, 7, 8, 9, 10, 11]
    by_line = {one["line"]: one for one in told["results"]}
    assert by_line[1] == by_line[10] | {"line": 1} == {"line": 1, "ticket_id": "a", "status": "accepted"}
    assert by_line[7] == {"line": 7, "ticket_id": "b", "status": "accepted"}
    kinds = {
        line: one["problem"]["type"].removeprefix("/problems/") for line, one in by_line.items() if "problem" in one
    }
    assert kinds == {
        3: "invalid-json",
        4: "invalid-request",
        6: "ticket-exists",
        9: "invalid-request",
        11: "invalid-json",
    }
    assert by_line[4]["problem"]["errors"][0]["field"] == "subject"
    assert all({"type", "title", "status", "detail"} <= set(by_line[line]["problem"]) for line in kinds)
    assert (await asgi.get("/tickets/a")).json()["metadata"] == {"n": 1}
    assert (await asgi.get(f"/tickets/{by_line[8]['ticket_id']}")).json()["subject"] == "no id"
    assert await accepted(broker) == 4, "the one before, and three new ones"


async def test_a_thousand_lines_go_and_one_more_takes_nothing(api: httpx.AsyncClient, broker: Broker) -> None:
    lines = [{"subject": f"ticket {n}"} for n in range(LINES_MAX)]
    assert_problem(await bulk(api, *lines, {"subject": "too many"}), 422, "invalid-request", "body")
    assert await accepted(broker) == 0
    told = (await bulk(api, *lines)).json()
    assert (told["accepted"], told["rejected"], len(told["results"])) == (LINES_MAX, 0, LINES_MAX)
    assert await accepted(broker) == LINES_MAX


@pytest.mark.parametrize("raw", [b"", b"\n", b" \n\r\n\t\n"])
async def test_a_body_without_a_ticket_is_refused(asgi: httpx.AsyncClient, raw: bytes) -> None:
    answer = await asgi.post("/tickets/bulk", content=raw, headers=NDJSON)
    assert_problem(answer, 422, "invalid-request", "body")


@pytest.mark.parametrize(
    "content_type", [None, "application/json", "text/plain", "application/x-ndjson; charset=latin-1"]
)
async def test_it_must_say_that_it_is_ndjson(asgi: httpx.AsyncClient, broker: Broker, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = await asgi.post("/tickets/bulk", content=b'{"subject": "x"}\n', headers=headers)
    assert_problem(answer, 415, "unsupported-media-type", "Content-Type")
    assert await accepted(broker) == 0


async def test_the_body_has_a_limit_of_its_own_and_a_line_that_of_a_ticket(broker: Broker, serve: Serve) -> None:
    config = RouterConfig(max_body_bytes=1024)
    async with httpx.AsyncClient(base_url=await serve(broker, config), timeout=40) as api:
        told = (await bulk(api, *({"body": "x" * 900} for _ in range(50)), {"body": "x" * 1024})).json()
        assert (told["accepted"], told["rejected"]) == (50, 1)
        assert told["results"][-1]["problem"]["type"] == "/problems/body-too-large"
        assert_problem(await bulk(api, b"\n" * (BULK_MAX_BYTES + 1)), 413, "body-too-large", "body")
        assert_problem(await bulk(api, b"\n" * BULK_MAX_BYTES), 422, "invalid-request", "body")


async def test_a_backlog_that_fills_in_the_middle_refuses_the_rest(redis_url: str, namespace: str) -> None:
    broker = await Broker.open(redis_url, namespace=namespace, max_backlog=2)
    async with httpx.AsyncClient(base_url="http://api", transport=httpx.ASGITransport(create_app(broker))) as api:
        told = (await bulk(api, *({"subject": str(n)} for n in range(4)))).json()
        assert (told["accepted"], told["rejected"]) == (2, 2)
        assert told["results"][3]["problem"]["type"] == "/problems/backlog-full"
        full = await bulk(api, {"subject": "one more"})
        assert_problem(full, 503, "backlog-full")
    await broker.close()


async def test_without_redis_the_whole_is_a_503(own_redis: RedisServer) -> None:
    broker = await Broker.open(own_redis.url)
    own_redis.kill()
    async with httpx.AsyncClient(
        base_url="http://api", transport=httpx.ASGITransport(create_app(broker)), timeout=30
    ) as api:
        assert_problem(await bulk(api, {"subject": "x"}, b"bad"), 503, "unavailable")
    await broker.close()
