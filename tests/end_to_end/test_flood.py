"""A flood that everybody words differently, on the real thing: router, workers and the packaged model as processes."""

import json
import time
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.house import House

PATIENCE_S = 90.0

FLOOD = [
    "Card payments fail at checkout in your shop app, error P-41. It worked yesterday evening.",
    "I can't pay! Every time I press Pay now it says payment could not be processed, P-41.",
    "Checkout keeps refusing my card with error P-41. I tried two banks, both cards are fine elsewhere.",
    "Paying is broken since this morning: 'payment could not be processed' for my Visa and for my husband's Mastercard.",
    "Your shop app rejects all card payments today, code P-41, also on my colleague's phone.",
    "Payment error P-41 at checkout",
    "None of our customers can pay by card in the app since eight o'clock, they all get a payment error.",
    "tried to pay five times, card declined every time with P-41, my bank says nothing ever reached them",
    "Hello, my order can't be completed because the card payment fails at the last step of the checkout.",
    "The checkout does not take any card this morning. Error message: payment could not be processed.",
    "card payment not working in the app, P-41 again and again, please fix the checkout",
    "We run three tills on your app and card payments are refused on all of them with error P-41.",
    "Cannot finish checkout, the payment is refused with P-41 whichever card I enter.",
    "Payment fails in the shop app for everyone in our office today, same code P-41.",
]
UNRELATED = [
    "Could you send me last year's invoices as one PDF file for my accountant?",
    "How do I change the language of the newsletter to French?",
    "The dark theme makes the calendar unreadable on my tablet.",
    "Please delete all personal data that you hold about me under the GDPR.",
    "Would it be possible to sort wish lists by date of birth of the child?",
    "The parcel arrived with a broken vase in it, who collects it?",
]


@pytest.fixture
def house(tmp_path: Path, redis_url: str, namespace: str) -> Iterator[House]:
    house = House(tmp_path, redis_url, namespace, ENGINE="minilm")
    try:
        house.start()
        eventually(lambda: bool(house.api.get("/health/deep").json()["parts"]["models"]["status"] == "ok"))
        yield house
    finally:
        house.close()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.1)


def nothing_left_to_judge(house: House) -> bool:
    states = house.api.get("/stats").json()["conservation"]
    return bool(states["pending"] + states["processing"] == 0)


def test_a_differently_worded_flood_folds(house: House) -> None:
    pairs = zip_longest(FLOOD, UNRELATED)
    texts = {f"t{n}": text for n, text in enumerate(text for pair in pairs for text in pair if text)}
    lines = [json.dumps({"ticket_id": ticket_id, "body": text}) for ticket_id, text in texts.items()]
    answer = house.api.post("/tickets/bulk", content="\n".join(lines), headers={"Content-Type": "application/x-ndjson"})
    assert answer.json()["accepted"] == len(texts)
    eventually(lambda: nothing_left_to_judge(house))
    tickets = {ticket_id: house.ticket(ticket_id) for ticket_id in texts}
    assert {ticket["engine"] for ticket in tickets.values()} == {"minilm"}
    [incident] = house.api.get("/incidents").json()["items"]
    inside = {texts[i] for i, ticket in tickets.items() if ticket["incident_id"] == incident["incident_id"]}
    # A few are only counted: they read like something else than a common fault.
    assert len(inside & set(FLOOD)) >= 8
    assert not inside & set(UNRELATED)
    assert any(ticket["status"] == "master_incident" for ticket in tickets.values())
    assert house.api.get("/stats").json()["balanced"]
