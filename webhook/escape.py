"""Customer text made harmless for Slack: clean, neutralise, escape once, then cut. Pure.

The order matters. Cleaning comes before masking, or an invisible character inside a card number hides it. Escaping
comes before cutting, because Slack counts the escaped text; the cut then falls between entities, never inside one.
"""

import re
import unicodedata

ELLIPSIS = "…"
_LINE_BREAKS = re.compile("\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_UNUSUAL = re.compile(r"[^\n -~]")
# Letters that draw nothing, though Unicode does not class them as format characters: blanks made to look like no text.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_ENTITY_OR_CHARACTER = re.compile(r"&(?:amp|lt|gt);|.", re.DOTALL)
# Slack starts and ends formatting only at a word's edge, so error_code_42 stays as it is and *bold* does not.
_FORMAT_AT_WORD_EDGE = re.compile(r"(?<![A-Za-z0-9])[*_~]|[*_~](?![A-Za-z0-9])")
_LOOK_ALIKE = {"*": "∗", "_": "ˍ", "~": "∼"}
# A customer's :white_check_mark: must not look like ours; 10:30:45 holds no letter and stays.
_EMOJI_NAME = re.compile(r":(?=[0-9_+'-]*[A-Za-z])([\w+'-]+):", re.ASCII)


def clean(text: str) -> str:
    """Control, bidirectional, zero-width and other invisible characters gone; lone surrogates replaced; lines kept."""
    return _UNUSUAL.sub(lambda match: _visible(match[0]), _LINE_BREAKS.sub("\n", text))


def one_line(text: str) -> str:
    """`clean`, with every run of white space made one blank: fit for a log line or a heading."""
    return " ".join(clean(text).split())


def escape(text: str) -> str:
    """The three characters Slack gives a meaning, as entities. To be applied exactly once per field."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def width(text: str) -> int:
    """Length in UTF-16 units: never below what Slack counts, whichever way it counts an emoji."""
    return len(text) + sum(character > "\uffff" for character in text)


def cut(escaped: str, limit: int) -> str:
    """At most `limit` units of escaped text, ending in an ellipsis if something was left out; no entity is split."""
    if limit < 1:
        raise ValueError("a limit below 1 leaves no room for the ellipsis")
    if width(escaped) <= limit:
        return escaped
    kept: list[str] = []
    room = limit - width(ELLIPSIS)
    for match in _ENTITY_OR_CHARACTER.finditer(escaped):
        room -= width(match[0])
        if room < 0:
            break
        kept.append(match[0])
    return "".join(kept).rstrip() + ELLIPSIS


def neutralise(text: str) -> str:
    """Characters that would format text or make a link in mrkdwn replaced by look-alikes of the same length."""
    text = text.replace("`", "ˋ")
    text = _FORMAT_AT_WORD_EDGE.sub(lambda match: _LOOK_ALIKE[match[0]], text)
    text = _EMOJI_NAME.sub("∶\\1∶", text)
    # Slack makes a link of every bare address in `text`, and incoming webhooks ignore the `parse` option that stops it.
    return text.replace("://", "∶//")


def for_plain_text(text: str, limit: int) -> str:
    """A field of type plain_text: Slack formats nothing in it, so the words stay as they were written."""
    return cut(escape(clean(text)), limit)


def for_mrkdwn(text: str, limit: int) -> str:
    """One line inside a field of ours of type mrkdwn."""
    return cut(escape(neutralise(one_line(text))), limit)


def for_code(text: str, limit: int) -> str:
    """One line between backticks, copied as it is shown; a backtick of its own would end the span."""
    return "`" + cut(escape(one_line(text).replace("`", "'")), limit) + "`"


def _visible(character: str) -> str:
    if character == "\t":
        return " "
    match unicodedata.category(character):
        case "Cc" | "Cf":
            return ""
        case "Cs":
            return "\ufffd"
        case _:
            return "" if character in _INVISIBLE else character
