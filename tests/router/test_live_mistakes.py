"""WS /ws/tickets through a real server: messages that are not valid."""

import json

import pytest
from websockets.asyncio.client import ClientConnection

from router import socket as router_socket
from router.socket_messages import MESSAGE_MAX_BYTES, SUBSCRIBED_MAX
from tests.router.live_client import closed, hear, subscribed


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ("not json", "line 1 column 1"),
        ("[]", "action"),
        ("{}", "action"),
        ('{"action": "dance"}', "action"),
        ('{"action": []}', "action"),
        ('{"action": "ping", "action": "ping"}', "twice"),
        ('{"action": "ping", "more": 1}', "more"),
        ('{"action": "subscribe"}', "ticket_ids"),
        ('{"action": "subscribe", "all": false}', "ticket_ids"),
        ('{"action": "subscribe", "all": 1}', "all"),
        ('{"action": "subscribe", "all": true, "ticket_ids": ["a"]}', "ticket_ids"),
        ('{"action": "subscribe", "ticket_ids": []}', "ticket_ids"),
        ('{"action": "subscribe", "ticket_ids": "a"}', "ticket_ids"),
        ('{"action": "subscribe", "ticket_ids": ["a/b"]}', "ticket_ids.0"),
        (json.dumps({"action": "subscribe", "ticket_ids": ["a"] * (SUBSCRIBED_MAX + 1)}), "ticket_ids"),
        ('{"action": "subscribe", "all": true, "after": "yesterday"}', "after"),
        ('{"action": "subscribe", "all": true, "after": "99999999999999999999-1"}', "after"),
        (b"\x00\x01", "text"),
    ],
)
async def test_each_mistake_is_answered_and_forgiven(live: ClientConnection, sent: str | bytes, says: str) -> None:
    await live.send(sent)
    answer = await hear(live)
    assert list(answer) == ["type", "message"]
    assert answer["type"] == "error"
    assert says in answer["message"]
    await subscribed(live)


async def test_a_client_that_only_makes_mistakes_is_closed(live: ClientConnection) -> None:
    for _ in range(router_socket.MISTAKES_MAX):
        await live.send("?")
    for _ in range(router_socket.MISTAKES_MAX):
        assert (await hear(live))["type"] == "error"
    assert await closed(live) == (1008, "too many messages that are not valid")


async def test_the_longest_list_of_ids_fits_and_a_larger_message_ends_the_connection(live: ClientConnection) -> None:
    await subscribed(live, {"action": "subscribe", "ticket_ids": [f"{n:0128}" for n in range(SUBSCRIBED_MAX)]})
    await live.send(" " * (MESSAGE_MAX_BYTES + 1))
    assert (await closed(live))[0] == 1009
