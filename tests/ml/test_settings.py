"""The room's settings, from a real environment and a real `.env`."""

from pathlib import Path

import pytest

from ml.breaker import BreakerConfig
from ml.descriptions import DEFAULT_CATEGORIES
from ml.settings import MlSettings, SettingsError
from ml.spec import EngineName, EngineSpec

NAMES = (
    "CATEGORIES",
    "ENGINE",
    "ZERO_SHOT_MODEL",
    "SENTIMENT_MODEL",
    "EMBEDDING_MODEL",
    "DRAFT_MODEL",
    "BREAKER_SLOW_MS",
)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in (*NAMES, "BREAKER_OPEN_SECONDS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_defaults() -> None:
    settings = MlSettings.load()
    spec = settings.engine_spec(threads=1)
    assert (spec.engine, spec.threads, spec.zero_shot_model) == ("auto", 1, None)
    assert dict(spec.categories) == dict(DEFAULT_CATEGORIES)
    assert settings.breaker_config() == BreakerConfig(slow_ms=500, open_s=10)


def test_everything_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATEGORIES", " Hardware, Software ,Access,")
    monkeypatch.setenv("ENGINE", "Keywords")
    monkeypatch.setenv("ZERO_SHOT_MODEL", "some/model")
    monkeypatch.setenv("SENTIMENT_MODEL", "")
    monkeypatch.setenv("DRAFT_MODEL", "./drafts")
    monkeypatch.setenv("BREAKER_SLOW_MS", "1500")
    monkeypatch.setenv("BREAKER_OPEN_SECONDS", "2.5")
    settings = MlSettings.load()
    spec = settings.engine_spec()
    assert spec.labels == ("Hardware", "Software", "Access")
    assert (spec.engine, spec.zero_shot_model, spec.sentiment_model) == ("keywords", "some/model", None)
    assert spec.draft_model == "./drafts" and not spec.second_opinion
    assert settings.breaker_config() == BreakerConfig(slow_ms=1500, open_s=2.5)


def test_categories_with_description_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATEGORIES", '{"Hardware": ["a laptop is broken", " a screen is dark "], "Access": "a login"}')
    assert MlSettings.load().categories == {
        "Hardware": ("a laptop is broken", "a screen is dark"),
        "Access": ("a login",),
    }


def test_a_file_is_read_and_the_environment_wins(bare_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare_environment / ".env").write_text("ENGINE=stub\nBREAKER_SLOW_MS=700\nREDIS_URL=redis://elsewhere\n")
    monkeypatch.setenv("BREAKER_SLOW_MS", "900")
    settings = MlSettings.load()
    assert (settings.engine, settings.breaker_slow_ms) == ("stub", 900)


@pytest.mark.parametrize(
    ("engine", "model", "asked"),
    [("auto", "m", True), ("minilm", "m", True), ("nli", "m", False), ("keywords", "m", False), ("auto", None, False)],
)
def test_a_second_opinion_is_asked_for_beside_minilm_alone(engine: EngineName, model: str | None, asked: bool) -> None:
    assert EngineSpec(engine=engine, zero_shot_model=model).second_opinion is asked


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ENGINE", "gpt", "ENGINE: there is no engine 'gpt'; choose one of auto, minilm, nli, keywords, stub"),
        ("CATEGORIES", "Billing", "CATEGORIES: at least 2 categories are needed, 1 given"),
        ("CATEGORIES", "Billing, billing", "CATEGORIES: the category 'billing' is named twice"),
        (
            "CATEGORIES",
            '{"A": 1, "B": []}',
            "CATEGORIES: the description of 'A' must be a line of text or a list of lines",
        ),
        ("CATEGORIES", '{"A": [], "A": []}', "CATEGORIES: the category 'A' is named twice"),
        ("CATEGORIES", '{" ": [], "A": []}', "CATEGORIES: a category must have a name"),
        ("BREAKER_SLOW_MS", "0", "BREAKER_SLOW_MS: must be between 1 and 60000 milliseconds, not 0"),
        ("BREAKER_SLOW_MS", "nan", "BREAKER_SLOW_MS: must be between 1 and 60000 milliseconds, not nan"),
        ("BREAKER_OPEN_SECONDS", "-1", "BREAKER_OPEN_SECONDS: must be between 0.1 and 3600 seconds, not -1"),
    ],
)
def test_a_wrong_value_is_named_in_a_sentence(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        MlSettings.load()
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("name", "value", "start"),
    [
        ("CATEGORIES", '{"A": [', "CATEGORIES: this starts like a JSON object but is none"),
        ("BREAKER_SLOW_MS", "fast", "BREAKER_SLOW_MS: Input should be a valid number"),
    ],
)
def test_a_value_that_cannot_be_read_is_named(
    name: str, value: str, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        MlSettings.load()
    assert str(caught.value).startswith(start)
