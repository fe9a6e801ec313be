"""The stand-in itself: it must refuse what Slack refuses, or the other tests prove nothing."""

import threading
from typing import Any

import httpx
import pytest

from tests.fakes.slack import FakeSlack, Reply
from tests.fakes.slack_rules import control_sequences

HEADER: dict[str, Any] = {"type": "header", "text": {"type": "plain_text", "text": "x" * 150}}
SECTION: dict[str, Any] = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_000}}


def blocks(*given: Any) -> dict[str, Any]:
    return {"text": "t", "blocks": list(given)}


@pytest.mark.parametrize(
    ("payload", "status", "answer"),
    [
        ({"text": "hello"}, 200, "ok"),
        (blocks(HEADER, *[SECTION] * 4), 200, "ok"),
        ([], 400, "invalid_payload"),
        ({"text": 5}, 400, "invalid_payload"),
        ({}, 400, "no_text"),
        (blocks(), 400, "invalid_blocks"),
        (blocks({"type": "hedgehog"}), 400, "invalid_blocks"),
        (blocks({"type": "section"}), 400, "invalid_blocks"),
        (blocks({"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}), 400, "invalid_blocks"),
        (blocks({"type": "header", "text": {"type": "plain_text", "text": "😀" * 76}}), 400, "invalid_blocks"),
        (blocks({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}), 400, "invalid_blocks"),
        (blocks({"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}), 400, "invalid_blocks"),
        (blocks({"type": "section", "text": {"type": "plain_text", "text": " "}}), 400, "invalid_blocks"),
        (blocks({"type": "context", "elements": []}), 400, "invalid_blocks"),
        (blocks(*[{"type": "divider"}] * 51), 400, "invalid_blocks"),
        (blocks(*[SECTION] * 5), 400, "msg_blocks_too_long"),
    ],
)
def test_it_judges_payloads_as_slack_does(payload: Any, status: int, answer: str) -> None:
    with FakeSlack() as slack:
        response = httpx.post(slack.url, json=payload, trust_env=False)
        assert (response.status_code, response.text) == (status, answer)
        assert len(slack.problems) == (status != 200)
        assert len(slack.delivered) == (status == 200)


def test_it_knows_one_path_and_takes_only_json() -> None:
    with FakeSlack() as slack:
        assert httpx.post(slack.url + "x", json={"text": "a"}, trust_env=False).text == "no_service"
        assert httpx.post(slack.url, content=b'{"text": "a"}', trust_env=False).text == "invalid_payload"
        assert slack.delivered == []


def test_waiting_ends_when_the_request_comes_and_when_time_is_up() -> None:
    with FakeSlack() as slack:
        slack.script(Reply(delay_s=0.01))
        assert not slack.wait_for(1, timeout_s=0.01)
        poster = threading.Thread(
            target=httpx.post, args=(slack.url,), kwargs={"json": {"text": "a"}, "trust_env": False}
        )
        poster.start()
        assert slack.wait_delivered(1, timeout_s=10)
        poster.join()
        assert slack.bodies == [{"text": "a"}]


def test_closing_lets_go_of_a_hung_request_and_frees_the_port() -> None:
    slack = FakeSlack()
    slack.script(Reply(hang=True))
    failures: list[str] = []

    def post() -> None:
        try:
            httpx.post(slack.url, json={"text": "a"}, trust_env=False, timeout=30)
        except httpx.TransportError as error:
            failures.append(type(error).__name__)

    poster = threading.Thread(target=post)
    poster.start()
    assert slack.wait_for(1, timeout_s=10)
    slack.stop()
    slack.stop()
    poster.join(timeout=10)
    assert len(failures) == 1
    with pytest.raises(httpx.ConnectError):
        httpx.post(slack.url, json={"text": "a"}, trust_env=False)


def test_it_finds_pings_and_links_but_not_dates() -> None:
    payload = blocks(
        {"type": "section", "text": {"type": "mrkdwn", "text": "<!here> <@U1> <!date^1^{time}|then> &lt;#C1&gt;"}}
    )
    assert control_sequences(payload) == ["<!here>", "<@U1>"]
