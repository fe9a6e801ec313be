"""What the room reads from the environment and `.env`. Read by entry points only."""

import json
from typing import Annotated, cast

from pydantic import ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ml.breaker import BreakerConfig
from ml.descriptions import DEFAULT_CATEGORIES
from ml.spec import DEFAULT_THREADS, ENGINE_NAMES, EngineName, EngineSpec

# A router with one label has nothing to decide.
FEWEST_CATEGORIES = 2
# Below this every call would be slow, above it a ticket would wait a minute for a hung model.
SLOW_MS_RANGE = (1.0, 60_000.0)
OPEN_SECONDS_RANGE = (0.1, 3_600.0)


class SettingsError(Exception):
    """Settings that can't be used; one sentence a line, each naming its variable."""


class MlSettings(BaseSettings):
    """`CATEGORIES ENGINE ZERO_SHOT_MODEL SENTIMENT_MODEL EMBEDDING_MODEL DRAFT_MODEL BREAKER_SLOW_MS BREAKER_OPEN_SECONDS`.

    The environment wins over `.env`; an empty value means the default. `MlSettings()` raises ValidationError of
    pydantic, `MlSettings.load()` a SettingsError fit to print.
    """

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore")

    categories: Annotated[dict[str, tuple[str, ...]], NoDecode] = dict(DEFAULT_CATEGORIES)
    engine: str = "auto"
    zero_shot_model: str | None = None
    sentiment_model: str | None = None
    embedding_model: str | None = None
    draft_model: str | None = None
    breaker_slow_ms: float = 500.0
    breaker_open_seconds: float = 10.0

    @classmethod
    def load(cls) -> "MlSettings":
        """The settings as they stand. Raises SettingsError."""
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(
                "\n".join(
                    f"{'.'.join(map(str, problem['loc'])).upper()}: {problem['msg'].removeprefix('Value error, ')}"
                    for problem in error.errors()
                )
            ) from None

    def engine_spec(self, threads: int = DEFAULT_THREADS) -> EngineSpec:
        """What the engine is built from; `threads` for inference, at least 1."""
        return EngineSpec(
            engine=cast(EngineName, self.engine),
            categories=self.categories,
            zero_shot_model=self.zero_shot_model,
            sentiment_model=self.sentiment_model,
            embedding_model=self.embedding_model,
            draft_model=self.draft_model,
            threads=threads,
        )

    def breaker_config(self) -> BreakerConfig:
        return BreakerConfig(slow_ms=self.breaker_slow_ms, open_s=self.breaker_open_seconds)

    @field_validator("categories", mode="before")
    @classmethod
    def _read_categories(cls, value: object) -> object:
        read = _categories(value) if isinstance(value, str) else value
        if isinstance(read, dict) and len(read) < FEWEST_CATEGORIES:
            raise ValueError(f"at least {FEWEST_CATEGORIES} categories are needed, {len(read)} given")
        return read

    @field_validator("engine")
    @classmethod
    def _known_engine(cls, value: str) -> str:
        name = value.strip().lower()
        if name not in ENGINE_NAMES:
            raise ValueError(f"there is no engine {value!r}; choose one of {', '.join(ENGINE_NAMES)}")
        return name

    @field_validator("breaker_slow_ms")
    @classmethod
    def _sane_slow(cls, value: float) -> float:
        return _within(value, SLOW_MS_RANGE, "milliseconds")

    @field_validator("breaker_open_seconds")
    @classmethod
    def _sane_open(cls, value: float) -> float:
        return _within(value, OPEN_SECONDS_RANGE, "seconds")


def _within(value: float, bounds: tuple[float, float], unit: str) -> float:
    low, high = bounds
    if not low <= value <= high:  # NaN fails this too.
        raise ValueError(f"must be between {low:g} and {high:g} {unit}, not {value:g}")
    return value


def _categories(text: str) -> dict[str, tuple[str, ...]]:
    """A comma list of labels, or a JSON object of label to one description line or a list of them."""
    if not text.lstrip().startswith("{"):
        return _unique([(label.strip(), ()) for label in text.split(",") if label.strip()])
    try:
        pairs = json.loads(text, object_pairs_hook=list)
    except json.JSONDecodeError as error:
        raise ValueError(f"this starts like a JSON object but is none ({error})") from None
    return _unique([(label.strip(), _lines(label, lines)) for label, lines in pairs])


def _lines(label: str, value: object) -> tuple[str, ...]:
    lines = [value] if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise ValueError(f"the description of {label!r} must be a line of text or a list of lines")
    return tuple(line.strip() for line in lines if line.strip())


def _unique(pairs: list[tuple[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    seen: set[str] = set()
    for label, _lines_of_label in pairs:
        if not label:
            raise ValueError("a category must have a name")
        if label.casefold() in seen:
            raise ValueError(f"the category {label!r} is named twice")
        seen.add(label.casefold())
    return dict(pairs)
