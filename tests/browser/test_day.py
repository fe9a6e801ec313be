"""An agent's day at the console."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import MakeHouse, Window, rows
from tests.house import House

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def held(page: Page) -> str:
    """The id of the ticket in hand."""
    await expect(page.locator("#ticket-pane .ring")).to_be_visible()
    found = await page.locator("#ticket-pane").get_attribute("data-id")
    assert found is not None
    return found


async def answer(page: Page) -> None:
    """Resolve what is in hand, and let it go out at once."""
    await page.keyboard.press("Control+Enter")
    await page.get_by_role("button", name="Do it now").click()
    await expect(page.locator("[data-later]")).to_have_count(0)


async def test_from_its_arrival_to_its_answer(house: House, window: Window) -> None:
    page = await window(house, agent="Agent1")
    await expect(page.locator("#queue-empty")).to_have_text("Nothing is waiting.")
    ticket_id = house.submit("Technical outage", "Nobody can log in.", requester="ana@example.com")
    row = rows(page).filter(has_text="Technical outage")
    await expect(row).to_be_visible()  # without a reload
    await expect(row.locator(".number")).to_have_text(".95")

    await page.get_by_role("banner").get_by_role("button", name="Next ticket").click()
    await expect(page.locator(".subject")).to_have_text("Technical outage")
    await expect(page.locator(".passage").first).to_have_text("Nobody can log in.")
    await expect(page.locator(".verdict li").first).to_have_text("Says 'outage'")
    assert await held(page) == ticket_id

    await page.get_by_role("button", name="Correct").click()
    await page.get_by_role("dialog").get_by_role("button", name="Billing").click()
    await expect(page.locator(".labels")).to_contain_text("Billing")
    assert house.ticket(ticket_id)["category"] == "Billing"

    await page.get_by_role("textbox", name="Reply").fill("We are on it.")
    await page.get_by_role("button", name="Reply and resolve").click()
    await expect(page.get_by_role("heading", name="No ticket in hand")).to_be_visible()
    assert house.ticket(ticket_id)["status"] == "claimed", "it can still be called back"
    await page.get_by_role("button", name="Do it now").click()
    await expect(row).to_have_count(0)
    await expect(page.locator("[data-later]")).to_have_count(0)
    ticket = house.ticket(ticket_id)
    assert (ticket["status"], ticket["response"]) == ("resolved", "We are on it.")


async def test_two_windows_never_hold_the_same_ticket(house: House, window: Window) -> None:
    """Twelve for nine slots: what is left over is nobody's, and both reach for it."""
    for number in range(12):
        house.submit(f"Technical question {number}")
    pages = [await window(house, agent=name) for name in ("Agent1", "Agent2")]
    seen: list[str] = []
    for _ in range(4):
        await asyncio.gather(*(page.keyboard.press("n") for page in pages))
        now = await asyncio.gather(*(held(page) for page in pages))
        assert [house.ticket(ticket_id)["assigned_agent"] for ticket_id in now] == ["Agent1", "Agent2"]
        seen += now
        await asyncio.gather(*(answer(page) for page in pages))
    assert len(set(seen)) == len(seen) == 8
    assert {house.ticket(ticket_id)["status"] for ticket_id in seen} == {"resolved"}


async def test_with_the_keyboard_alone(house: House, window: Window) -> None:
    first, second = house.submit("Technical emergency"), house.submit("Technical wish")
    page = await window(house)
    await page.get_by_role("button", name="Agent1", exact=True).focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("n")
    assert await held(page) == first
    await page.keyboard.press("c")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("l")
    await expect(page.locator(".labels")).to_contain_text("Legal")
    await page.keyboard.press("r")
    await page.keyboard.press("Control+a")  # the suggestion
    await page.keyboard.type("nNsSzZ are only letters here")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-later]")).to_be_visible()

    await page.keyboard.press("u")
    assert await held(page) == first
    await expect(page.get_by_role("textbox", name="Reply")).to_have_value("nNsSzZ are only letters here")
    assert house.ticket(first)["status"] == "claimed"

    await page.keyboard.press("s")
    await page.keyboard.press("1")
    await page.keyboard.press("n")
    assert await held(page) == second
    await page.keyboard.press("z")
    await page.keyboard.press("2")
    assert await page.locator("[data-later]").count() == 2
    for _ in range(2):
        await page.get_by_role("button", name="Do it now").first.click()
    await expect(page.locator("[data-later]")).to_have_count(0)
    assert house.ticket(second)["status"] == "snoozed"
    assert house.ticket(first)["status"] == "completed"

    await page.keyboard.press("/")
    await page.keyboard.type("emergency")
    await page.keyboard.press("Enter")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page.locator(".hint")).to_contain_text("Only looking: ready.")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await expect(page.locator(".hint")).to_have_count(0)


async def test_a_reload_loses_neither_the_ticket_nor_the_text(house: House, window: Window) -> None:
    ticket_id = house.submit("Technical question")
    page = await window(house, agent="Agent1")
    await page.keyboard.press("n")
    assert await held(page) == ticket_id
    await page.get_by_role("textbox", name="Reply").fill("Half a sen")
    await page.get_by_role("button", name="Keep longer").focus()  # leaving the field keeps its text
    await page.reload()
    assert await held(page) == ticket_id
    await expect(page.get_by_role("textbox", name="Reply")).to_have_value("Half a sen")
    await page.keyboard.press("r")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-later]")).to_be_visible()
    await page.reload()  # what waits to be called back goes out with the page
    await expect(page.locator("#queue-empty")).to_be_visible()
    ticket = house.ticket(ticket_id)
    assert (ticket["status"], ticket["response"]) == ("resolved", "Half a sen")


async def test_a_lost_lease_is_said_and_the_text_is_kept(make_house: MakeHouse, window: Window) -> None:
    house = make_house(CLAIM_LEASE_SECONDS="1.5")
    house.submit("Technical question")
    page = await window(house, agent="Agent1")
    await page.keyboard.press("n")
    await held(page)
    await page.get_by_role("textbox", name="Reply").fill("Too slow")
    await expect(page.locator(".hint")).to_contain_text("no longer yours")
    await expect(page.get_by_role("textbox", name="Reply")).to_have_value("Too slow")
    await expect(page.get_by_role("button", name="Reply and resolve")).to_be_disabled()
    await page.get_by_role("button", name="Put away").click()
    await expect(page.get_by_role("heading", name="No ticket in hand")).to_be_visible()
