"""What a client may say on a socket: understood or a problem, whatever comes."""

import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from router.problems import Problem
from router.socket_messages import MESSAGE_MAX_BYTES, SUBSCRIBED_MAX, PingIn, SubscribeIn, UnsubscribeIn, understood

TEXT = st.text(max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
VALUES = SCALARS | st.lists(SCALARS, max_size=4) | st.dictionaries(TEXT, SCALARS, max_size=3)
NAMES = st.sampled_from(["ticket_ids", "all", "after"])
ACTIONS = st.sampled_from(["subscribe", "unsubscribe", "ping"]) | VALUES


@settings(max_examples=300, deadline=None)
@given(action=ACTIONS, rest=st.dictionaries(NAMES | TEXT, VALUES, max_size=4))
def test_any_json_is_understood_or_a_problem(action: object, rest: dict[str, object]) -> None:
    with suppress(Problem):
        assert isinstance(understood(json.dumps(rest | {"action": action})), SubscribeIn | UnsubscribeIn | PingIn)


@settings(max_examples=300, deadline=None)
@given(text=TEXT)
def test_any_text_is_understood_or_a_problem(text: str) -> None:
    with suppress(Problem):
        raise AssertionError(understood(text))


def test_the_longest_message_there_can_be_fits() -> None:
    longest = {"action": "subscribe", "ticket_ids": ["a" * 128] * SUBSCRIBED_MAX, "after": "9" * 15 + "-" + "9" * 15}
    text = json.dumps(longest, indent=2)
    assert isinstance(understood(text), SubscribeIn)
    assert len(text) <= MESSAGE_MAX_BYTES
