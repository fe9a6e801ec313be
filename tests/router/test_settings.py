"""The environment, read once and strictly."""

import pytest
from pydantic import ValidationError

from router.config import DEFAULT_MAX_BODY_BYTES, RouterConfig
from router.settings import RouterSettings

NAMES = ("HOST", "PORT", "API_SHARED_PORT", "API_KEYS", "RATE_LIMIT", "MAX_BODY_BYTES", "LOG_LEVEL")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("cwd"))
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_the_defaults_serve_one_machine() -> None:
    settings = RouterSettings()
    assert (settings.host, settings.port, settings.log_level) == ("127.0.0.1", 8000, "info")
    assert settings.api_shared_port is False
    assert settings.config() == RouterConfig((), 0, DEFAULT_MAX_BODY_BYTES)
    assert {name.upper() for name in RouterSettings.model_fields} == set(NAMES)


def test_keys_and_limit_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEYS", " one, two ,,")
    monkeypatch.setenv("RATE_LIMIT", "600 / minute")
    monkeypatch.setenv("LOG_LEVEL", "WARNING")
    settings = RouterSettings()
    assert settings.log_level == "warning"
    assert settings.config() == RouterConfig(("one", "two"), 600)


@pytest.mark.parametrize("value", ["", "5", "5/hour", "-1/minute", "x/minute", "5/minute/minute"])
def test_a_limit_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("RATE_LIMIT", value)
    with pytest.raises(ValidationError, match="N/minute"):
        RouterSettings()
