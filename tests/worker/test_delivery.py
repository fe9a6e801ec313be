import json

import pytest

from broker import Broker
from broker.records import NewTicket
from tests.broker.desk_work import finish_grouped, outcome, submit, take, vector
from tests.fakes.slack import FakeSlack, Reply
from webhook.opening import open_sender
from worker.delivery import AlertDelivery


async def urgent(broker: Broker, subject: str, body: str = "") -> str:
    accepted = await broker.intake.submit(NewTicket(subject=subject, body=body))
    batch = await take(broker)
    await batch.finish([(ticket, outcome(urgency=0.93, alert=True), None) for ticket in batch.tickets])
    return accepted.ticket_id


class Seconds:
    """The pause clock, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def steps(broker: Broker, url: str | None, count: int) -> AlertDelivery:
    """So many steps, an hour of pause clock apart."""
    clock = Seconds()
    async with open_sender(url) as sender:
        delivery = AlertDelivery(broker, sender, api_url="http://127.0.0.1:8000", real=url is not None, monotonic=clock)
        for _ in range(count):
            await delivery.step()
            clock.now += 3600
    return delivery


async def test_one_well_formed_message_for_one_urgent_ticket(broker: Broker) -> None:
    async with FakeSlack() as slack:
        ticket_id = await urgent(broker, "Database down <!channel>", "Card 4111 1111 1111 1111, call a@example.com")
        delivery = await steps(broker, slack.url, 3)
        assert slack.problems == [] and len(slack.delivered) == 1
        text = json.dumps(slack.delivered[0])
        assert "Database down" in text and ticket_id in text
        assert "4111" not in text and "a@example.com" not in text
        assert delivery.state == "on"
    assert (await broker.stats.snapshot()).alerts_waiting == 0


async def test_an_incident_is_told_with_its_count(broker: Broker) -> None:
    for _ in range(11):
        await submit(broker, "login broken")
        batch = await take(broker)
        await finish_grouped(broker, batch, batch.tickets, vector(1, 0))
    async with FakeSlack() as slack:
        await steps(broker, slack.url, 2)
        assert slack.problems == [] and len(slack.delivered) == 1
        text = json.dumps(slack.delivered[0])
        assert "INC-1" in text and "11" in text


async def test_many_at_once_are_one_digest(broker: Broker) -> None:
    for n in range(7):
        await urgent(broker, f"Different outage {n}")
    async with FakeSlack() as slack:
        await steps(broker, slack.url, 2)
        assert slack.problems == [] and len(slack.delivered) == 1
        assert all(f"Different outage {n}" in json.dumps(slack.delivered[0]) for n in range(7))


async def test_retry_after_is_honoured_and_the_alert_kept(broker: Broker) -> None:
    await urgent(broker, "Down")
    clock = Seconds()
    async with FakeSlack() as slack, open_sender(slack.url) as sender:
        slack.script(Reply(429, "rate_limited", {"Retry-After": "1"}))
        delivery = AlertDelivery(broker, sender, api_url="http://127.0.0.1:8000", real=True, monotonic=clock)
        await delivery.step()
        assert delivery.state == "failing" and (await broker.stats.snapshot()).alerts_waiting == 1
        clock.now = 0.9
        await delivery.step()
        assert len(slack.received) == 1, "asked to wait, and waits"
        clock.now = 3600
        while len(slack.received) < 2:  # due again one real second after the answer
            await delivery.step()
        assert len(slack.delivered) == 1 and delivery.state == "on"
        assert "attempt 2" in json.dumps(slack.delivered[0])


async def test_a_refusal_is_final(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    await urgent(broker, "Down")
    async with FakeSlack() as slack:
        slack.script(Reply(410, "channel_is_archived"))
        await steps(broker, slack.url, 3)
        assert len(slack.received) == 1
    assert "channel_is_archived" in caplog.text
    assert (await broker.stats.snapshot()).alerts_waiting == 0


async def test_without_a_webhook_the_log_says_what_would_have_been_sent(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await urgent(broker, "Down for everyone")
    delivery = await steps(broker, None, 1)
    assert "Would have sent" in caplog.text and "Down for everyone" in caplog.text and delivery.state == "log"
