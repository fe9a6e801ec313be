"""Cleaning, cutting and splitting of customer text: pure."""

from hypothesis import given
from hypothesis import strategies as st

from ml.summary import SUMMARY_CHARS, shorten, summarise
from ml.text import HEAD_CHARS, MAX_TOKENS, TAIL_CHARS, clean, clip, content_stems, own_words, stem, token_count, words
from ml.verdict import TicketText


def test_a_clipped_text_keeps_its_head_and_tail() -> None:
    text = "H" * HEAD_CHARS + "m" * 50_000 + "T" * TAIL_CHARS
    clipped = clip(text)
    assert clipped.startswith("H" * HEAD_CHARS)
    assert clipped.endswith("T" * TAIL_CHARS)
    assert "m" not in clipped


@given(st.text(alphabet=st.characters(), max_size=300))
def test_cleaned_text_is_valid_and_cleaning_again_changes_nothing_visible(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert not any(ord(c) < 32 and c not in "\n\t" for c in cleaned)


def test_tags_go_and_comparisons_stay() -> None:
    assert clean("<p>Hello <b>there</b></p>") == "Hello there"
    assert clean("load < 5 and > 3 <3") == "load < 5 and > 3 <3"


def test_quotes_threads_and_signatures_are_not_this_writers_words() -> None:
    text = "Still broken.\n> server down\nBest regards,\nAnn\nURGENT? Call 1234"
    assert own_words(text) == "Still broken."
    assert own_words("No change.\n\nOn Mon, 3 May, Support wrote:\ninvoice refund") == "No change."
    assert own_words("Invoice attached\n-- \nURGENT logistics Ltd") == "Invoice attached"


def test_a_text_of_quotes_alone_is_kept() -> None:
    assert own_words("> all quoted") == "> all quoted"
    assert own_words("Thanks!") == "Thanks!"


@given(st.text(max_size=5000))
def test_token_count_stays_between_its_bounds(text: str) -> None:
    assert 2 <= token_count(text) <= MAX_TOKENS


def test_token_count_grows_with_the_text() -> None:
    assert token_count("short") < token_count("a rather longer sentence about a broken printer")


def test_forms_of_a_word_share_a_stem() -> None:
    assert {stem(word) for word in ("charge", "charged", "charges", "charging")} == {"charg"}
    assert {stem(word) for word in ("refund", "refunds", "refunded", "refunding")} == {"refund"}
    assert words("Can’t LOG in") == ["can't", "log", "in"]
    assert content_stems("Please help me with the printers") == ["help", "printer"]


def test_a_telling_subject_is_the_summary_and_a_bare_one_gets_the_first_sentence() -> None:
    assert summarise(TicketText("Re: Fwd: Invoice 12 lists three seats", "Hi,\nmore")) == "Invoice 12 lists three seats"
    assert (
        summarise(TicketText("Help", "Hello team,\nthe scanner is dead. It was fine.")) == "Help: the scanner is dead."
    )
    assert summarise(TicketText(body="Good morning!\nMy parcel is late")) == "My parcel is late"
    assert summarise(TicketText()) == ""


def test_a_long_line_is_cut_at_a_word() -> None:
    line = shorten("word " * 60)
    assert len(line) <= SUMMARY_CHARS
    assert line.endswith("word…")
