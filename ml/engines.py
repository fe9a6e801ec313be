"""Builds an engine from its spec. Heavy imports happen inside the branch that needs them."""

from ml.spec import EngineSpec, EngineUnavailable
from ml.verdict import Engine

__all__ = ["EngineUnavailable", "build_engine", "build_keywords"]


def build_engine(spec: EngineSpec) -> Engine:
    """The engine `spec` names, loaded and warm: slow (seconds), meant for the process that will judge.

    "auto" is the zero-shot pipeline where a `zero_shot_model` is set, MiniLM otherwise. Raises EngineUnavailable, with
    a sentence saying what to do, where a package or model is missing.
    """
    if spec.engine == "keywords":
        return build_keywords(spec)
    if spec.engine == "stub":
        from ml.stub import StubEngine

        return StubEngine(spec)
    if spec.engine == "nli" or (spec.engine == "auto" and spec.zero_shot_model):
        from ml.pipelines import PipelineEngine

        return PipelineEngine.load(spec)
    from ml.minilm import MiniLmEngine

    return MiniLmEngine.load(spec)


def build_keywords(spec: EngineSpec) -> Engine:
    """The keyword engine for the spec's labels: pure Python, instant, cannot fail."""
    from ml.keywords import KeywordEngine

    return KeywordEngine(spec)
