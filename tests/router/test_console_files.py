"""The console's files as they are served: small, strict, asked for again and mostly not sent again."""

import re

import httpx
import pytest

from broker import Broker
from router.app import create_app
from router.config import RouterConfig
from router.console_files import FOLDER, PAGE, TYPES, files

# What the page may weigh in all: a tenth of a second on a poor line.
MOST_BYTES = 150_000
SERVED = sorted(name for name in files() if name != PAGE)


def test_the_whole_page_is_small() -> None:
    assert sum(len(file.content) for file in files().values()) < MOST_BYTES


def test_modules_have_one_reason_each() -> None:
    for path in FOLDER.glob("*.js"):
        assert len(path.read_text().splitlines()) <= 250, path.name


@pytest.mark.parametrize("name", SERVED)
async def test_each_file_is_served_with_its_type(asgi: httpx.AsyncClient, name: str) -> None:
    answer = await asgi.get(f"/console/{name}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == TYPES[name[name.rindex(".") :]]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content == (FOLDER / name).read_bytes()


@pytest.mark.parametrize("path", ["/", "/console/main.js"])
async def test_what_has_not_changed_is_not_sent_again(asgi: httpx.AsyncClient, path: str) -> None:
    first = await asgi.get(path)
    assert first.headers["Cache-Control"] == "no-cache"
    tag = first.headers["ETag"]
    for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await asgi.get(path, headers={"If-None-Match": asked})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    changed = await asgi.get(path, headers={"If-None-Match": '"other"'})
    assert (changed.status_code, changed.content) == (200, first.content)


async def test_nothing_inline_and_nothing_from_elsewhere(asgi: httpx.AsyncClient) -> None:
    page = await asgi.get("/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    rules = dict(rule.split(" ", 1) for rule in page.headers["Content-Security-Policy"].split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", page.text)
    for name, file in files().items():
        text = file.content.decode()
        addresses = re.findall(r"""\w+://[^\s"'`]+|["'(]//[^\s"'`]+""", text)
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}, name


@pytest.mark.parametrize("name", SERVED)
def test_everything_a_file_asks_for_is_there(name: str) -> None:
    text = files()[name].content.decode()
    for wanted in re.findall(r'from "\./([^"]+)"', text):
        assert wanted in files()


def test_no_file_is_left_over() -> None:
    asked = re.findall(r'/console/([\w.]+)"', files()[PAGE].content.decode())
    for name in asked:  # grows while it is read
        asked += [new for new in re.findall(r'from "\./([^"]+)"', files()[name].content.decode()) if new not in asked]
    assert sorted(set(asked)) == SERVED


@pytest.mark.parametrize("name", ["index.html", "console.png", "..%2fapp.py", "%2e%2e", "main.js.map", "x" * 101])
async def test_no_other_file_can_be_had(asgi: httpx.AsyncClient, name: str) -> None:
    assert (await asgi.get(f"/console/{name}")).status_code in {404, 422}


async def test_the_page_opens_without_a_key(broker: Broker) -> None:
    app = create_app(broker, RouterConfig(api_keys=("k",)))
    async with httpx.AsyncClient(base_url="http://api", transport=httpx.ASGITransport(app)) as client:
        assert [(await client.get(path)).status_code for path in ("/", "/console/main.js", "/queue")] == [200, 200, 401]
