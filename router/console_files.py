"""The console page: files beside this module, served as they lie there. No build, nothing from other hosts.

Every answer has a strong ETag and `no-cache`: a browser asks each time and mostly hears 304, so that after an upgrade no old
script meets a new page. On loopback that costs a millisecond a file.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.responses import Response

from router.inputs import NamePath, NoBody, NoPath, NoQuery
from router.operations import Call, Operation, Reply
from router.problems import Problem

FOLDER = Path(__file__).with_name("console")
PAGE = "index.html"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Nothing inline and nothing from elsewhere. Trusted Types on top: customers' text could not become markup even by a slip of
# ours, since the browser refuses innerHTML and its kin.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


@dataclass(frozen=True, slots=True)
class File:
    content: bytes
    etag: str
    media_type: str


@cache
def files() -> dict[str, File]:
    """What is served, by name. Read once: a name that is not in here leads nowhere, so no path can lead elsewhere."""
    found = {path.name: _read(path, TYPES[path.suffix]) for path in FOLDER.iterdir() if path.suffix in TYPES}
    return found | {PAGE: _read(FOLDER / PAGE, "text/html; charset=utf-8")}


def _read(path: Path, media_type: str) -> File:
    content = path.read_bytes()
    return File(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"', media_type)


def _answer(file: File, wanted: str | None) -> Response:
    headers = {
        "ETag": file.etag,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": CSP,
        "Referrer-Policy": "no-referrer",
    }
    if wanted is not None and (wanted.strip() == "*" or file.etag in (tag.strip() for tag in _tags(wanted))):
        return Response(status_code=304, headers=headers)
    # Not `media_type`: Starlette would add a charset of its own.
    return Response(file.content, headers=headers | {"Content-Type": file.media_type})


def _tags(header: str) -> list[str]:
    """If-None-Match compares weakly: a proxy that compressed the file has put W/ before its tag."""
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]


async def page(call: Call[NoPath, NoQuery, NoBody]) -> Response:
    return _answer(files()[PAGE], call.headers.get("if-none-match"))


async def file(call: Call[NamePath, NoQuery, NoBody]) -> Response:
    found = files().get(call.path.name)
    if found is None or call.path.name == PAGE:
        raise Problem("not-found", "the console has no such file")
    return _answer(found, call.headers.get("if-none-match"))


# Open: they say nothing that the source does not; the page itself asks for the key that its calls need.
OPERATIONS = (
    Operation(
        "GET", "/", page, "The console for agents", "pages", (Reply(200, "A page", media_type="text/html"),), open=True
    ),
    Operation(
        "GET",
        "/console/{name}",
        file,
        "The files of the console",
        "pages",
        (Reply(200, "A file", media_type="*/*"),),
        problems=("not-found",),
        open=True,
    ),
)
