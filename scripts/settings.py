"""What `scripts.start` reads from the environment and `.env`; the environment wins. Read by entry points only."""

import os
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class StartSettings(BaseSettings):
    """Names are the fields' in capitals. Empty values count as not set, as `.env.example` leaves them."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    redis_url: str | None = None  # None: an embedded server
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)  # 0: a free one
    api_keys: str = ""  # only looked at for the warning about an open port
    data_dir: Path = Path(".data")


def with_env_file(file: Path, environment: dict[str, str]) -> dict[str, str]:
    """The environment with `.env`'s values for the names it does not set itself. A missing file adds nothing."""
    in_file = {name: value for name, value in dotenv_values(file).items() if value}
    return {**in_file, **environment}


def sentences(error: ValidationError, *, file: Path) -> str:
    """A line for each wrong setting: its name, where it stands, what it is and what is wrong with it."""
    in_file = dotenv_values(file)
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]).upper() if problem["loc"] else "settings"
        place = f" in {file.name}" if name in in_file and os.environ.get(name) == in_file[name] else ""
        given = f" is {problem['input']!r}" if isinstance(problem["input"], str) else ""
        lines.append(f"{name}{place}{given}: {problem['msg']}")
    return "\n".join(lines)
