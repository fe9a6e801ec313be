"""What people open in a browser: the console, the documentation and the meaning of a problem. All of it served by us."""

from functools import cache
from pathlib import Path

from starlette.responses import Response
from swagger_ui_bundle import swagger_ui_path

from router import console_files
from router.inputs import NamePath, NoBody, NoPath, NoQuery
from router.operations import Call, Operation, Reply
from router.problems import CATALOGUE, Problem

_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# Swagger UI styles its elements inline and draws its icons as data: URLs; scripts and requests stay at home.
_DOCS_CSP = f"{_CSP}; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"
# The files change with the package only; an hour makes a second visit quick and an upgrade soon seen.
_FILE_HEADERS = {"Cache-Control": "max-age=3600"}

_START = """window.onload = function () {
  window.ui = SwaggerUIBundle({
    url: "/docs/openapi-3.0.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
};
"""
_DOCS_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Smart-Support API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_TYPES = {".css": "text/css", ".js": "text/javascript", ".png": "image/png"}
_FROM_PACKAGE = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")


@cache
def _packaged(name: str) -> bytes:
    """A megabyte at most, read once."""
    return Path(str(swagger_ui_path), name).read_bytes()


def _page(html: str, csp: str) -> Response:
    headers = {"Content-Security-Policy": csp, "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}
    return Response(html, headers=headers, media_type="text/html")


async def docs(_: Call[NoPath, NoQuery, NoBody]) -> Response:
    return _page(_DOCS_PAGE, _DOCS_CSP)


async def docs_file(call: Call[NamePath, NoQuery, NoBody]) -> Response:
    """From a list of names, so that no path can lead elsewhere."""
    name = call.path.name
    if name == "start.js":
        return Response(_START, headers=_FILE_HEADERS, media_type="text/javascript")
    if name == "openapi-3.0.json":
        return _document(call.services.documents["3.0"])
    if name in _FROM_PACKAGE:
        return Response(_packaged(name), headers=_FILE_HEADERS, media_type=_TYPES[Path(name).suffix])
    raise Problem("not-found", "the documentation has no such file")


async def openapi(call: Call[NoPath, NoQuery, NoBody]) -> Response:
    return _document(call.services.documents["3.1"])


def _document(body: bytes) -> Response:
    return Response(body, headers={"Cache-Control": "no-cache"}, media_type="application/json")


async def problem(call: Call[NamePath, NoQuery, NoBody]) -> Response:
    kind = CATALOGUE.get(call.path.name)
    if kind is None:
        raise Problem("not-found", "there is no problem of this name")
    text = f"{kind.title}\n\nHTTP status {kind.status}, type {kind.type}\n\n{kind.advice}\n"
    return Response(text, headers=_FILE_HEADERS, media_type="text/plain")


_HTML = (Reply(200, "A page", media_type="text/html"),)
_JSON = (Reply(200, "The document", media_type="application/json"),)

# Open: they say nothing that the source does not, and a browser that reads documentation has no key to send.
OPERATIONS = (
    *console_files.OPERATIONS,
    Operation("GET", "/docs", docs, "This documentation", "pages", _HTML, open=True),
    Operation(
        "GET",
        "/docs/{name}",
        docs_file,
        "The files of the documentation page",
        "pages",
        (Reply(200, "A file", media_type="*/*"),),
        problems=("not-found",),
        open=True,
    ),
    Operation("GET", "/openapi.json", openapi, "This document", "pages", _JSON, open=True),
    Operation(
        "GET",
        "/problems/{name}",
        problem,
        "What a problem means",
        "pages",
        (Reply(200, "A few lines of text", media_type="text/plain"),),
        problems=("not-found",),
        open=True,
    ),
)
