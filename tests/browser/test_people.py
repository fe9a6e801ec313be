"""Who sits at the console, and what many tickets have in common."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import MakeHouse, Window, rows
from tests.house import House

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_new_agent_makes_themselves_known_and_is_seen(house: House, window: Window) -> None:
    house.submit("Legal question")
    page = await window(house)
    await page.get_by_role("button", name="New agent").click()
    dialog = page.get_by_role("dialog", name="New agent")
    await dialog.get_by_label("Name").fill("/slash")
    await dialog.get_by_role("button", name="Create").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("A name begins with")
    await dialog.get_by_label("Name").fill("Zoë O'Hara")
    await dialog.get_by_label("Legal").select_option("very well")
    await dialog.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("combobox", name="Agent")).to_have_value("Zoë O'Hara")
    await expect(page.locator(".person").filter(has_text="Zoë O'Hara (you)")).to_be_visible()
    agent = house.api.get("/agents/Zoë O'Hara").json()
    assert (agent["skills"]["Legal"], agent["status"]) == (0.9, "online")

    async with page.expect_response("**/heartbeat") as beat:
        await page.get_by_role("button", name="Online").click()
    assert (await (await beat.value).json())["status"] == "away"
    assert house.api.get("/agents/Zoë O'Hara").json()["status"] == "away"


async def test_an_incident_is_seen_acknowledged_and_settled(make_house: MakeHouse, window: Window) -> None:
    house = make_house(FLOOD_THRESHOLD="3")
    page = await window(house)
    for _ in range(4):
        house.submit("Checkout shows error 503 to every customer", "Payments fail since the morning release.")
    incident = page.locator(".incident")
    await expect(incident).to_contain_text("Checkout shows error 503")
    await expect(incident.locator(".figure")).to_have_text("4")
    await incident.get_by_role("button", name="Acknowledge").click()
    await expect(incident).to_contain_text("somebody is on it")
    await incident.get_by_role("button", name="Checkout shows error").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("listitem")).to_have_count(4)
    await dialog.get_by_role("button", name="Take").first.click()
    await expect(incident.locator(".figure")).to_have_text("3")

    await incident.get_by_role("button", name="Resolve all").click()
    await page.get_by_role("button", name="Do it now").click()
    await expect(incident).to_have_count(0)
    await expect(rows(page)).to_have_count(1)  # the one taken out
    assert house.api.get("/stats").json()["by_status"]["resolved"] == 3


async def test_what_was_answered_before_helps_with_the_next(house: House, window: Window) -> None:
    before = house.submit("Technical question about exports", requester="ana@example.com")
    lease = house.api.post("/tickets/next").json()["lease"]
    answer = {"lease_token": lease["token"], "response": "Use the export page."}
    assert house.api.post(f"/tickets/{before}/resolve", json=answer).status_code == 200
    house.submit("Technical question again", requester="ana@example.com")
    page = await window(house, agent="Agent1")
    await page.keyboard.press("n")
    related = page.get_by_role("region", name="What may help")
    await expect(related.get_by_role("heading", name="From the same person")).to_be_visible()
    await expect(related.get_by_role("heading", name="Answered lately in Technical")).to_be_visible()
    await related.get_by_role("button", name="Technical question about exports").first.click()
    await expect(page.locator(".hint")).to_contain_text("Only looking: resolved.")
    await expect(page.locator(".verdict")).to_contain_text("Use the export page.")
    await page.get_by_role("button", name="Reopen").click()
    await expect(rows(page).filter(has_text="about exports")).to_be_visible()
    await expect(page.locator(".subject")).to_have_text("Technical question again")  # back to the one in hand
    assert house.ticket(before)["status"] == "completed"
