"""Urgency from words: what raises S, what calms it, and what must not count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.text import own_words
from ml.urgency import FEATURE_NAMES, features, find, reasons, rule_score, sigmoid


def score(text: str) -> float:
    return rule_score(find(text))


def names(text: str) -> set[str]:
    return {hit.signal.name for hit in find(text)}


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("the server is down", "outage"),
        ("all our customers see it", "breadth"),
        ("we lost all our data", "data_loss"),
        ("our account was hacked", "security"),
        ("the charger caught on fire", "safety"),
        ("our lawyer will write", "legal"),
        ("the hearing starts at 9:00", "deadline"),
        ("please answer within two hours", "deadline"),
        ("we need this asap", "urgent_words"),
        ("we are losing $500 per minute", "money"),
        ("I cannot log in", "blocked"),
        ("this is the third time I write", "repeated"),
        ("this is unacceptable", "frustration"),
        ("no rush at all", "no_rush"),
        ("whenever you have a moment", "no_rush"),
        ("it solved itself", "settled"),
        ("only in our staging environment", "not_real"),
        ("a minor typo", "minor"),
        ("it would be nice to have", "wish"),
    ],
)
def test_each_signal_is_found(text: str, signal: str) -> None:
    assert signal in names(text)


@pytest.mark.parametrize(
    "text",
    ["the server is not down", "there was no outage", "this isn't critical", "no emergency here", "it is not urgent"],
)
def test_a_negated_alarm_is_no_alarm(text: str) -> None:
    assert not names(text) & {"outage", "urgent_words"}


@pytest.mark.parametrize(
    "calming",
    ["No rush.", "It solved itself.", "This is not urgent.", "It is working again now.", "When you get a chance."],
)
def test_calming_words_lower_the_score(calming: str) -> None:
    alarm = "The server is down."
    assert score(f"{alarm} {calming}") < 0.5 * score(alarm)


def test_an_urgent_footer_says_nothing() -> None:
    text = "Please send last month's invoice.\nFor urgent matters call 555-0100"
    assert "urgent_words" not in names(text)
    assert "urgent_words" not in names(own_words("Invoice please\n-- \nURGENT CARE LTD"))


def test_impact_outweighs_mood() -> None:
    polite = "Good morning, sorry to bother you: the checkout is down for all customers."
    rant = "This is unacceptable and ridiculous, your new colour is the worst, I am furious!!!"
    assert score(polite) > 0.4 > score(rant)


def test_more_evidence_scores_higher() -> None:
    assert (
        score("server down") < score("server down for all customers") < score("URGENT: server down for all customers")
    )


def test_reasons_quote_the_text_and_agree_with_the_score() -> None:
    hits = find("CRITICAL: the server is down. No rush.")
    assert "outage" in reasons(hits, 0.9)[0] or "critical" in reasons(hits, 0.9)[0]
    assert "no rush" in reasons(hits, 0.1)[0]
    assert reasons([], 0.5) == ()


@given(st.text(max_size=400))
def test_any_text_has_finite_features_and_a_chance(text: str) -> None:
    hits = find(text)
    assert features(text, hits).shape == (len(FEATURE_NAMES),)
    assert np.isfinite(features(text, hits)).all()
    assert 0 < rule_score(hits) < 1


def test_the_logistic_function_is_safe_at_both_ends() -> None:
    assert sigmoid(1e4) == 1
    assert sigmoid(-1e3) == 0
    assert sigmoid(0) == 0.5
