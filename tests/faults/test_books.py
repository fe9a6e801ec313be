"""The books find each kind of broken promise."""

import pytest

from broker import Broker
from broker.records import NewTicket
from scripts.fault_audit import Audit, alerts_missing
from scripts.fault_books import Books, Reply
from scripts.fault_leases import LeaseBook
from scripts.fault_reckoning import Reckoning
from scripts.fault_slack import Answer, Post, RudeSlack, attempt_of, identities
from scripts.fault_table import Report, Row
from webhook.alerts import Alert
from webhook.message import digest_message, incident_message, ticket_message

FIRST, SECOND = "0t3ym0v8jtfstvecdvvcma", "0t3ym0y1trbysae8aryrq5"


@pytest.fixture
def books() -> Books:
    return Books(LeaseBook(5))


@pytest.fixture
async def broker(redis_url: str, namespace: str):  # type: ignore[no-untyped-def]
    broker = await Broker.open(redis_url, namespace=namespace)
    yield broker
    await broker.close()


async def accepted(broker: Broker, books: Books, count: int = 3) -> list[str]:
    ids = [(await broker.intake.submit(NewTicket(subject=f"{n}"))).ticket_id for n in range(count)]
    for ticket_id in ids:
        books.acknowledged(ticket_id, ticket_id, replayed=False)
    return ids


async def test_a_good_house_is_not_accused(broker: Broker, books: Books) -> None:
    ids = await accepted(broker, books)
    findings = await Audit(broker).look(books)
    assert findings.sentences() == [] and findings.sets["pending"] == set(ids)
    assert (await Audit(broker).sizes())["pending"] == 3


async def test_a_lost_ticket_is_found(broker: Broker, books: Books) -> None:
    ids = await accepted(broker, books)
    await broker.store.command("ZREM", broker.store.keys.name("pending"), ids[0])
    assert (await Audit(broker).look(books)).lost == [ids[0]]


async def test_a_ticket_that_no_client_knows_of_is_found(broker: Broker, books: Books) -> None:
    ids = await accepted(broker, books)
    del books.accepted[ids[1]]
    assert (await Audit(broker).look(books)).unknown == [ids[1]]


async def test_a_second_entry_and_a_wrong_status_are_found(broker: Broker, books: Books) -> None:
    ids = await accepted(broker, books)
    await broker.store.command("ZADD", broker.store.keys.name("ready"), 1, ids[2])
    findings = await Audit(broker).look(books)
    assert findings.in_two_states == [ids[2]] == findings.wrong_status
    assert findings.misplaced == [ids[2]], "ready, and on nobody's desk"
    assert len(findings.sentences()) == 3


def test_one_key_must_not_make_two_tickets(books: Books) -> None:
    books.acknowledged("key", FIRST, replayed=False)
    books.acknowledged("key", FIRST, replayed=True)
    assert books.failures == [] and books.replays == 1
    books.acknowledged("key", SECOND, replayed=False)
    assert len(books.failures) == 1


def test_an_answer_counts_once_and_a_refused_one_never(books: Books) -> None:
    books.replied(FIRST, "late", Reply.REFUSED)
    books.replied(FIRST, "mine", Reply.TAKEN)
    books.check_response(FIRST, "mine")
    assert books.failures == []
    books.check_response(FIRST, "late")
    assert len(books.failures) == 1
    books.replied(FIRST, "other", Reply.TAKEN)
    assert len(books.failures) == 2


def test_who_is_turned_away_must_hear_when_to_come_again(books: Books) -> None:
    books.refused("a call", "5")
    assert books.turned_away == 1 and books.failures == []
    for useless in (None, "", "0", "soon"):
        books.refused("a call", useless)
    assert books.turned_away == 5 and len(books.failures) == 4


def alert(ticket_id: str, attempt: int = 1, incident_id: str | None = None) -> Alert:
    return Alert(
        alert_id=f"ticket:{ticket_id}",
        kind="incident" if incident_id else "ticket",
        ticket_id=ticket_id,
        subject="critical outage",
        created_at="2026-01-01T00:00:00+00:00",
        incident_id=incident_id,
        attempt=attempt,
    )


def test_messages_are_read_as_a_person_would() -> None:
    assert identities(ticket_message(alert(FIRST))) == {FIRST}
    assert identities(digest_message([alert(FIRST), alert(SECOND)], 0)) == {FIRST, SECOND}
    assert identities(incident_message(alert(FIRST, incident_id="INC-7"))) == {"INC-7"}, "its first ticket is no news"
    mixed = digest_message([alert(FIRST), alert(SECOND, incident_id="INC-7")], 0)
    assert identities(mixed) == {FIRST, "INC-7"}
    assert attempt_of(ticket_message(alert(FIRST))) == 1
    assert attempt_of(ticket_message(alert(FIRST, attempt=3))) == 3
    assert attempt_of(digest_message([alert(FIRST), alert(SECOND, attempt=2)], 0)) == 2


def slack_with(*posts: tuple[str, int, Answer]) -> RudeSlack:
    slack = RudeSlack()
    slack.posts = [Post(frozenset([name]), attempt, 0.0, 1, answer) for name, attempt, answer in posts]
    return slack


def test_repeated_alerts_are_told_from_news() -> None:
    shown, rude = Answer(), Answer(500)
    assert slack_with((FIRST, 1, rude), (FIRST, 2, shown)).duplicates() == (0, 0), "nobody saw the first"
    assert slack_with((FIRST, 1, shown), (FIRST, 2, shown)).duplicates() == (1, 0)
    assert slack_with((FIRST, 1, shown), (FIRST, 1, shown)).duplicates() == (0, 1)


def test_an_alert_that_nobody_saw_is_missing_unless_slack_refused_it() -> None:
    assert alerts_missing({FIRST}, set(), slack_with((FIRST, 1, Answer(500)))) == [FIRST]
    assert alerts_missing({FIRST}, set(), slack_with((FIRST, 1, Answer()))) == []
    assert alerts_missing({FIRST}, {FIRST}, slack_with((FIRST, 1, Answer(403)))) == []
    assert alerts_missing({FIRST}, {FIRST}, slack_with((FIRST, 1, Answer(500)))) == [FIRST], "given up for no reason"


async def test_the_comparison_lays_each_finding_to_one_row(broker: Broker, books: Books) -> None:
    ids = await accepted(broker, books)
    slack = slack_with((FIRST, 1, Answer()), (FIRST, 1, Answer()), (SECOND, 1, Answer()), (SECOND, 2, Answer()))
    reckoning = Reckoning(Audit(broker), books, slack)
    for holder in ("a", "b"):
        books.leases.granted(ids[0], holder, holder, expires_s=100.0 + len(holder))
    first, second = Row("first", ""), Row("second", "")
    stats = {"balanced": True, "conservation": {"accepted": 3}}
    await reckoning.compare(first, stats)
    assert (first.doubly_leased, first.alerts_repeated, len(first.failures)) == (1, 2, 2)
    await reckoning.compare(second, stats)
    assert second == Row("second", ""), "told already"
    await reckoning.compare(second, {"balanced": False, "conservation": {"accepted": 2}})
    assert len(second.failures) == 2


def test_any_failure_of_any_row_fails_the_report() -> None:
    report = Report(seed=1, short=True, rows=[Row("a", "a"), Row("b", "b")])
    assert report.ok
    report.rows[1].failures.append("broken")
    assert not report.ok and report.all_failures == ["b: broken"]
