"""What the page shows and keeps while the house behind it is away."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import MakeHouse, Window, rows
from tests.house import House
from tests.redis_server import RedisServer

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_it_comes_back_by_itself_after_the_api_restarted(house: House, window: Window) -> None:
    page = await window(house, agent="Agent1")
    await expect(page.locator("#link")).to_have_attribute("data-state", "live")
    house.submit("Technical question before")
    await page.keyboard.press("n")
    await expect(page.locator(".subject")).to_have_text("Technical question before")
    house.stop_part("router")
    await expect(page.locator(".banner")).to_contain_text("The API is away since")
    await page.keyboard.press("r")
    await page.keyboard.type("Written during the outage")
    await page.keyboard.press("Control+Enter")
    await page.get_by_role("button", name="Do it now").click()
    await expect(page.locator("[data-later]")).to_contain_text("waits for the API")

    house.start_part("router")
    house.wait_until_ready()
    missed = house.submit("Technical question after")
    await expect(page.locator(".banner")).to_have_count(0)
    await expect(page.locator("#link")).to_have_attribute("data-state", "live")
    await expect(page.locator("[data-later]")).to_have_count(0)
    await expect(rows(page).filter(has_text="Technical question after")).to_have_count(1)
    await expect(rows(page).filter(has_text="Technical question before")).to_have_count(0)
    resolved = house.api.get("/stats").json()["by_status"]["resolved"]
    assert (resolved, house.ticket(missed)["status"]) == (1, "completed")


async def test_what_is_away_is_said_and_passes(make_house: MakeHouse, window: Window, own_redis: RedisServer) -> None:
    house = make_house(redis_url=own_redis.url)
    house.submit("Technical question")
    page = await window(house)
    row = rows(page).filter(has_text="Technical question")
    await expect(row).to_be_visible()
    house.stop_part("worker")
    own_redis.stop()
    await expect(page.locator(".banner")).to_contain_text("Redis is away since")
    await expect(row).to_be_visible()  # what was there can be read on
    own_redis.start()
    # The API calls a worker gone after some silence.
    await expect(page.locator(".banner")).to_contain_text("No worker is at work", timeout=30_000)
    house.start_part("worker")
    await expect(page.locator(".banner")).to_have_count(0)
