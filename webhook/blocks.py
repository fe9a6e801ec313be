"""The few Block Kit pieces our messages are made of. Pure; texts come in escaped and cut, unless it says otherwise."""

import re
import shlex
from collections.abc import Sequence
from urllib.parse import quote

from webhook.escape import cut, escape, for_plain_text, one_line

Block = dict[str, object]
Message = dict[str, object]

HEADER_CHARS = 150  # Slack's limit
FALLBACK_CHARS = 1_000  # the notification; Slack shows far less of it
SEGMENT_CHARS = 200  # of a URL's path, percent-encoded: longer than any id the API accepts


def header(text: str) -> Block:
    """A heading of plain words, escaped and cut here."""
    return {"type": "header", "text": _plain(text, HEADER_CHARS)}


def words(text: str, limit: int) -> Block:
    """A section of somebody else's words, escaped and cut here: Slack formats nothing in it."""
    return {"type": "section", "text": _plain(text, limit)}


def section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def facts(lines: Sequence[str]) -> Block:
    """Two columns of at most ten short lines."""
    return {"type": "section", "fields": [_mrkdwn(line) for line in lines]}


def context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def command(method: str, api_url: str, path: str) -> str:
    """A curl command to copy; what varies in `path` has gone through `segment`."""
    verb = "-X POST " if method == "POST" else ""
    address = shlex.quote(one_line(api_url).replace("`", "").rstrip("/") + path)
    return f"```curl {verb}{escape(address)}```"


def segment(value: str) -> str:
    """Percent-encoded: an id or a name can't leave its place in the URL, nor in the shell command around it."""
    encoded = quote(one_line(value), safe="")
    return re.sub(r"%[0-9A-F]?$", "", encoded[:SEGMENT_CHARS])


def payload(text: str, blocks: Sequence[Block]) -> Message:
    """`text` is what the notification shows, and all there is if Slack refuses the blocks."""
    return {
        "text": cut(text, FALLBACK_CHARS),
        "blocks": list(blocks),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": for_plain_text(text, limit), "emoji": False}


def _mrkdwn(text: str) -> Block:
    # verbatim: addresses and names in the text are not turned into links and mentions.
    return {"type": "mrkdwn", "text": text, "verbatim": True}
