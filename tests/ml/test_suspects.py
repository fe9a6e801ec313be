"""Texts that may have killed the model: blamed, cleared, convicted and in the end forgotten."""

from ml.suspects import MOST_REMEMBERED, Suspects
from ml.verdict import TicketText
from tests.ml.judging import PLAIN


def test_suspects_forget_the_oldest() -> None:
    suspects = Suspects()
    suspects.blame([PLAIN])
    assert suspects.suspected(PLAIN) and not suspects.convicted(PLAIN)
    suspects.clear([PLAIN])
    assert not suspects.suspected(PLAIN)
    suspects.blame([PLAIN, PLAIN])
    assert not suspects.convicted(PLAIN)
    suspects.blame([PLAIN])
    assert suspects.convicted(PLAIN)
    suspects.blame(TicketText(subject=str(number)) for number in range(MOST_REMEMBERED))
    assert not suspects.suspected(PLAIN)
