"""
browser     the system's Chromium, one for all tests here; without one they are skipped with the reason, and fail where CI is set
house       router, worker and Redis in a namespace of the test's own
make_house  further ones: `make_house(key="secret")`
window      `page = await window(house)`: a console in a browser profile of its own. A script error fails the test; `refuses`
            is part of a complaint that the browser is meant to make
rows        the tickets that `page` shows in its queue (a function to import)

All tests here share one event loop (`pytestmark` in each module): a browser belongs to the loop that started it.
"""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, async_playwright, expect

from tests.house import House

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    *("--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
# What the slowest machine may take for one step; a quick one never waits for it.
STEP_MS = 10_000

Window = Callable[..., Awaitable[Page]]
MakeHouse = Callable[..., House]


def rows(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Tickets, most urgent first").get_by_role("option")


def chromium() -> str:
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        reason = f"no Chromium on PATH (looked for {', '.join(NAMES)})"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI tests the console")
        pytest.skip(reason)
    return found


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    path = chromium()
    expect.set_options(timeout=STEP_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
def make_house(tmp_path: Path, redis_url: str, namespace: str) -> Iterator[MakeHouse]:
    houses: list[House] = []

    def make(*, redis_url: str = redis_url, **options: str) -> House:
        house = House(tmp_path, redis_url, f"{namespace}-{len(houses)}", **options)
        houses.append(house)
        house.start()
        return house

    yield make
    for house in houses:
        house.close()


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    return make_house()


@pytest_asyncio.fixture(loop_scope="package")
async def window(browser: Browser) -> AsyncIterator[Window]:
    contexts = []
    errors: list[str] = []
    # Chromium itself reports refused calls and cut sockets as errors; those are the tests' own doing.
    expected = ["Failed to load", "WebSocket"]

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(word in message.text for word in expected):
            errors.append(message.text)

    async def opened(house: House, *, agent: str | None = None, refuses: str | None = None, **options: Any) -> Page:
        expected.extend([refuses] if refuses else [])
        context = await browser.new_context(**{"viewport": {"width": 1400, "height": 860}, **options})
        contexts.append(context)
        context.set_default_timeout(STEP_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", heard)
        await page.goto(house.url)
        if agent:
            await page.get_by_role("button", name=agent, exact=True).click()
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert errors == []
