"""Engines and models built once a run: loading the encoder takes seconds. And a breaker with its clock."""

from pathlib import Path

import pytest

from ml.breaker import Breaker
from ml.encoder import Encoder
from ml.engines import build_engine
from ml.spec import EngineSpec
from ml.verdict import Engine
from tests.ml import tiny_models
from tests.ml.breaking import CONFIG, Clock


@pytest.fixture(scope="session")
def nli_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("models") / "nli"
    return tiny_models.bert(folder, ["contradiction", "neutral", "entailment"])


@pytest.fixture(scope="session")
def taught_nli_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny_models.taught_nli(tmp_path_factory.mktemp("models") / "taught-nli")


@pytest.fixture(scope="session")
def mood_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("models") / "mood"
    return tiny_models.sentencepiece_model(folder, ["negative", "neutral", "positive"])


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return Encoder.load(None, threads=2)


@pytest.fixture(scope="session")
def minilm() -> Engine:
    return build_engine(EngineSpec(engine="minilm"))


@pytest.fixture(scope="session")
def engines(minilm: Engine, nli_folder: str) -> dict[str, Engine]:
    return {
        "minilm": minilm,
        "nli": build_engine(EngineSpec(engine="nli", zero_shot_model=nli_folder)),
        "keywords": build_engine(EngineSpec(engine="keywords")),
        "stub": build_engine(EngineSpec(engine="stub")),
    }


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(CONFIG, clock=clock, chance=lambda: 0.0)
