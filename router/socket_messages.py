"""The words of WS /ws/tickets: what a client may say, what it hears, and how that is described to people."""

import json
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from broker.records import Ticket
from router import strict_json
from router.inputs import Body
from router.outputs import TicketOut
from router.problems import Problem, invalid
from router.text import TicketId
from router.validation import validated

PATH = "/ws/tickets"
PROTOCOL = "smart-support"
# As many as a page of a listing holds; who wants more takes all.
SUBSCRIBED_MAX = 200
# The longest list of the longest ids, and half of that again.
MESSAGE_MAX_BYTES = 40_960

# Redis's stream ids: milliseconds and a number.
EventId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}-[0-9]{1,15}$")]


class SubscribeIn(Body):
    action: Literal["subscribe"]
    ticket_ids: list[TicketId] | None = Field(None, min_length=1, max_length=SUBSCRIBED_MAX)
    all: bool = False
    after: EventId | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.ticket_ids is not None) == self.all:
            raise PydanticCustomError("one_subject", "either ticket_ids or all: true must be given")
        return self


class UnsubscribeIn(Body):
    action: Literal["unsubscribe"]


class PingIn(Body):
    action: Literal["ping"]


_ACTIONS: dict[object, type[SubscribeIn | UnsubscribeIn | PingIn]] = {
    "subscribe": SubscribeIn,
    "unsubscribe": UnsubscribeIn,
    "ping": PingIn,
}


def understood(text: str | None) -> SubscribeIn | UnsubscribeIn | PingIn:
    """What a client said; None: it sent bytes. Raises Problem."""
    if text is None:
        raise invalid([("", "send text, not bytes")])
    value = strict_json.parse(text.encode())
    action = value.get("action") if isinstance(value, dict) else None
    if not isinstance(action, str) or action not in _ACTIONS:
        raise invalid([("action", "must be subscribe, unsubscribe or ping")])
    return validated(_ACTIONS[action], value)


PONG = '{"type":"pong"}'
RESYNC = '{"type":"resync"}'
UNSUBSCRIBED = '{"type":"unsubscribed"}'


def subscribed(event_id: str) -> str:
    return f'{{"type":"subscribed","event_id":"{event_id}"}}'


def ticket_updated(event_id: str, ticket: Ticket) -> str:
    """The ticket as everybody may see it: never with the lease's token."""
    data = TicketOut.of(ticket).model_dump_json()
    return f'{{"type":"ticket_updated","event_id":"{event_id}","data":{data}}}'


def mistake(problem: Problem) -> str:
    return json.dumps({"type": "error", "message": problem.detail})


DESCRIBED = f"""

**Live updates** come over a WebSocket at `{PATH}`, as JSON texts. A client says `{{"action": "subscribe", "all": true}}` or
`{{"action": "subscribe", "ticket_ids": [...]}}` (at most {SUBSCRIBED_MAX}; a new subscription takes the place of the last), with
`"after": EVENT_ID` to get what it missed; `{{"action": "unsubscribe"}}`; `{{"action": "ping"}}`. It hears `{{"type": "subscribed",
"event_id": ...}}`, then `{{"type": "ticket_updated", "event_id": ..., "data": TicketOut}}` with the ticket as it stands (changes in
quick succession come as one), `{{"type": "resync"}}` when what it missed is no longer known and it should fetch anew,
`{{"type": "unsubscribed"}}`, `{{"type": "pong"}}`, and `{{"type": "error", "message": ...}}`. Closed with 1013: too slow, or Redis is away;
come again with `after`. 1001: the server stops. 1008: too many invalid messages. 1000: nothing subscribed for a minute. Keys
travel as with any call or, from a browser, as the subprotocols `{PROTOCOL}` and `key.BASE64URL_OF_THE_KEY`. Pages of other
origins are refused.
"""
