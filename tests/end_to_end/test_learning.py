"""Agents correct, the house learns, and a bad batch is taken back: real processes, the packaged model, a label set of our own."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.house import House

PATIENCE_S = 60.0
# One label whose name misleads: by its words "Front desk" is about desks, and no description line says what these agents file there.
CATEGORIES = {
    "Rooms": "the room itself: bed, shower, heating, noise",
    "Food": "breakfast, restaurant, bar and room service",
    "Front desk": "front desk",
}
LATE = (
    "Can we check out at two instead of eleven?",
    "Our flight leaves at night, may we keep the room until six?",
    "We would like to leave later than checkout time on Sunday",
    "Late checkout please, room 214",
    "Is it possible to stay in the room until the afternoon of our departure?",
    "Could my parents keep their room till 3 pm on the last day?",
    "Checkout at eleven is too early for us, can we have until one?",
    "My train goes at five, I need the room until four",
    "What does a late departure from the room cost?",
    "Extend our departure time on Friday, please",
    "Please let us sleep in, we want to vacate the room at noon",
    "Can I pay for a few more hours in my room on the last day?",
)
ROOMS = (
    "The shower in our room is cold",
    "There is no heating in the room",
    "The bed is broken",
    "The air conditioning rattles all night",
    "Our neighbours are very loud",
    "The window in the bathroom does not close",
    "The mattress is far too soft for my back",
    "Water drips from the ceiling",
)
FOOD = (
    "Breakfast was cold",
    "The restaurant forgot our order",
    "Is there vegan food at breakfast?",
    "The bar charged us for two drinks too many",
    "Room service took an hour to bring a sandwich",
    "I am allergic to nuts, what can I eat?",
    "The coffee tastes burnt",
    "Can we book a table for eight?",
)
NEW = "We would love to check out late, at three, on the day we leave"


@pytest.fixture
def house(redis_url: str, namespace: str, tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, redis_url, namespace, ENGINE="minilm", CATEGORIES=json.dumps(CATEGORIES))
    house.start()
    yield house
    house.close()


def eventually(condition: Callable[[], Any]) -> Any:
    give_up = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < give_up, "it did not come true in time"
        time.sleep(0.1)
    return found


def models(house: House) -> dict[str, Any]:
    answer = house.api.get("/models")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def judged(house: House, subject: str) -> dict[str, Any]:
    return house.ticket(house.submit(subject))


def file_under(house: House, label: str, subjects: tuple[str, ...], batch: str = "first") -> None:
    for number, subject in enumerate(subjects):
        # Ids of our own: they decide which corrections are held back.
        ticket_id = house.submit(subject, ticket_id=f"{batch}-{label[:4]}-{number}")
        answer = house.api.patch(f"/tickets/{ticket_id}", json={"category": label})
        assert answer.status_code == 200, answer.text


def settled(house: House) -> dict[str, Any] | None:
    """Once every correction has been read, and a version knows all of them."""
    held = models(house)
    newest = held["versions"][0]
    counted = newest["examples"] + sum(newest["held_back"][kind]["n"] for kind in ("corrections", "agreements"))
    return held if not held["examples_waiting"] and counted == held["examples"] else None


def test_corrections_change_what_comes_next_and_a_rollback_undoes_it(house: House) -> None:
    eventually(lambda: models(house)["engines"][0]["model"] == "ready")
    before = judged(house, NEW)
    assert before["category"] != "Front desk" and "lessons" not in before["model_version"]
    assert [version["version"] for version in models(house)["versions"]] == [0]

    for label, subjects in (("Front desk", LATE), ("Rooms", ROOMS), ("Food", FOOD)):
        file_under(house, label, subjects)
    held = eventually(lambda: settled(house))
    good = held["active"]
    newest = held["versions"][0]
    assert held["examples"] == 28 and newest["version"] == good and newest["changes"] and newest["active"]
    scored = newest["held_back"]["corrections"]
    assert scored["right"] >= scored["prior_right"] and newest["examples"] == 28 - scored["n"]

    after = eventually(lambda: (found := judged(house, NEW))["model_version"].endswith(f"+lessons-{good}") and found)
    assert after["category"] == "Front desk" and 0 < after["confidence"] <= 1
    alone = before["category"]
    assert after["reasons"][-1] == (
        f"Agents filed tickets like this one under Front desk, the model alone would say {alone}"
    )

    wrong = "Rooms" if alone == "Food" else "Food"
    file_under(house, wrong, LATE * 3, "bad")
    worse = eventually(lambda: (found := settled(house)) and found["active"] > good and found)
    assert eventually(lambda: judged(house, NEW)["category"] != "Front desk"), worse["versions"][:2]
    answer = house.api.post("/models/rollback", json={"version": good})
    assert answer.status_code == 200, answer.text
    back = answer.json()
    assert back["active"] > worse["active"] and back["versions"][0]["equals"] == good
    assert back["examples"] == 28 and back["examples_set_aside"] == 36
    again = eventually(
        lambda: (found := judged(house, NEW))["model_version"].endswith(f"+lessons-{back['active']}") and found
    )
    assert (again["category"], again["confidence"]) == (after["category"], after["confidence"])

    house.api.post("/models/rollback", json={"version": 0}).raise_for_status()
    last = eventually(lambda: (found := judged(house, NEW))["category"] == alone and found)
    assert last["confidence"] == before["confidence"]
    assert models(house)["examples"] == 0
