"""Faults on the way to Slack: the sender killed before it hears the answer, and a Slack that is rude in every way it can be."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import psutil

from scripts.fault_drill import ALERTS_DEADLINE_S, Drill, Fault
from scripts.fault_house import WORKERS
from scripts.fault_slack import Answer, Post
from scripts.fault_table import Row

# Slack takes so long that the sender is surely still waiting when it is killed.
KILL_DELAY_S = 5.0
# An alert is under way within a second, or after the last sender's lease of 30 s.
ARRIVAL_S = 45.0
# A ticket must be judged as fast as ever while Slack misbehaves; ?wait gives up after this.
PROBE_S = 5
PROBE_LIMIT_S = 2.0

ANSWERS: dict[str, Sequence[Answer]] = {
    "slack-429": (Answer(429, "rate_limited", {"Retry-After": "1"}), Answer(429, "rate_limited", {"Retry-After": "3"})),
    "slack-500": (Answer(500, "rollup_error"), Answer(500, "rollup_error")),
    "slack-403": (Answer(403, "action_prohibited"),),
    "slack-hang": (Answer(hang=True),),
    "slack-close": (Answer(close=True), Answer(close=True)),
}


async def alarm(drill: Drill) -> str:
    """An urgent ticket; its id."""
    ticket_id = await drill.load.post(f"critical outage {drill.load.sent}: {drill.load.text(0)}")
    if ticket_id is None:
        raise RuntimeError("no ticket could be handed in")
    return ticket_id


async def kill_the_sender(drill: Drill, row: Row) -> None:
    """Slack has the message and the sender dies before it hears so: told again, and the text says so."""
    answer = Answer(delay_s=KILL_DELAY_S)
    drill.slack.script(answer)
    await alarm(drill)
    post = await drill.slack.arrival(answer, timeout_s=ARRIVAL_S)
    sender = sender_of(drill, post) if post else None
    if post is None or sender is None:
        row.failures.append("no alert was on its way to Slack")
        return
    in_flight = await drill.in_flight()
    drill.house.kill(sender)
    following = asyncio.create_task(follow(drill, row, post, in_flight))
    drill.house.start(sender)
    await drill.ready(sender)
    if drill.short:  # the other faults need not wait for the dead sender's lease
        drill.followers.append(following)
    else:
        await following


async def follow(drill: Drill, row: Row, post: Post, in_flight: int) -> None:
    """What the dead sender was telling is told again."""
    began = time.monotonic()

    async def told_again() -> bool:
        return all(any(again.attempt > 1 for again in drill.slack.shown(name)) for name in post.ids)

    if await drill.until(told_again, within_s=ALERTS_DEADLINE_S) is None:
        row.failures.append(f"alerts of a dead sender were not told again within {ALERTS_DEADLINE_S:.0f} s")
    row.struck(in_flight, time.monotonic() - began)
    row.note("alerts on their way", len(post.ids))


def sender_of(drill: Drill, post: Post) -> str | None:
    """Whose connection the message came over."""
    for name in WORKERS:
        ports = {one.laddr.port for one in psutil.Process(drill.house.parts[name].pid).net_connections("tcp")}
        if post.peer_port in ports:
            return name
    return None


def rudeness(name: str) -> Callable[[Drill, Row], Awaitable[None]]:
    async def inflict(drill: Drill, row: Row) -> None:
        answers = [Answer(a.status, a.body, a.headers, a.delay_s, a.hang, a.close) for a in ANSWERS[name]]
        answers = answers[:1] if drill.short else answers
        drill.slack.script(*answers)
        in_flight = await drill.in_flight()
        ticket_id = await alarm(drill)
        posts = [await drill.slack.arrival(answer, timeout_s=ARRIVAL_S) for answer in answers]
        began = time.monotonic()
        await probe(drill, row)
        if None in posts:
            row.failures.append("Slack was not asked as often as expected")
        rejected = {name for post in posts if post for name in post.ids}

        async def told() -> bool:
            return all(drill.slack.shown(name) for name in rejected)

        if name != "slack-403" and await drill.until(told, within_s=ALERTS_DEADLINE_S) is None:
            row.failures.append(
                f"{len(rejected)} alerts, of ticket {ticket_id} and others, did not get through afterwards"
            )
        for _ in answers:
            row.struck(in_flight, time.monotonic() - began)

    return inflict


async def probe(drill: Drill, row: Row) -> None:
    """A ticket handed in now is judged at once."""
    began = time.monotonic()
    ticket_id = await drill.load.post(wait_s=PROBE_S)
    elapsed_s = time.monotonic() - began
    if ticket_id is None or elapsed_s > PROBE_LIMIT_S:
        row.failures.append(f"a ticket took {elapsed_s:.1f} s to be judged meanwhile")


FAULTS = (
    Fault("slack-429", "Slack answers 429 with Retry-After", 2, 1, rudeness("slack-429")),
    Fault("slack-500", "Slack answers 500", 2, 1, rudeness("slack-500")),
    Fault("slack-403", "Slack answers 403", 1, 1, rudeness("slack-403")),
    Fault("slack-close", "Slack closes without an answer", 2, 1, rudeness("slack-close")),
    Fault("slack-hang", "Slack hangs", 1, 0, rudeness("slack-hang")),
    Fault("kill-sender", "kill -9 of the alert sender before it hears the answer", 3, 1, kill_the_sender),
)
