"""From a bare checkout to a `.venv` that holds requirements.txt. Standard library only.

This module must parse, and import, on a Python far too old to run the rest, or nobody would ever read the sentence that
says so. So its syntax is Python 3.6's, and generics in annotations stand in quotes.
"""

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from scripts.pip_progress import PipFailed, run_pip

if sys.platform != "win32":
    import fcntl

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)

NO_VENV = (
    "This Python can't make virtual environments: its venv or ensurepip module is missing. "
    "On Debian or Ubuntu: apt install python3-venv. Then start again."
)


class BootstrapError(Exception):
    """The environment can't be made; the text says what to do."""


def complaint_about(version: "tuple[int, ...]") -> str:
    """The sentence for a Python that is too old, or nothing."""
    if tuple(version[:2]) >= OLDEST_PYTHON:
        return ""
    return (
        f"Smart-Support needs Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer; "
        f"this is {version[0]}.{version[1]}. Start it with a newer one, for example: python3.12 -m scripts.start"
    )


class Environment:
    """The virtual environment of a checkout: `root/.venv`, filled from `root/requirements.txt`.

    It is complete when its stamp names the requirements' hash and the Python inside. The stamp is taken away before an
    install and written after it, so an interrupted one is done again.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self.requirements = root / "requirements.txt"
        self.folder = root / ".venv"
        self.python = self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.stamp = self.folder / "smart-support.stamp"

    def is_current_process(self) -> bool:
        return Path(sys.prefix).resolve() == self.folder.resolve()

    def is_complete(self) -> bool:
        try:
            return self.stamp.read_text() == self._wanted_stamp()
        except OSError:
            return False

    def prepare(self) -> bool:
        """Make and fill it unless it is complete; True when something was installed. Raises BootstrapError."""
        if self.is_complete():
            return False
        self.folder.mkdir(exist_ok=True)
        with self._sole_installer():
            if self.is_complete():  # another start did it while we waited
                return True
            with contextlib.suppress(FileNotFoundError):
                self.stamp.unlink()
            if not self._has_pip():
                self._create()
            try:
                run_pip([str(self.python), "-m", "pip", "install", "-r", str(self.requirements)])
            except PipFailed as failure:
                raise BootstrapError(
                    f"Installing requirements.txt failed; the last lines of pip:\n{failure}\n"
                    "If the network or the disk was the reason, start again when it is back."
                ) from failure
            self.stamp.write_text(self._wanted_stamp())
        return True

    def _wanted_stamp(self) -> str:
        digest = hashlib.sha256(self.requirements.read_bytes()).hexdigest()
        return f"requirements sha256 {digest}\npython {self._version_inside()}\n"

    def _version_inside(self) -> str:
        """The Python in the folder, or "none" when it is missing, broken or too old."""
        asked = "import sys; print(*sys.version_info[:3], sep='.')"
        shown = self._run(str(self.python), "-c", asked)
        version = shown.stdout.strip() if shown is not None and shown.returncode == 0 else ""
        too_old = not version or complaint_about(tuple(int(part) for part in version.split(".")))
        return "none" if too_old else version

    def _has_pip(self) -> bool:
        if self._version_inside() == "none":
            return False
        shown = self._run(str(self.python), "-m", "pip", "--version")
        return shown is not None and shown.returncode == 0

    def _create(self) -> None:
        if self.is_current_process():
            raise BootstrapError("The .venv has no pip. Delete the folder and start with the system's Python.")
        if find_spec("venv") is None or find_spec("ensurepip") is None:
            raise BootstrapError(NO_VENV)
        print("making .venv", file=sys.stderr, flush=True)
        made = self._run(sys.executable, "-m", "venv", "--clear", str(self.folder))
        if made is None or made.returncode != 0:
            said = "" if made is None else (made.stdout + made.stderr).strip()
            raise BootstrapError(NO_VENV if "ensurepip" in said else f"Making .venv failed:\n{said[-2000:]}")

    @staticmethod
    def _run(*command: str) -> "subprocess.CompletedProcess[str] | None":
        """The finished command, or None when it can't be run at all."""
        try:
            return subprocess.run(command, capture_output=True, text=True)  # noqa: S603 - no shell, no outside words
        except OSError:
            return None

    @contextlib.contextmanager
    def _sole_installer(self) -> "Iterator[None]":
        """Two starts at once must not fill one folder. The folder itself is locked: emptying it keeps the lock."""
        if sys.platform == "win32":
            yield
            return
        folder = os.open(str(self.folder), os.O_RDONLY)
        try:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("another start is installing; waiting for it", file=sys.stderr, flush=True)
                fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def run_inside(environment: Environment, module: str, arguments: "list[str]") -> None:
    """Become `python -m module` of the environment; does not return."""
    command = [str(environment.python), "-m", module, *arguments]
    os.chdir(str(environment.folder.parent))
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":  # exec there returns to the shell at once, while the program runs on
        sys.exit(subprocess.call(command))  # noqa: S603 - our own command
    os.execv(command[0], command)  # noqa: S606 - our own command, no shell wanted


def enter(module: str, arguments: "list[str]") -> None:
    """Return when this process runs on a complete environment; otherwise make one and start `module` over in it.

    Exits with a sentence when the Python is too old or the environment can't be made.
    """
    complaint = complaint_about(sys.version_info[:3])
    if complaint:
        sys.exit(complaint)
    environment = Environment()
    try:
        installed = environment.prepare()
    except BootstrapError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted; the next start goes on from here.")
    if installed or not environment.is_current_process():
        run_inside(environment, module, arguments)
