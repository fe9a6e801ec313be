"""From a bare checkout to an environment: real virtual environments, tiny requirements, no network."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts.bootstrap import ROOT, BootstrapError, Environment, complaint_about
from scripts.pip_progress import step_of

# What a Python that is too old must be able to read before it can say so.
READ_BY_OLD_PYTHONS = ("__init__", "start", "verify", "bootstrap", "pip_progress")


def tiny_wheel(folder: Path, version: str = "1.0") -> Path:
    """A package of one module, made by hand: pip installs it without any build or network."""
    wheel = folder / f"tiny_stand_in-{version}-py3-none-any.whl"
    info = f"tiny_stand_in-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_stand_in.py", f"VERSION = {version!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny-stand-in\nVersion: {version}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return wheel


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment filled once for the tests that follow; they leave it complete."""
    root = tmp_path_factory.mktemp("checkout")
    (root / "requirements.txt").write_text(f"{tiny_wheel(root)}  # nobody\n")
    environment = Environment(root)
    assert environment.prepare() is True
    return environment


def version_in(environment: Environment) -> str:
    command = [str(environment.python), "-c", "import tiny_stand_in; print(tiny_stand_in.VERSION)"]
    return str(subprocess.run(command, capture_output=True, text=True, check=True).stdout).strip()


def test_it_installs_what_is_required(made: Environment) -> None:
    assert version_in(made) == "1.0"


def test_a_complete_one_is_left_alone(made: Environment) -> None:
    before = made.stamp.stat().st_mtime_ns
    assert made.prepare() is False
    assert made.stamp.stat().st_mtime_ns == before


def test_an_interrupted_install_is_done_again(made: Environment) -> None:
    made.stamp.unlink()
    assert not made.is_complete()
    assert made.prepare() is True
    assert made.is_complete()


def test_changed_requirements_are_installed(made: Environment) -> None:
    made.requirements.write_text(f"{tiny_wheel(made.requirements.parent, '2.0')}\n")
    assert made.prepare() is True
    assert version_in(made) == "2.0"


def test_what_pip_says_of_a_failure_is_shown_and_not_taken_for_done(made: Environment) -> None:
    good = made.requirements.read_text()
    try:
        made.requirements.write_text("./there-is-no-such-thing-1.0-py3-none-any.whl\n")
        with pytest.raises(BootstrapError, match="there-is-no-such-thing"):
            made.prepare()
        assert not made.is_complete()
    finally:
        made.requirements.write_text(good)
    assert made.prepare() is True


def test_a_broken_environment_is_made_anew(made: Environment) -> None:
    made.python.unlink()
    assert not made.is_complete()
    assert made.prepare() is True
    assert version_in(made) == "2.0"


def test_a_python_without_venv_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements.txt").touch()
    monkeypatch.setattr("scripts.bootstrap.find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(BootstrapError, match="apt install python3-venv"):
        Environment(tmp_path).prepare()


def test_an_old_python_is_told_so() -> None:
    said = complaint_about((3, 8, 10))
    assert "needs Python 3.11 or newer" in said
    assert "this is 3.8" in said
    assert complaint_about((3, 11, 0)) == complaint_about((3, 14, 1)) == complaint_about(sys.version_info[:3]) == ""


@pytest.mark.parametrize("module", READ_BY_OLD_PYTHONS)
def test_an_old_python_can_read_what_tells_it(module: str) -> None:
    source = (ROOT / "scripts" / f"{module}.py").read_text()
    tree = ast.parse(source, feature_version=(3, 6))
    top_level = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {name.name for node in top_level if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module or "" for node in top_level if isinstance(node, ast.ImportFrom)}
    outside = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}
    assert outside <= {f"scripts.{name}" for name in READ_BY_OLD_PYTHONS}


@pytest.mark.parametrize("module", READ_BY_OLD_PYTHONS)
def test_annotations_an_old_python_would_choke_on_stand_in_quotes(module: str) -> None:
    tree = ast.parse((ROOT / "scripts" / f"{module}.py").read_text())
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        for annotation in [function.returns, *(argument.annotation for argument in every)]:
            assert not isinstance(annotation, ast.Subscript | ast.BinOp), f"{module}.{function.name}"


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("Collecting torch==2.13.0 (from -r requirements.txt (line 4))", "looking up torch==2.13.0"),
        ("  Downloading torch-2.13.0-cp311-cp311-linux_x86_64.whl (190.4 MB)", "downloading torch-2.13.0 (190.4 MB)"),
        ("  Using cached rich-15.0.0-py3-none-any.whl (310 kB)", "fetched before: rich-15.0.0 (310 kB)"),
        ("Installing collected packages: a, b, c", "installing packages"),
        ("Requirement already satisfied: numpy", ""),
        ("", ""),
    ],
)
def test_pip_lines_become_steps(line: str, step: str) -> None:
    assert step_of(line) == step
