"""Alerts from the outbox to the sender, one process at a time, at the pace the other side allows."""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from broker import Broker
from broker.errors import NotFound
from broker.outbox import Due, Fate
from webhook.alerts import Alert
from webhook.delivery import Delivered, RetryLater, Sender
from webhook.message import digest_message, incident_message, ticket_message

log = logging.getLogger(__name__)

# Slack takes one message a second (field facts); we keep to it whatever waits.
PAUSE_AFTER_MESSAGE_S = 1.0
# So few come as messages of their own; more at once are one digest, because a flooded channel is not read.
MOST_SINGLE = 3
# What one digest lists.
MOST_PER_DIGEST = 20


class AlertDelivery:
    """`step` does at most one message. `monotonic` is the clock for pauses."""

    def __init__(
        self,
        broker: Broker,
        sender: Sender,
        *,
        api_url: str,
        real: bool,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._broker = broker
        self._sender = sender
        self._api_url = api_url
        self._real = real
        self._monotonic = monotonic
        self._not_before_s = 0.0
        self._failing_since_s: float | None = None

    @property
    def state(self) -> str:
        """ "on", "log" (no webhook is set) or "failing"."""
        if not self._real:
            return "log"
        return "on" if self._failing_since_s is None else "failing"

    async def step(self) -> None:
        """Raises Unavailable; then what was taken is due again after the sender's lease."""
        if self._monotonic() < self._not_before_s:
            return
        due = await self._broker.outbox.take(most_single=MOST_SINGLE, most=MOST_PER_DIGEST)
        if due:
            await self._send(due)

    async def _send(self, due: Sequence[Due]) -> None:
        alerts = [alert for one in due if (alert := await self._alert(one)) is not None]
        ids = [one.alert_id for one in due]
        if not alerts:
            await self._broker.outbox.settle(ids, Fate.REFUSED, reason="silenced, or its ticket is gone")
            return
        if len(alerts) > 1:
            message = digest_message(alerts, 0, api_url=self._api_url)
        elif alerts[0].kind == "incident":
            message = incident_message(alerts[0], api_url=self._api_url)
        else:
            message = ticket_message(alerts[0], api_url=self._api_url)
        answer = await self._sender.send(message, attempt=max(one.attempt for one in due))
        pause_s = PAUSE_AFTER_MESSAGE_S if self._real else 0.0
        if isinstance(answer, Delivered):
            self._recovered()
            await self._broker.outbox.settle(ids, Fate.DELIVERED)
        elif isinstance(answer, RetryLater):
            pause_s = max(pause_s, answer.after_s)
            self._failed(answer.reason)
            await self._broker.outbox.settle(ids, Fate.LATER, delay_s=answer.after_s)
        else:
            log.error("Slack refused %d alert(s) for good: %s", len(ids), answer.reason)
            await self._broker.outbox.settle(ids, Fate.REFUSED, reason=answer.reason)
        self._not_before_s = self._monotonic() + pause_s

    async def _alert(self, due: Due) -> Alert | None:
        """As the ticket stands now, which may know more than when the alert was written. None: nothing to tell."""
        try:
            incident = await self._broker.incidents.get(due.subject_id) if due.kind == "incident" else None
            if incident and incident.silenced_until and incident.silenced_until > datetime.now(UTC):
                return None
            ticket_id = incident.members[0] if incident else due.subject_id
            ticket = await self._broker.listing.ticket(ticket_id)
        except NotFound:
            return None
        return Alert(
            alert_id=due.alert_id,
            kind="incident" if incident else "ticket",
            ticket_id=ticket.ticket_id,
            subject=ticket.subject or ticket.summary or "",
            created_at=(incident.first_seen_at if incident else ticket.created_at).isoformat(),
            excerpt=ticket.body or ticket.description,
            category=ticket.category,
            urgency_score=ticket.urgency_score,
            urgency_label=ticket.urgency_label,
            sentiment_score=ticket.sentiment_score,
            reasons=ticket.reasons,
            assigned_agent=ticket.assigned_agent,
            engine=ticket.engine,
            incident_id=incident.incident_id if incident else None,
            count=incident.count if incident else 1,
            attempt=due.attempt,
        )

    def _failed(self, reason: str) -> None:
        if self._failing_since_s is None:
            self._failing_since_s = self._monotonic()
            log.warning("Slack is not taking alerts (%s); they are kept and tried again", reason)

    def _recovered(self) -> None:
        if self._failing_since_s is not None:
            log.warning("Slack takes alerts again after %.0f s", self._monotonic() - self._failing_since_s)
            self._failing_since_s = None
