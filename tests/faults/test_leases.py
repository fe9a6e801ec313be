"""The detector of double leases: a detector that cannot fail is worthless."""

from hypothesis import given
from hypothesis import strategies as st

from scripts.fault_leases import LeaseBook

LEASE_S = 5.0


def book(*expiries_s: float, ended_s: float | None = None) -> LeaseBook:
    """Leases of one ticket with these ends; `ended_s` is when the first holder gave it up."""
    leases = LeaseBook(LEASE_S)
    for number, expires_s in enumerate(expiries_s):
        lease = leases.granted("t", f"token-{number}", f"agent-{number}", expires_s=expires_s)
        if number == 0:
            lease.ended_s = ended_s
    return leases


def test_two_holders_at_once_are_found() -> None:
    (pair,) = book(100.0, 103.0).doubles()
    assert {lease.holder for lease in pair} == {"agent-0", "agent-1"}


def test_an_answer_that_came_late_does_not_hide_a_double() -> None:
    assert book(103.0, 100.0).doubles(), "told in the other order: what counts is when they were granted"


def test_one_after_the_other_is_fine() -> None:
    assert book(100.0, 105.0).doubles() == []
    assert book(100.0, 107.0, 113.0).doubles() == []


def test_a_ticket_given_back_may_be_leased_again_and_not_before() -> None:
    assert book(100.0, 102.0, ended_s=96.9).doubles() == []
    assert book(100.0, 102.0, ended_s=97.1).doubles()


def test_two_who_were_given_one_token_are_found_however_far_apart() -> None:
    leases = LeaseBook(LEASE_S)
    for holder, expires_s in (("a", 100.0), ("b", 200.0)):
        leases.granted("t", "same", holder, expires_s=expires_s)
    assert len(leases.doubles()) == 1


def test_a_long_lease_is_compared_with_all_that_follow() -> None:
    leases = book(100.0, 106.0, 112.0)
    leases.granted("t", "long", "agent-9", expires_s=101.0).expires_s = 120.0  # extended
    assert len(leases.doubles()) == 3


def test_other_tickets_do_not_matter() -> None:
    leases = book(100.0)
    leases.granted("another", "token", "agent-7", expires_s=101.0)
    assert leases.doubles() == [] and leases.count == 2


@given(st.lists(st.integers(0, 6_000).map(lambda number: number * 10), min_size=2, max_size=8, unique=True))
def test_it_agrees_with_the_definition(grants_ms: list[int]) -> None:
    """Grants 10 ms apart or more, so that the millisecond by which Redis rounds decides nothing."""
    overlapping = sum(0 < b - a < LEASE_S * 1000 for a in grants_ms for b in grants_ms)
    assert len(book(*(ms / 1000 + LEASE_S for ms in grants_ms)).doubles()) == overlapping
