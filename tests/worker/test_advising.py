"""The chores of the optional models, with real processes: what they write, and that nothing they do harms a ticket."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import psutil
import pytest

from broker import Broker
from broker.records import NewTicket, Ticket
from ml.guarded import GuardedModel
from ml.patience import Patience
from ml.roles import draft_writer, second_reader
from ml.spec import EngineSpec
from ml.verdict import Verdict
from tests.ml.waiting import PATIENCE_S, until
from tests.worker import scripted_advisers
from worker.advising import _cut_short
from worker.opinions import ask_again
from worker.policy import Wanted, decide, wanting
from worker.replies import write_drafts

SPEC = EngineSpec(engine="stub")
QUICK = Patience(silence_s=0.3, retry_first_s=0.01, retry_cap_s=0.05)
BOTH = Wanted(opinion=True, draft=True)


@asynccontextmanager
async def running(model: GuardedModel[Any, Any]) -> AsyncIterator[GuardedModel[Any, Any]]:
    model.start()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await model.wait_ready()
        yield model
    finally:
        await model.stop()


async def doubtful(broker: Broker, subject: str) -> str:
    """A ticket that was judged General without certainty, with a template."""
    accepted = await broker.intake.submit(NewTicket(subject=subject))
    batch = await broker.work.take(1)
    assert batch is not None
    verdict = Verdict("General", 0.4, 5.0, 0.2, ("Reads like General",), subject, "minilm", "v1", None)
    outcome = decide(verdict, stood_in=False, processing_ms=1, alert_above=0.8)
    outcome = replace(outcome, draft_response="Hello", draft_source="template for General")
    await batch.finish([(batch.tickets[0], replace(outcome, wanted=wanting(outcome, BOTH)), None)])
    return accepted.ticket_id


async def drafts(broker: Broker, ids: list[str]) -> list[str | None]:
    tickets: list[Ticket] = [await broker.listing.ticket(ticket_id) for ticket_id in ids]
    return [ticket.draft_source for ticket in tickets]


async def test_drafts_are_written_and_say_who_wrote_them(broker: Broker) -> None:
    ids = [await doubtful(broker, f"matter {n}") for n in range(3)]
    async with running(draft_writer(SPEC, factory=scripted_advisers.writer, patience=QUICK)) as writer:
        pid = writer.pid
        assert pid is not None and psutil.Process(pid).nice() > psutil.Process().nice()
        assert await write_drafts(broker, writer) == 3
        assert await write_drafts(broker, writer) == 0, "each once"
    assert await drafts(broker, ids) == ["the model scripted (a generated text that nobody has read yet)"] * 3
    assert (await broker.listing.ticket(ids[0])).draft_response == scripted_advisers.SAID


async def test_a_writer_that_fails_leaves_the_template_and_comes_back(broker: Broker) -> None:
    ids = [await doubtful(broker, subject) for subject in ("nothing", "garbage")]
    async with running(draft_writer(SPEC, factory=scripted_advisers.writer, patience=QUICK)) as writer:
        assert await write_drafts(broker, writer) == 0
        ids.append(await doubtful(broker, "exit 3"))
        assert await write_drafts(broker, writer) == 0
        await until(lambda: writer.closed_door() is not None, "the loss is noticed")
        ids.append(await doubtful(broker, "waits for the next process"))
        assert await write_drafts(broker, writer) == 0
    assert await drafts(broker, ids) == ["template for General"] * 4
    async with running(draft_writer(SPEC, factory=scripted_advisers.writer, patience=QUICK)) as writer:
        assert await write_drafts(broker, writer) == 1, "what was not taken from the queue is still in it"
    assert (await broker.stats.snapshot()).balanced


async def test_a_stop_does_not_wait_for_a_draft(broker: Broker) -> None:
    ticket_id = await doubtful(broker, "sleep 60")
    async with running(draft_writer(SPEC, factory=scripted_advisers.writer, patience=QUICK)) as writer:
        stopping = asyncio.Event()
        look = asyncio.ensure_future(_cut_short(lambda: write_drafts(broker, writer), stopping)())
        await until(lambda: not writer._process._idle.is_set(), "the draft is being written")
        stopping.set()
        async with asyncio.timeout(PATIENCE_S):
            await look
    assert await drafts(broker, [ticket_id]) == ["template for General"]


async def test_a_missing_model_is_told_once(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    await doubtful(broker, "matter")
    writer = draft_writer(SPEC, factory=scripted_advisers.missing, patience=QUICK)
    writer.start()
    await until(lambda: writer._process._losses >= 3, "several tries")
    assert await write_drafts(broker, writer) == 0
    await writer.stop()
    assert caplog.text.count("DRAFT_MODEL 'x' is no folder here") == 1


async def test_opinions_are_heard_once_and_only_where_a_person_has_not_spoken(broker: Broker) -> None:
    legal, same, blank, settled = [await doubtful(broker, text) for text in ("Legal one", "other", "?!", "Legal two")]
    await broker.desk.edit(settled, category="Billing")
    async with running(second_reader(SPEC, factory=scripted_advisers.reader, patience=QUICK)) as reader:
        assert await ask_again(broker, reader, wanted=BOTH) == 2
        assert await ask_again(broker, reader, wanted=BOTH) == 0
    found = {ticket_id: await broker.listing.ticket(ticket_id) for ticket_id in (legal, same, blank, settled)}
    assert [found[one].category for one in found] == ["Legal", "General", "General", "Billing"]
    assert [found[one].engine for one in found] == ["minilm+nli", "minilm+nli", "minilm", "minilm"]
    assert found[legal].draft_source == "template for Legal"
    assert (await broker.stats.snapshot()).balanced
