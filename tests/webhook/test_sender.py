"""Sending over real sockets to a server that behaves, misbehaves and goes away as Slack does."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from tests.fakes.slack import SECRET_PATH, FakeSlack, Reply
from tests.webhook.test_message import TICKET
from webhook import Delivered, InvalidWebhookUrl, LogSender, Refused, RetryLater, SlackSender, ticket_message

MESSAGE = ticket_message(TICKET)


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as shared:
        yield shared


@pytest.fixture
def sender(slack: FakeSlack, client: httpx.AsyncClient) -> SlackSender:
    return SlackSender(slack.url, client, timeout_s=5.0)


async def test_a_message_arrives_as_it_was_made(slack: FakeSlack, sender: SlackSender) -> None:
    assert await sender.send(MESSAGE) == Delivered()
    assert slack.delivered == [MESSAGE]
    assert slack.problems == []


@pytest.mark.parametrize("answer", ["ok", "", '{"ok": true}', "posted"])
async def test_every_way_to_say_yes(slack: FakeSlack, sender: SlackSender, answer: str) -> None:
    slack.script(Reply(200, answer))
    assert await sender.send(MESSAGE) == Delivered()


@pytest.mark.parametrize("answer", ["<!DOCTYPE html><p>Please log in", '{"ok": false, "error": "fatal"}'])
async def test_a_page_from_something_in_between_is_no_delivery(
    slack: FakeSlack, sender: SlackSender, answer: str
) -> None:
    slack.script(Reply(200, answer))
    result = await sender.send(MESSAGE)
    assert isinstance(result, RetryLater)
    assert result.reason == "HTTP 200, but not from Slack"


@pytest.mark.parametrize(
    ("headers", "least_s", "most_s"),
    [
        ({"Retry-After": "7"}, 7.0, 7.0),
        ({"Retry-After": "86400"}, 900.0, 900.0),
        ({"Retry-After": "-3"}, 1.0, 1.0),
        ({"Retry-After": "whenever"}, 2.0, 4.0),
        ({}, 2.0, 4.0),
    ],
)
async def test_too_many_is_tried_again_when_slack_says(
    slack: FakeSlack, sender: SlackSender, headers: dict[str, str], least_s: float, most_s: float
) -> None:
    slack.script(Reply(429, "rate_limited", headers))
    result = await sender.send(MESSAGE, attempt=3)
    assert isinstance(result, RetryLater)
    assert least_s <= result.after_s <= most_s
    assert result.reason == "HTTP 429: rate_limited"
    assert len(slack.received) == 1


async def test_retry_after_may_be_a_date(slack: FakeSlack, sender: SlackSender) -> None:
    slack.script(
        Reply(429, "", {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)})
    )
    result = await sender.send(MESSAGE)
    assert isinstance(result, RetryLater)
    assert 50.0 < result.after_s <= 60.0


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, "rollup_error"),
        Reply(503, ""),
        Reply(408),
        Reply(close=True),
        Reply(cut=True),
    ],
)
async def test_trouble_on_slacks_side_is_tried_again(slack: FakeSlack, sender: SlackSender, reply: Reply) -> None:
    slack.script(reply)
    assert isinstance(await sender.send(MESSAGE), RetryLater)
    assert await sender.send(MESSAGE) == Delivered()
    assert slack.delivered == [MESSAGE]


@pytest.mark.parametrize("reply", [Reply(hang=True), Reply(body="o" * 1_000, drip_s=0.02)])
async def test_a_slow_answer_is_given_up_in_time(slack: FakeSlack, client: httpx.AsyncClient, reply: Reply) -> None:
    slack.script(reply)
    started = time.monotonic()
    result = await SlackSender(slack.url, client, timeout_s=0.3).send(MESSAGE)
    assert time.monotonic() - started < 3.0
    assert isinstance(result, RetryLater)
    assert result.reason == "no answer within 0.3 s"


async def test_refused_connections_are_tried_again_and_slack_comes_back(slack: FakeSlack, sender: SlackSender) -> None:
    await asyncio.to_thread(slack.stop)
    result = await sender.send(MESSAGE)
    assert isinstance(result, RetryLater)
    assert result.reason == "connection failed (ConnectError)"
    slack.start()
    assert await sender.send(MESSAGE) == Delivered()


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (400, "invalid_payload"),
        (403, "invalid_token"),
        (403, "action_prohibited"),
        (404, "no_service"),
        (410, "channel_is_archived"),
    ],
)
async def test_a_no_is_final_and_says_why(slack: FakeSlack, sender: SlackSender, status: int, answer: str) -> None:
    slack.script(Reply(status, answer))
    assert await sender.send(MESSAGE) == Refused(f"HTTP {status}: {answer}")
    assert len(slack.received) == 1


async def test_refused_blocks_are_sent_once_as_plain_text(slack: FakeSlack, sender: SlackSender) -> None:
    slack.script(Reply(400, "invalid_blocks"))
    assert await sender.send(MESSAGE) == Delivered(plain_text=True)
    assert len(slack.received) == 2
    assert slack.delivered == [{key: value for key, value in MESSAGE.items() if key != "blocks"}]


async def test_refused_plain_text_is_not_tried_a_third_time(slack: FakeSlack, sender: SlackSender) -> None:
    slack.default = Reply(400, "invalid_blocks")
    assert await sender.send(MESSAGE) == Refused("HTTP 400: invalid_blocks")
    assert len(slack.received) == 2


async def test_a_redirect_is_not_followed_even_by_a_client_that_would(slack: FakeSlack, sender: SlackSender) -> None:
    slack.script(Reply(307, "", {"Location": slack.url}))
    assert isinstance(await sender.send(MESSAGE), Refused)
    assert len(slack.received) == 1


async def test_an_endless_answer_is_read_to_a_bound(slack: FakeSlack, sender: SlackSender) -> None:
    slack.script(Reply(404, "no_service " * 1_000_000))
    result = await sender.send(MESSAGE)
    assert isinstance(result, Refused)
    assert result.reason.startswith("HTTP 404: no_service")
    assert len(result.reason) < 250


async def test_a_compressed_answer_is_not_unpacked(slack: FakeSlack, sender: SlackSender) -> None:
    slack.script(Reply(200, "not really gzip", {"Content-Encoding": "gzip"}))
    assert await sender.send(MESSAGE) == Delivered()
    assert slack.received[0].headers["accept-encoding"] == "identity"


async def test_the_url_is_in_no_log_and_no_reason(
    slack: FakeSlack, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sender = SlackSender(slack.url, client, timeout_s=0.3)
    slack.script(
        Reply(),
        Reply(307, "", {"Location": slack.url}),
        Reply(404, f"no_service at {SECRET_PATH}"),
        Reply(400, "invalid_blocks"),
        Reply(),
        Reply(hang=True),
        Reply(close=True),
    )
    results = [await sender.send(MESSAGE) for _ in range(6)]
    await asyncio.to_thread(slack.stop)
    results.append(await sender.send(MESSAGE))
    assert [type(result) for result in results] == [
        Delivered, Refused, Refused, Delivered, RetryLater, RetryLater, RetryLater,
    ]  # fmt: skip
    assert "HTTP Request: POST [url]" in caplog.text  # the client did speak of it
    assert "fakefake" not in caplog.text + repr(results) + repr(sender)


def test_a_wrong_url_is_refused_at_once(client: httpx.AsyncClient) -> None:
    with pytest.raises(InvalidWebhookUrl, match="https"):
        SlackSender("http://hooks.slack.com/services/x", client)


async def test_being_cancelled_is_passed_on(slack: FakeSlack, sender: SlackSender) -> None:
    slack.script(Reply(hang=True))
    task = asyncio.create_task(sender.send(MESSAGE))
    assert await slack.arrived(1, timeout_s=5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_without_a_webhook_one_clean_line_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="webhook")
    message = {"text": "card 4111 1111 1111 1111\r\nERROR forged\x1b[31m \u202e&lt;b&gt; " + "x" * 1_000}
    assert await LogSender().send(message) == Delivered()
    (record,) = caplog.records
    line = record.getMessage()
    assert "card [card] ERROR forged[31m <b> xxx" in line
    assert line.isprintable()
    assert len(line) < 400
