"""Builds an engine from its spec. Heavy imports happen inside the branch that needs them."""

from ml.drafting import DraftOrder
from ml.job import Model
from ml.opinion import Opinion, SecondReader
from ml.spec import EngineSpec, EngineUnavailable
from ml.verdict import Engine, TicketText

__all__ = ["EngineUnavailable", "build_engine", "build_keywords", "build_second_reader", "build_writer"]


def build_engine(spec: EngineSpec) -> Engine:
    """The engine `spec` names, loaded and warm: slow (seconds), meant for the process that will judge.

    "auto" is MiniLM; where that can't be had and a `zero_shot_model` is set, the zero-shot pipeline. Raises
    EngineUnavailable, with a sentence saying what to do, where a package or model is missing.
    """
    if spec.engine == "keywords":
        return build_keywords(spec)
    if spec.engine == "stub":
        from ml.stub import StubEngine

        return StubEngine(spec)
    if spec.engine == "nli":
        return _pipelines(spec)
    from ml.minilm import MiniLmEngine

    try:
        return MiniLmEngine.load(spec)
    except EngineUnavailable:
        if spec.engine == "auto" and spec.zero_shot_model:
            return _pipelines(spec)
        raise


def build_second_reader(spec: EngineSpec) -> Model[TicketText, Opinion]:
    """The zero-shot model that is asked where MiniLM is unsure, loaded and calibrated. Raises EngineUnavailable."""
    return SecondReader.load(spec)


def build_writer(spec: EngineSpec) -> Model[DraftOrder, str]:
    """The draft model, loaded. Raises EngineUnavailable."""
    from ml.writer import DraftWriter

    return DraftWriter.load(spec)


def _pipelines(spec: EngineSpec) -> Engine:
    from ml.pipelines import PipelineEngine

    return PipelineEngine.load(spec)


def build_keywords(spec: EngineSpec) -> Engine:
    """The keyword engine for the spec's labels: pure Python, instant, cannot fail."""
    from ml.keywords import KeywordEngine

    return KeywordEngine(spec)
