"""Customer text made fit for judging: cleaned, cut to size, rid of quotes and signatures, split into words."""

import re
import unicodedata
from functools import lru_cache

# A ticket says what it wants at its start or its end; the middle of a 100 kB paste is a log. These bounds keep every
# regular expression below at microseconds and still hold ten times what the encoder reads.
HEAD_CHARS = 6_000
TAIL_CHARS = 2_000

# The encoder reads 256 tokens, about 1,100 characters of English; the last quarter of it goes to the text's end.
MODEL_HEAD_CHARS = 900
MODEL_TAIL_CHARS = 300

# English WordPiece averages 4 to 5 characters a token; 4 errs on the side of more work.
CHARS_PER_TOKEN = 4
# What the encoder never exceeds, its two marks included.
MAX_TOKENS = 256

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_SPACES = re.compile(r"[ \t\f\v\u00a0]+")
_QUOTED = re.compile(r"^\s*(?:>|\|\s)")
_THREAD = re.compile(
    r"^\s*(?:-{2,}\s*(?:original|forwarded) message|on .{5,120} wrote:\s*$|from:\s.{1,200}$|_{8,}\s*$)", re.IGNORECASE
)
_SIGNATURE = re.compile(
    r"^\s*(?:--\s*$|—\s*$|sent from my \w+|get outlook for|"
    r"(?:(?:kind|best|warm|many)\s+(?:regards|wishes|thanks)|regards|cheers|sincerely|yours (?:truly|faithfully)|"
    r"(?:best|thanks|thank you))\s*[,.!]?\s*$|"
    r"(?:this (?:e-?mail|message) (?:and any|is confidential|is intended|may contain)|"
    r"confidentiality notice|disclaimer\b))",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SUFFIXES = ("ations", "ation", "ments", "ment", "ings", "ing", "edly", "ies", "ied", "ed", "es", "ly", "s")

# Customers share a vocabulary: nine words in ten were stemmed before. A few megabytes at most.
STEMS_KEPT = 20_000

_STOP_LINES = """
    a about after all also am an and any are as at be because been but by can could did do does for from had has have
    he hello her hi him his i if in into is it its just me my no not of on or our please she so some than thank thanks
    that the their them then there these they this to us very was we were what when where which who will with would
    you your dear team regards
"""
STOP_WORDS = frozenset(_STOP_LINES.split())


def clip(text: str, head_chars: int = HEAD_CHARS, tail_chars: int = TAIL_CHARS) -> str:
    """`text` with its middle left out when it is longer than both bounds together."""
    if len(text) <= head_chars + tail_chars:
        return text
    return f"{text[:head_chars]}\n…\n{text[-tail_chars:]}"


def clean(text: str) -> str:
    """Valid, printable, normalised text: no lone surrogates, control or zero-width characters, no HTML tags."""
    text = clip(text).encode("utf-8", "replace").decode("utf-8")
    text = unicodedata.normalize("NFKC", text).replace("\r\n", "\n").replace("\r", "\n")
    if (
        not text.replace("\n", " ").replace("\t", " ").isprintable()
    ):  # most texts are, and need no look at each character
        text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C")
    return _SPACES.sub(" ", _TAG.sub(" ", text)).strip()


def own_words(text: str) -> str:
    """What this writer says here: without quoted threads, the signature and what follows it.

    The whole text where nothing else would be left. A signature is looked for only below the first line, so that a
    one-line "Thanks" stays.
    """
    kept: list[str] = []
    for line in text.split("\n"):
        if kept and (_THREAD.match(line) or _SIGNATURE.match(line)):
            break
        if not _QUOTED.match(line):
            kept.append(line)
    return "\n".join(kept).strip() or text


def for_model(text: str) -> str:
    """The cleaned, own words of `text`, cut to what the encoder reads."""
    return clip(own_words(clean(text)), MODEL_HEAD_CHARS, MODEL_TAIL_CHARS)


def token_count(text: str) -> int:
    """About how many tokens the encoder spends on `text` (2 to 256), without a tokenizer; raw text is fine."""
    return min(MAX_TOKENS, 2 + -(-len(text) // CHARS_PER_TOKEN))


def words(text: str) -> list[str]:
    """Lower-case words of `text` in order; apostrophes stay inside (`can't`)."""
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


@lru_cache(maxsize=STEMS_KEPT)
def stem(word: str) -> str:
    """`word` without its commonest English endings: crude, fast, the same for lexicon and text.

    "charged", "charges" and "charging" meet in "charg". At least three letters stay.
    """
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)] + ("y" if suffix in ("ies", "ied") else "")
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def content_stems(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order, repeats kept."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS]
