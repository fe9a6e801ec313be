"""Look at every room's settings before anything starts: a wrong value is a sentence then, and no crash loop."""

import importlib
import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from scripts.bootstrap import ROOT
from scripts.settings import sentences

ROOMS = ("broker", "ml", "worker", "router", "webhook")
# The rooms need an address and would complain of its absence; the embedded server's is known only once it runs.
ANY_REDIS_URL = "redis://127.0.0.1:6379/0"


def settings_classes() -> Iterator[type[BaseSettings]]:
    """The settings class of each room that has one in its settings.py."""
    for room in ROOMS:
        if not (ROOT / room / "settings.py").is_file():
            continue
        module = importlib.import_module(f"{room}.settings")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, BaseSettings) and value.__module__ == module.__name__:
                yield value


def check_rooms(file: Path) -> str:
    """A line for each wrong setting in the environment, or nothing. The environment holds `.env`'s values already."""
    absent = not os.environ.get("REDIS_URL")
    if absent:
        os.environ["REDIS_URL"] = ANY_REDIS_URL
    try:
        wrong: dict[str, None] = {}  # two rooms may read one name: say it once, in order
        for settings in settings_classes():
            try:
                settings()
            except ValidationError as error:
                wrong.update(dict.fromkeys(sentences(error, file=file).splitlines()))
        return "\n".join(wrong)
    finally:
        if absent:
            del os.environ["REDIS_URL"]
