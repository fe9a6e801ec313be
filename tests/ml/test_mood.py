"""Mood from words: direction, negation, sarcasm, and dry reports left neutral."""

import pytest

from ml.mood import NEUTRAL, read


@pytest.mark.parametrize(
    "text", ["I love it, thank you so much!", "Great service, really helpful :)", "You are amazing"]
)
def test_praise_is_above_neutral(text: str) -> None:
    assert read(text).score > 7


@pytest.mark.parametrize("text", ["This is terrible", "I HATE THIS, WORST COMPANY", "You are liars and thieves"])
def test_anger_is_below_neutral(text: str) -> None:
    assert read(text).score < 3


def test_a_dry_outage_report_is_neutral() -> None:
    assert read("The API returns error 503 since 09:12 UTC").score == NEUTRAL


def test_negation_turns_a_word_round() -> None:
    assert read("this is not great").score < NEUTRAL < read("this is great").score
    assert read("I am not angry").score > read("I am angry").score


def test_a_booster_strengthens_and_a_damper_weakens() -> None:
    assert read("very angry").score < read("angry").score < read("slightly angry").score


def test_sarcasm_counts_as_what_it_means() -> None:
    assert read("Oh great, it crashed again. Just perfect.").score < NEUTRAL


def test_the_scale_has_ends() -> None:
    assert 1 <= read("hate " * 200).score <= read("love " * 200).score <= 10
