"""One line that tells an agent what a ticket is about, cut from the customer's own words."""

import re

from ml.text import clean, own_words
from ml.verdict import TicketText

# Fits a list row and a Slack header (150 characters) with room for a label.
SUMMARY_CHARS = 120
# A subject shorter than this ("Help", "Issue") says too little to stand alone.
TELLING_SUBJECT_CHARS = 16

_GREETING = re.compile(
    r"^(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day))\b[^,.!\n]{0,40}[,.!\n]+\s*)+", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_REPLY_MARK = re.compile(r"^(?:(?:re|fwd?|aw)\s*:\s*)+", re.IGNORECASE)


def summarise(ticket: TicketText) -> str:
    """At most SUMMARY_CHARS characters on one line, never blank unless the ticket is."""
    subject = _REPLY_MARK.sub("", _one_line(clean(ticket.subject)))
    rest = next((text for text in (ticket.body, ticket.description) if text.strip()), "")
    first = _first_sentence(own_words(clean(rest)))
    if not first or len(subject) >= TELLING_SUBJECT_CHARS:
        return shorten(subject or first)
    if first.casefold().startswith(subject.casefold()):
        return shorten(first)
    return shorten(f"{subject}: {first}" if subject else first)


def shorten(line: str, limit: int = SUMMARY_CHARS) -> str:
    """`line` cut at a word to `limit` characters, with an ellipsis where it was cut."""
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    at_word = cut.rsplit(" ", 1)[0]
    return (at_word if len(at_word) > limit // 2 else cut).rstrip(" ,;:-") + "…"


def _first_sentence(text: str) -> str:
    body = _GREETING.sub("", text)
    for sentence in _SENTENCE_END.split(body):
        if len(line := _one_line(sentence)) > 1:
            return line
    return _one_line(text)


def _one_line(text: str) -> str:
    return " ".join(text.split())
