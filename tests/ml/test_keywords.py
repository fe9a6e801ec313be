"""The keyword engine's own promises: grouping, denial, and life without learned weights."""

from pathlib import Path

import pytest

from ml.keywords import KeywordEngine, softmax
from ml.spec import EngineSpec, EngineUnavailable
from ml.stembag import SPACE_THRESHOLD, fingerprint
from ml.verdict import TicketText
from ml.wordheads import WordHeads


def similarity(a: str, b: str) -> float:
    first, second = fingerprint(a), fingerprint(b)
    assert first is not None
    assert second is not None
    return float(first.vector @ second.vector)


def test_copies_with_another_name_group_and_other_failures_do_not() -> None:
    report = "Checkout page returns error 500 when paying by card"
    assert similarity(report, report + " since noon") > SPACE_THRESHOLD
    assert similarity(report, "Dark mode of the iOS app shows white text") < SPACE_THRESHOLD


def test_word_order_and_endings_do_not_matter() -> None:
    assert similarity("server outage broken login", "broken logins: servers outage") == pytest.approx(1, abs=1e-5)


def test_without_learned_weights_the_lexicon_alone_still_answers(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    read = WordHeads.read

    def missing() -> WordHeads:
        return read(tmp_path / "words.npz")

    monkeypatch.setattr(WordHeads, "read", missing)
    engine = KeywordEngine(EngineSpec())
    outage, refund = engine.judge(
        [
            TicketText(subject="CRITICAL server outage immediately"),
            TicketText(subject="Refund and billing charge issue"),
        ]
    )
    assert (outage.category, refund.category) == ("Technical", "Billing")
    assert outage.urgency_score > 0.8 > 0.3 > refund.urgency_score
    assert "scripts.train" in caplog.text


def test_a_denied_category_does_not_count() -> None:
    engine = KeywordEngine(
        EngineSpec(categories={"Billing": ("invoice", "billing"), "Technical": ("printer", "error")})
    )
    verdict = engine.judge([TicketText(body="This is not a billing question, the printer is out")])[0]
    assert verdict.category == "Technical"


def test_probabilities_add_up() -> None:
    assert sum(softmax([1000.0, -1000.0, 0.0])) == pytest.approx(1)


def test_a_damaged_weights_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "words.npz").write_bytes(b"PK\x03\x04broken")
    with pytest.raises(EngineUnavailable, match=r"words\.npz"):
        WordHeads.read(tmp_path / "words.npz")


def test_word_weights_survive_a_round_trip(tmp_path: Path) -> None:
    shipped = WordHeads.read()
    shipped.write(tmp_path / "words.npz")
    again = WordHeads.read(tmp_path / "words.npz")
    assert again.version == shipped.version
    assert (again.read_text("server outage") == shipped.read_text("server outage")).all()
