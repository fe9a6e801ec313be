"""Examples, versions and the way back, on a real Redis."""

from dataclasses import replace

import numpy as np
import pytest

from broker import Broker, examples
from broker.errors import NotFound
from broker.lessons import PRIOR, Score, Version
from tests.broker.conftest import MakeBroker
from tests.broker.desk_work import Clock, pull, ready, token, vector

CHANCES = np.array([0.75, 0.25], np.float32)
WHERE = vector(3, 4)


async def corrected(broker: Broker, category: str = "Legal") -> str:
    ticket_id = await ready(broker)
    await broker.desk.edit(ticket_id, category=category)
    return ticket_id


async def keep_due(broker: Broker) -> list[str]:
    due = [ticket.ticket_id for ticket in await broker.examples.due(100)]
    for ticket_id in due:
        await broker.examples.keep(ticket_id, "here", CHANCES, WHERE, due=True)
    return due


def fitted(taken: int, *, activated: bool = True) -> Version:
    score = Score(5, 4, 2)
    return replace(
        PRIOR, space="here", taken=taken, examples=taken, changes=True, activated=activated, corrections=score
    )


async def publish(broker: Broker, weights: bytes = b"\x01\x02", *, activated: bool = True) -> int:
    token = await broker.lessons.begin()
    assert token is not None
    taken = (await broker.lessons.progress()).taken
    number = await broker.lessons.publish(token, fitted(taken, activated=activated), weights)
    assert number is not None
    return number


async def labels(broker: Broker) -> dict[str, str]:
    return {one.ticket_id: one.label for one in await broker.examples.all()}


async def test_a_correction_is_due_until_it_is_kept(make_broker: MakeBroker) -> None:
    broker, other = await make_broker(), await make_broker()
    ticket_id = await corrected(broker)
    for one in (broker, other):
        assert [ticket.ticket_id for ticket in await one.examples.due(10)] == [ticket_id], "reading does not take it"
    assert await keep_due(broker) == [ticket_id]
    await other.examples.keep(ticket_id, "here", CHANCES, WHERE, due=True)  # read twice, counts once
    assert await broker.examples.due(10) == []
    assert (await broker.lessons.progress()).taken == 1
    [example] = await other.examples.all()
    assert (example.ticket_id, example.label, example.space, example.corrected) == (ticket_id, "Legal", "here", True)
    assert np.allclose(example.chances, CHANCES) and np.allclose(example.vector, WHERE, atol=1e-3)


async def test_a_confirmed_category_is_an_example_and_another_edit_is_none(broker: Broker) -> None:
    confirmed, untouched = await ready(broker, "Billing"), await ready(broker, "Billing")
    await broker.desk.edit(confirmed, category="Billing")
    await broker.desk.edit(untouched, urgency_score=0.1)
    assert await keep_due(broker) == [confirmed]
    assert await labels(broker) == {confirmed: "Billing"}


async def test_the_last_word_counts(broker: Broker) -> None:
    ticket_id = await corrected(broker)
    await broker.examples.due(10)
    await broker.desk.edit(ticket_id, category="Billing")  # while a worker reads
    await keep_due(broker)
    assert await labels(broker) == {ticket_id: "Billing"}
    await broker.desk.edit(ticket_id, category="General")
    await keep_due(broker)
    assert await labels(broker) == {ticket_id: "General"}


async def test_a_resolved_ticket_agrees_unless_its_category_was_set(broker: Broker) -> None:
    agreed = await ready(broker)
    held = await pull(broker)
    await broker.desk.resolve(agreed, token(held))
    fixed = await corrected(broker)
    for ticket_id in (agreed, fixed):
        await broker.examples.keep(ticket_id, "here", CHANCES, WHERE, due=False)
    assert [(one.ticket_id, one.corrected) for one in await broker.examples.all()] == [(agreed, False)]
    await broker.desk.reopen(agreed)
    await broker.desk.edit(agreed, category="Billing")
    await keep_due(broker)
    assert {one.ticket_id: one.corrected for one in await broker.examples.all()} == {fixed: True, agreed: True}


async def test_an_example_outlives_its_ticket_and_a_lost_ticket_teaches_nothing(broker: Broker) -> None:
    keys = broker.store.keys
    kept = await corrected(broker)
    await keep_due(broker)
    await broker.store.command("DEL", keys.name("ticket*", kept))
    gone = await corrected(broker)
    await broker.store.command("DEL", keys.name("ticket*", gone))
    assert await broker.examples.due(10) == []
    assert await broker.store.command("ZCARD", keys.name("lessons_due")) == 0
    assert await labels(broker) == {kept: "Legal"}


