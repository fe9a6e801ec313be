"""The sender that the settings ask for, with its HTTP client, opened and closed as one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from webhook.delivery import Sender
from webhook.sender import LogSender, SlackSender


@asynccontextmanager
async def open_sender(url: str | None) -> AsyncIterator[Sender]:
    """Slack if there is a `url`, else the log. Raises InvalidWebhookUrl."""
    if url is None:
        yield LogSender()
        return
    # trust_env off: a proxy variable of the machine must not carry the secret URL somewhere else unasked.
    async with httpx.AsyncClient(trust_env=False) as client:
        yield SlackSender(url, client)
