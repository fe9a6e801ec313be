"""What customers write stays text, and what needs a key asks for it."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import MakeHouse, Window, rows
from tests.house import House

pytestmark = pytest.mark.asyncio(loop_scope="package")

HOSTILE = "<script>window.hit=1</script><img src=x onerror='window.hit=1'><b>bold</b>"
# An override turns the rest of a line around, in a neighbour too where it is not isolated.
OVERRIDE = "invoice \u202efdp.exe\u2066 {{constructor}} ${hit}"
RIGHT_TO_LEFT = "הכניסה לחשבון לא עובדת מאז הבוקר"


async def test_hostile_text_is_shown_as_text_and_nothing_runs(house: House, window: Window) -> None:
    house.submit(
        f"Technical outage {HOSTILE}", f"{HOSTILE}\n{OVERRIDE}", requester=HOSTILE, metadata={HOSTILE: HOSTILE}
    )
    page = await window(house, agent="Agent1")
    row = rows(page).first
    await expect(row.locator(".first")).to_contain_text("<script>window.hit=1</script>")
    await page.keyboard.press("n")
    await expect(page.locator(".subject")).to_have_text(f"Technical outage {HOSTILE}")
    assert await page.locator(".passage").first.text_content() == f"{HOSTILE}\n{OVERRIDE}"
    await page.get_by_text("Sent along (1)").click()
    await expect(page.locator(".pairs dd")).to_have_text(HOSTILE)
    assert await page.evaluate("window.hit") is None
    assert await page.locator("main img, main b, main script").count() == 0


async def test_the_browser_itself_refuses_markup_and_foreign_scripts(house: House, window: Window) -> None:
    """The belt beside the braces: even a slip of ours would not become markup."""
    page = await window(house, refuses="requires 'TrustedHTML'")
    slips = """() => ["innerHTML", "outerHTML"].map(way => {
        try { document.createElement("p")[way] = "<b>x</b>"; return "took it" } catch (error) { return error.name }
    })"""
    assert await page.evaluate(slips) == ["TypeError", "TypeError"]


async def test_huge_text_neither_breaks_the_layout_nor_costs_the_page(house: House, window: Window) -> None:
    text = "W" * 10_000 + " " + "line\n" * 15_000
    house.submit(f"Technical outage {'V' * 900}", text, requester="r" * 300)
    page = await window(house, agent="Agent1")
    await page.keyboard.press("n")
    await expect(page.locator(".passage").first).to_be_visible()
    wide = (
        "[...document.querySelectorAll('main *')].filter(n => n.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert await page.evaluate(wide) == 0
    assert len(await page.locator(".passage").first.text_content() or "") < 10_000
    await expect(page.get_by_role("button", name="Reply and resolve")).to_be_in_viewport()
    await page.get_by_role("button", name="Show all 85,001 characters").click()
    assert len(await page.locator(".passage").first.text_content() or "") == 85_001


async def test_text_runs_in_its_own_direction_and_turns_nobody_else_around(house: House, window: Window) -> None:
    house.submit(f"{RIGHT_TO_LEFT} Technical outage")
    page = await window(house, agent="Agent1")
    first = rows(page).first
    await expect(first.locator(".first")).to_have_css("direction", "rtl")
    await expect(first.locator(".since")).to_have_css("direction", "ltr")
    await page.keyboard.press("n")
    await expect(page.locator(".subject")).to_have_css("direction", "rtl")
    await expect(page.locator(".labels")).to_have_css("direction", "ltr")


async def test_the_key_is_asked_for_and_kept_in_this_window_only(make_house: MakeHouse, window: Window) -> None:
    house = make_house(key="s3cret-key")
    house.submit("Technical outage")
    page = await window(house)
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("API key")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_visible()
    await page.keyboard.type("wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("That key is not a valid one.")).to_be_visible()
    await page.keyboard.type("s3cret-key")
    await page.keyboard.press("Enter")
    await expect(rows(page).filter(has_text="Technical outage")).to_be_visible()
    await expect(dialog).to_have_count(0)
    await expect(page.locator("#link")).to_have_attribute("data-state", "live")  # the socket took the key too
    await page.reload()
    await expect(page.get_by_role("button", name="Agent1", exact=True)).to_be_visible()
    assert await page.evaluate("JSON.stringify(localStorage) + document.cookie") == "{}"
    assert await page.evaluate("Object.values(sessionStorage)") == ["s3cret-key"]
