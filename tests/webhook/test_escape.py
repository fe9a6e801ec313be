"""Nothing a customer writes can act on Slack, and no cut breaks what escaping made."""

import re
import unicodedata
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from webhook.escape import (
    ELLIPSIS,
    clean,
    cut,
    escape,
    for_code,
    for_mrkdwn,
    for_plain_text,
    neutralise,
    one_line,
    width,
)

ENTITY = re.compile(r"&(?:amp|lt|gt);")
anything = st.text(st.characters(exclude_categories=()))
hostile = st.text(st.sampled_from("&<>;ampltg !@#*_~`:|\n\r\t\u200b\u202e\u2066\ufeff\ud800a😀é"), max_size=60)
limits = st.integers(1, 80)


@given(anything | hostile, limits)
@example("&&&&", 6)
@example("😀😀", 2)
def test_a_cut_keeps_the_limit_and_never_splits_an_entity(text: str, limit: int) -> None:
    short = cut(escape(text), limit)
    assert width(short) <= limit
    assert "&" not in ENTITY.sub("", short)


@given(anything | hostile, limits)
def test_a_cut_text_is_the_beginning_of_the_whole(text: str, limit: int) -> None:
    escaped = escape(text)
    short = cut(escaped, limit)
    if width(escaped) <= limit:
        assert unescape_once(short) == text
    else:
        assert short.endswith(ELLIPSIS)
        assert text.startswith(unescape_once(short.removesuffix(ELLIPSIS)))


@given(st.text(st.sampled_from("<>&ab😀"), min_size=40), limits)
def test_a_cut_wastes_at_most_one_entity(text: str, limit: int) -> None:
    assert width(cut(escape(text), limit)) >= min(limit, 40) - len("&amp;") + 1


@given(anything | hostile)
def test_escaped_text_holds_nothing_slack_acts_on(text: str) -> None:
    for made in (for_plain_text(text, 500), for_mrkdwn(text, 500), for_code(text, 500)):
        assert "<" not in made
        assert ">" not in made
        assert "&" not in ENTITY.sub("", made)


@given(anything | hostile)
def test_clean_text_hides_nothing_and_can_be_sent(text: str) -> None:
    cleaned = clean(text)
    assert all(character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs") for character in cleaned)
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert clean(cleaned) == cleaned
    assert not re.search(r"\s\s|[\n\r\t]|^\s|\s$", one_line(text))


@given(hostile)
def test_formatting_is_left_only_inside_words(text: str) -> None:
    made = neutralise(text)
    assert "`" not in made
    assert all(re.fullmatch(r"[A-Za-z0-9]?[*_~][A-Za-z0-9]?", made[max(0, at - 1) : at + 2]) for at in marks(made))
    assert all(0 < at < len(made) - 1 for at in marks(made))
    assert width(made) == width(text)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("*bold* _it_ ~no~ `code`", "∗bold∗ ˍitˍ ∼no∼ ˋcodeˋ"),
        ("error_code_42 at 10:30:45", "error_code_42 at 10:30:45"),
        (":white_check_mark: solved", "∶white_check_mark∶ solved"),
        ("see https://evil.example/x", "see https∶//evil.example/x"),
        ("<!channel> & <@U123>", "&lt;!channel&gt; &amp; &lt;@U123&gt;"),
        ("<https://evil.example|your bank>", "&lt;https∶//evil.example|your bank&gt;"),
        ("&lt;!here&gt;", "&amp;lt;!here&amp;gt;"),
        ("a\nb\r\nc\u2028d", "a b c d"),
        ("pay\u202egnp.exe\u200b", "paygnp.exe"),
    ],
)
def test_one_line_in_mrkdwn(text: str, made: str) -> None:
    assert for_mrkdwn(text, 200) == made


def test_an_id_cannot_leave_its_code_span() -> None:
    assert for_code("a`*b*\n`c", 50) == "`a'*b* 'c`"


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="limit"):
        cut("abc", 0)


def marks(text: str) -> list[int]:
    return [at for at, character in enumerate(text) if character in "*_~"]


def unescape_once(text: str) -> str:
    return ENTITY.sub(lambda match: unescape(match[0]), text)
