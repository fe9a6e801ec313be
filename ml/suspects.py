"""Remembers which texts were at work when a model process died, so that one evil text can't end it again and again.

Without this, a text that crashes a model is scored again by design (its keyword verdict is a stand-in) and takes the
model from everybody each time. First offence: judged alone from now on, so that its innocent neighbours clear
themselves. Second: keywords only, until this process restarts or it is forgotten.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable

# Once may be chance (the machine ran out of memory); twice, the second time alone, is not.
CONVICTED_AT = 2
# Some hundred batches' worth; beyond it the oldest are forgotten and may offend again.
MOST_REMEMBERED = 1_000


class Suspects:
    """Keeps hashes and counts, no words of customers."""

    def __init__(self) -> None:
        self._offences: OrderedDict[int, int] = OrderedDict()

    def blame(self, texts: Iterable[Hashable]) -> None:
        """The process died with these at work; a text that was there several times is blamed once."""
        for key in {hash(text) for text in texts}:
            self._offences[key] = self._offences.get(key, 0) + 1
            self._offences.move_to_end(key)
        while len(self._offences) > MOST_REMEMBERED:
            self._offences.popitem(last=False)

    def clear(self, texts: Iterable[Hashable]) -> None:
        """These were judged without harm."""
        if self._offences:
            for text in texts:
                self._offences.pop(hash(text), None)

    def suspected(self, text: Hashable) -> bool:
        return hash(text) in self._offences

    def convicted(self, text: Hashable) -> bool:
        return self._offences.get(hash(text), 0) >= CONVICTED_AT
