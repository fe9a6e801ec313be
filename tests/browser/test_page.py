"""The page as such: names and roles, few elements however long the queue, narrow screens, no motion where none is wanted."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Window, rows
from tests.house import House

pytestmark = pytest.mark.asyncio(loop_scope="package")

NAMELESS = """() => [...document.querySelectorAll("button, a, input, select, textarea, [role=listbox], [role=tab]")]
    .filter(node => node.checkVisibility())
    .filter(node => !(node.getAttribute("aria-label") || node.labels?.length || node.textContent.trim()))
    .map(node => node.outerHTML)"""
DOUBLED_IDS = """() => { const ids = [...document.querySelectorAll("[id]")].map(node => node.id);
    return ids.filter((id, at) => ids.indexOf(id) !== at) }"""
DEAD_REFERENCES = """() => [...document.querySelectorAll("[aria-controls], [aria-labelledby], [aria-activedescendant]")]
    .flatMap(node => ["aria-controls", "aria-labelledby", "aria-activedescendant"].map(name => node.getAttribute(name)))
    .filter(id => id && !document.getElementById(id))"""


async def sound(page: Page) -> None:
    for fault in (NAMELESS, DOUBLED_IDS, DEAD_REFERENCES):
        assert await page.evaluate(fault) == []


async def test_everything_has_a_name_and_a_role(house: House, window: Window) -> None:
    house.submit("Technical outage", "Nobody can log in.")
    page = await window(house)
    await sound(page)
    await page.get_by_role("button", name="Agent1", exact=True).click()
    await page.keyboard.press("j")
    await sound(page)
    await page.keyboard.press("n")
    await expect(page.get_by_role("timer", name="Time left of your lease")).to_be_visible()
    await sound(page)
    await page.keyboard.press("?")
    await sound(page)
    await page.keyboard.press("Escape")
    assert await page.locator("html").get_attribute("lang") == "en"
    for region in ("Queue", "Ticket in hand", "Pulse"):
        await expect(page.get_by_role("region", name=region)).to_be_visible()
    await expect(page.locator("#spoken")).to_have_attribute("aria-live", "polite")


async def test_the_focus_goes_everywhere_and_is_seen(house: House, window: Window) -> None:
    house.submit("Technical outage")
    page = await window(house, agent="Agent1")
    await page.keyboard.press("n")
    await expect(page.locator("#ticket-pane .ring")).to_be_visible()
    await page.locator(".skip-link").focus()
    seen = (
        "(s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2)(getComputedStyle(document.activeElement))"
    )
    order = []
    while (
        place := await page.evaluate("document.activeElement.id || document.activeElement.textContent")
    ) not in order:
        assert await page.evaluate(seen), place
        order.append(place)
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement === document.body"):
            break  # round once
    wanted = ["agent", "next", "search", "queue-list", "reply", "resolve"]
    assert [place for place in order if place in wanted] == wanted


async def test_however_many_wait_only_what_is_seen_is_drawn(house: House, window: Window) -> None:
    house.flood(1_000)
    page = await window(house)
    await expect(page.locator("#queue-count")).to_have_text("1,000")
    listed = page.locator("#queue-list")
    chosen = listed.get_by_role("option", selected=True)
    await listed.press("Home")
    for loaded in ("200", "400", "600", "800"):
        await expect(page.locator("#queue-foot")).to_contain_text(f"{loaded} of 1,000 loaded")
        await listed.press("End")
    await expect(page.locator("#queue-foot")).to_be_hidden()
    await listed.press("End")
    await expect(chosen).to_have_attribute("aria-setsize", "1000")
    await expect(chosen).to_have_attribute("aria-posinset", "1000")
    await expect(chosen).to_be_in_viewport()
    assert await page.locator(".row").count() < 60


async def test_on_a_narrow_screen_the_columns_are_tabs(house: House, window: Window) -> None:
    house.submit("Technical outage")
    page = await window(house, viewport={"width": 390, "height": 800})
    await expect(page.get_by_role("tab")).to_have_count(3)
    await page.get_by_role("tab", name="Queue").click()
    await expect(rows(page).filter(has_text="Technical outage")).to_be_visible()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("region", name="Pulse")).to_be_visible()
    await expect(page.get_by_role("region", name="Queue")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_nothing_moves_where_no_motion_is_wanted(house: House, window: Window) -> None:
    page = await window(house, agent="Agent1", reduced_motion="reduce")
    await expect(page.locator("#queue-empty")).to_be_visible()
    assert await page.evaluate("document.getAnimations().length") == 0
