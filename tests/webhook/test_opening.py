"""The sender an entry point opens."""

import pytest

from tests.fakes.slack import FakeSlack
from tests.webhook.test_message import TICKET
from webhook import Delivered, InvalidWebhookUrl, LogSender, ticket_message
from webhook.opening import open_sender


async def test_with_a_url_messages_go_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with FakeSlack() as slack:
        async with open_sender(slack.url) as sender:
            assert await sender.send(ticket_message(TICKET)) == Delivered()
        assert len(slack.delivered) == 1


async def test_without_one_they_are_logged() -> None:
    async with open_sender(None) as sender:
        assert isinstance(sender, LogSender)


async def test_a_wrong_url_is_said_before_anything_is_sent() -> None:
    with pytest.raises(InvalidWebhookUrl):
        async with open_sender("http://hooks.slack.com/services/x"):
            pass
