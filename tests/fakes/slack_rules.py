"""What Slack's incoming webhooks refuse, and the plain-text error they refuse it with. Pure."""

import re
from collections.abc import Iterator

TEXT_CHARS = 3_000
FIELD_CHARS = 2_000
HEADER_CHARS = 150
BLOCKS = 50
TOTAL_CHARS = 13_200
# What Slack acts on inside a text: mentions, channels, special commands, links. Dates are text alone.
_CONTROL_SEQUENCE = re.compile(r"<(?!!date\^)[^<>]*>")
_BLOCK_TYPES = frozenset({"header", "section", "context", "divider"})


def problem(payload: object) -> tuple[str, str] | None:
    """(the error Slack answers, where it is), or None for a payload that Slack takes."""
    if not isinstance(payload, dict):
        return "invalid_payload", "the body is not a JSON object"
    text, blocks = payload.get("text"), payload.get("blocks")
    if text is not None and not isinstance(text, str):
        return "invalid_payload", "text is not a string"
    if not text and not blocks:
        return "no_text", "neither text nor blocks"
    if blocks is None:
        return None
    if not isinstance(blocks, list) or not blocks or len(blocks) > BLOCKS:
        return "invalid_blocks", f"blocks is not a list of 1 to {BLOCKS}"
    for index, block in enumerate(blocks):
        if where := _block_problem(block):
            return "invalid_blocks", f"blocks[{index}]: {where}"
    total = sum(_length(text) for text in texts({"blocks": blocks}))
    return ("msg_blocks_too_long", f"{total} characters over all blocks") if total > TOTAL_CHARS else None


def texts(payload: object) -> Iterator[str]:
    """Every text in a payload, blocks and notification alike."""
    if isinstance(payload, dict):
        for key, value in payload.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from texts(value)
    elif isinstance(payload, list):
        for item in payload:
            yield from texts(item)


def control_sequences(payload: object) -> list[str]:
    """What in a payload would ping somebody or become a link: <!channel>, <@U1>, <#C1>, <https://...|text>."""
    return [found for text in texts(payload) for found in _CONTROL_SEQUENCE.findall(text)]


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def _block_problem(block: object) -> str | None:
    if not isinstance(block, dict) or block.get("type") not in _BLOCK_TYPES:
        return "not a block of a known type"
    match block["type"]:
        case "header":
            return _text_problem(block.get("text"), HEADER_CHARS, only="plain_text")
        case "section":
            return _section_problem(block)
        case "context":
            elements = block.get("elements")
            if not isinstance(elements, list) or not 1 <= len(elements) <= 10:
                return "elements is not a list of 1 to 10"
            return next((where for element in elements if (where := _text_problem(element, TEXT_CHARS))), None)
    return None


def _section_problem(block: dict[str, object]) -> str | None:
    text, fields = block.get("text"), block.get("fields")
    if text is None and fields is None:
        return "a section with neither text nor fields"
    if text is not None and (where := _text_problem(text, TEXT_CHARS)):
        return where
    if fields is None:
        return None
    if not isinstance(fields, list) or not 1 <= len(fields) <= 10:
        return "fields is not a list of 1 to 10"
    return next((where for field in fields if (where := _text_problem(field, FIELD_CHARS))), None)


def _text_problem(value: object, limit: int, *, only: str | None = None) -> str | None:
    if not isinstance(value, dict) or value.get("type") not in ("plain_text", "mrkdwn"):
        return "not a text object"
    if only is not None and value["type"] != only:
        return f"must be {only}"
    allowed = {"type", "text", "emoji"} if value["type"] == "plain_text" else {"type", "text", "verbatim"}
    if unknown := sorted(set(value) - allowed):
        return f"{value['type']} takes no {unknown[0]}"
    text = value.get("text")
    if not isinstance(text, str) or not text.strip():
        return "empty text"
    if _length(text) > limit:
        return f"{_length(text)} characters, {limit} are allowed"
    return None
