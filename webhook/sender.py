"""How a message is sent: to Slack's incoming webhook, or to the log where there is none."""

import asyncio
import html
import json
import logging
import random
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx

from webhook.address import hide_from_logs, webhook_url
from webhook.delivery import Delivered, Delivery, Refused, RetryLater
from webhook.escape import one_line
from webhook.masking import mask
from webhook.retry import backoff_s, retry_after_s

logger = logging.getLogger("webhook")

TIMEOUT_S = 10.0  # for the whole exchange, so that a server dripping bytes can't hold the sender
ANSWER_BYTES = 4_096  # Slack answers in a few words; a proxy's error page may be endless
REASON_CHARS = 200
LOGGED_CHARS = 300
# 408 and 425 say "the same request may succeed later"; 429 says when.
_LATER = frozenset({408, 425, 429})
_BLOCKS_REFUSED = ("invalid_blocks", "msg_blocks_too_long")


class SlackSender:
    """Posts to one incoming webhook. The URL is a secret: it is in no log line, no exception and no reason.

    Raises InvalidWebhookUrl unless `url` is https, or http to this machine. `client` is the caller's to close; its own
    time-outs and its own opinion of redirects do not apply.
    """

    def __init__(self, url: str, client: httpx.AsyncClient, timeout_s: float = TIMEOUT_S) -> None:
        self._url = webhook_url(url)
        self._client = client
        self._timeout_s = timeout_s
        hide_from_logs(self._url)

    async def send(self, message: Mapping[str, object], *, attempt: int = 1) -> Delivery:
        """One delivery. If Slack refuses the blocks, the same alert follows at once as plain text, a single time."""
        result = await self._post(message, attempt)
        if isinstance(result, Refused) and "blocks" in message and _blocks_refused(result.reason):
            logger.warning("Slack refused the blocks of a message (%s); sending its plain text", result.reason)
            plain = {key: value for key, value in message.items() if key != "blocks"}
            result = await self._post(plain, attempt)
            if isinstance(result, Delivered):
                return Delivered(plain_text=True)
        return result

    async def _post(self, message: Mapping[str, object], attempt: int) -> Delivery:
        wait_s = backoff_s(attempt, jitter=random.random())
        try:
            async with asyncio.timeout(self._timeout_s):
                status, retry_after, answer = await self._exchange(json.dumps(message).encode())
        except TimeoutError:
            return RetryLater(wait_s, f"no answer within {self._timeout_s:g} s")
        except httpx.HTTPError as error:
            # The kind alone: the message may name the address, and the exception holds the request.
            return RetryLater(wait_s, f"connection failed ({type(error).__name__})")
        asked_s = retry_after_s(retry_after, now=datetime.now(UTC))
        reason = f"HTTP {status}: {answer}" if answer else f"HTTP {status}"
        if 200 <= status < 300 and _is_yes(answer):
            return Delivered()
        if status in _LATER or status >= 500:
            return RetryLater(wait_s if asked_s is None else asked_s, reason)
        if 200 <= status < 300:
            # A log-in page or a proxy in between: Slack itself never answers so, and may be reachable again later.
            return RetryLater(wait_s, f"HTTP {status}, but not from Slack")
        if 300 <= status < 400:
            return Refused(f"HTTP {status}: a redirect, which is not followed")
        return Refused(reason)

    async def _exchange(self, body: bytes) -> tuple[int, str | None, str]:
        """Status, Retry-After, and the first line of at most ANSWER_BYTES of the answer."""
        request = self._client.build_request(
            "POST",
            self._url,
            content=body,
            # identity, and raw bytes below: an answer that unpacks to gigabytes is never unpacked.
            headers={"Content-Type": "application/json; charset=utf-8", "Accept-Encoding": "identity"},
            timeout=self._timeout_s,
        )
        response = await self._client.send(request, stream=True, follow_redirects=False, auth=None)
        try:
            received = b""
            async for chunk in response.aiter_raw():
                received += chunk
                if len(received) >= ANSWER_BYTES:
                    break
        finally:
            await response.aclose()
        return response.status_code, response.headers.get("Retry-After"), self._readable(received[:ANSWER_BYTES])

    def _readable(self, answer: bytes) -> str:
        text = one_line(answer.decode("utf-8", errors="replace"))
        secret = self._url.path.strip("/")
        if secret:
            text = text.replace(secret, "[url]")
        return text[:REASON_CHARS]


class LogSender:
    """Stands in where no webhook is set: one line in the log instead, masked and without control characters."""

    async def send(self, message: Mapping[str, object], *, attempt: int = 1) -> Delivery:
        text = mask(one_line(html.unescape(str(message.get("text", "")))))
        logger.info("Slack is off (SLACK_WEBHOOK_URL is not set). Would have sent: %s", text[:LOGGED_CHARS])
        return Delivered()


def _blocks_refused(reason: str) -> bool:
    return reason.startswith("HTTP 400: ") and any(code in reason for code in _BLOCKS_REFUSED)


def _is_yes(answer: str) -> bool:
    """Slack says "ok", a workflow {"ok":true}, look-alikes say other things; a web page or {"ok":false} is a no."""
    compact = answer.replace(" ", "").lower()
    return not compact.startswith("<") and '"ok":false' not in compact
