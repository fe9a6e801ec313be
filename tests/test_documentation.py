"""The documentation under test: settings, commands, names."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from dotenv import dotenv_values
from pydantic_settings import BaseSettings

from router.routes import OPERATIONS
from scripts.room_settings import settings_classes
from scripts.settings import StartSettings

ROOT = Path(__file__).parents[1]
EXAMPLE = dotenv_values(ROOT / ".env.example")
README = (ROOT / "README.md").read_text()


def fields() -> dict[str, type[BaseSettings]]:
    classes: list[type[BaseSettings]] = [*settings_classes(), StartSettings]
    return {name.upper(): settings for settings in classes for name in settings.model_fields}


def test_the_example_names_exactly_the_settings_there_are() -> None:
    assert set(EXAMPLE) == set(fields())


def test_each_setting_is_explained() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    for number, line in enumerate(lines):
        if re.match(r"[A-Z_]+=", line):
            above = next(text for text in reversed(lines[:number]) if not re.match(r"[A-Z_]+=", text))
            assert above.startswith("# ") and not above.startswith("# ---"), line


@pytest.mark.parametrize("name", sorted(EXAMPLE))
def test_the_example_shows_the_defaults(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in EXAMPLE:
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1")
    settings = fields()[name]
    plain = settings(_env_file=None)
    if name != "REDIS_URL":
        monkeypatch.setenv(name, EXAMPLE[name] or "")
    shown = settings(_env_file=None)
    assert getattr(shown, name.lower()) == getattr(plain, name.lower())


def test_every_command_in_the_readme_exists() -> None:
    modules = set(re.findall(r"python3? -m ([a-z_.]+)", README))
    assert {"scripts.start", "scripts.verify", "router", "worker", "scripts.slack_check"} <= modules
    for module in modules:
        assert find_spec(module) is not None, module


def test_every_path_in_the_readme_is_served() -> None:
    served = [re.compile(re.sub(r"{[a-z_]+}", "[^/]+", operation.route) + "$") for operation in OPERATIONS]
    for path in re.findall(r"(?:http://127\.0\.0\.1:8000|\$A)(/[^\s\"?>;|)`]*)", README):
        assert any(route.match(path.replace("$($t.ticket_id)", "ID")) for route in served), path


def test_files_the_readme_points_to_exist() -> None:
    for target in re.findall(r"\]\((?!http|#)([^)]+)\)", README):
        assert (ROOT / target.split("#")[0]).exists(), target