async def test_the_oldest_examples_of_a_kind_are_forgotten(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "MOST_EXAMPLES", 2)
    ids = []
    for _ in range(4):
        ids.append(await corrected(broker))
        await keep_due(broker)
        await broker.examples.all()
    assert list(await labels(broker)) == ids[2:]
    assert await broker.store.command("HLEN", broker.store.keys.name("examples")) == 2


async def test_what_another_engine_has_read_is_read_again(broker: Broker) -> None:
    ticket_id = await corrected(broker)
    await keep_due(broker)
    await broker.examples.all()
    assert await broker.examples.read_again("here") == 0
    assert await broker.examples.read_again("elsewhere") == 1
    assert [ticket.ticket_id for ticket in await broker.examples.due(10)] == [ticket_id]


async def test_one_fits_at_a_time_and_versions_are_numbered(make_broker: MakeBroker) -> None:
    broker, other = await make_broker(), await make_broker()
    assert await other.lessons.version(0) == (PRIOR, b"")
    fitter = await broker.lessons.begin()
    assert fitter is not None and await other.lessons.begin() is None
    assert await other.lessons.publish("not mine", fitted(0), b"") is None
    assert await broker.lessons.publish(fitter, fitted(0), b"\x01") == 1
    assert await publish(other, b"\x02\x03", activated=False) == 2
    version, weights = await broker.lessons.version(2)
    assert (version.version, weights, version.corrections) == (2, b"\x02\x03", Score(5, 4, 2))
    listing = await broker.lessons.list()
    assert ([one.version for one in listing.versions], listing.active) == ([2, 1, 0], 1), "2 was not activated"
    with pytest.raises(NotFound):
        await broker.lessons.version(3)


async def test_nothing_to_learn_ends_a_fit_without_a_version(broker: Broker) -> None:
    await corrected(broker)
    await keep_due(broker)
    assert await broker.lessons.begin()
    await broker.lessons.settle(1)
    progress = await broker.lessons.progress()
    assert (progress.taken, progress.fitted, progress.active) == (1, 1, 0)
    assert await broker.lessons.begin()


async def test_a_rollback_sets_aside_what_came_later(broker: Broker) -> None:
    good = await corrected(broker)
    await keep_due(broker)
    first = await publish(broker, b"good")
    bad, agreed = await corrected(broker, "General"), await ready(broker)
    await keep_due(broker)
    await broker.examples.keep(agreed, "here", CHANCES, WHERE, due=False)
    await publish(broker, b"bad")
    unread = await corrected(broker, "General")
    reading = await broker.lessons.begin()
    assert reading is not None
    back = await broker.lessons.rollback(first)
    version, weights = await broker.lessons.version(back)
    assert (weights, version.equals, version.changes) == (b"good", first, True)
    assert (await broker.lessons.progress()).active == back
    assert await broker.lessons.publish(reading, fitted(3), b"bad again") is None, "its examples are set aside by now"
    await broker.examples.keep(unread, "here", CHANCES, WHERE, due=True)  # as is what a worker was just reading
    assert await labels(broker) == {good: "Legal"}
    listing = await broker.lessons.list()
    assert (listing.kept, listing.aside, listing.due) == (1, 2, 0)

    # Said again it counts again, and a rollback to the rollback sets aside what came after that one only.
    await broker.desk.edit(bad, category="Billing")
    await keep_due(broker)
    assert await labels(broker) == {good: "Legal", bad: "Billing"}
    await broker.lessons.rollback(back)
    assert await labels(broker) == {good: "Legal"}


async def test_version_0_sets_everything_aside(broker: Broker) -> None:
    await corrected(broker)
    await keep_due(broker)
    await publish(broker)
    back = await broker.lessons.rollback(0)
    version, weights = await broker.lessons.version(back)
    assert (version.equals, version.changes, weights) == (0, False, b"")
    assert await labels(broker) == {}
    with pytest.raises(NotFound):
        await broker.lessons.rollback(99)
    assert (await broker.lessons.progress()).active == back


async def test_old_versions_are_thinned_and_the_active_one_stays(broker: Broker, clock: Clock) -> None:
    active = await publish(broker)
    for at in range(130):
        clock.pass_s(3600 if at % 2 else 5)
        await publish(broker, activated=False)
    listing = await broker.lessons.list()
    kept = [one.version for one in listing.versions]
    assert len(kept) == 101 and listing.active == active and active in kept
    assert kept[:50] == list(range(131, 81, -1)), "the newest are all there"
    for name in ("lessons", "lesson_weights"):
        assert await broker.store.command("HLEN", broker.store.keys.name(name)) == 100
