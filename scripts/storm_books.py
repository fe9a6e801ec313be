"""What became of each send, while it rains."""

from collections import Counter, defaultdict
from collections.abc import Callable

from scripts.storm_histogram import Histogram
from scripts.storm_wire import CUT, DROPPED, GARBLED, TIMEOUT, Answer

ACCEPTED = 202
# Nobody knows whether these sends arrived: their ids are looked up at the end like those that were acknowledged.
UNCERTAIN = (CUT, GARBLED, TIMEOUT)
# Of an answer that was not expected, enough to see what it says.
EXAMPLE_BYTES = 300


class Second:
    """What was meant to start within one second of the storm, and what was answered within it."""

    def __init__(self) -> None:
        self.asked = 0
        self.accepted = 0
        self.failed = 0
        self.latency = Histogram()


class Books:
    """`clock`: monotonic seconds. A ticket goes by its number; negative numbers are the watched ones (storm_sample)."""

    def __init__(self, run: str, clock: Callable[[], float]) -> None:
        self.run = run
        self.clock = clock
        self.began = clock()
        self.asked = 0
        self.accepted: list[int] = []
        self.uncertain: list[int] = []
        self.statuses: Counter[int] = Counter()
        self.troubles: Counter[str] = Counter()
        self.examples: dict[int, str] = {}
        self.latency = Histogram()
        self.seconds: defaultdict[int, Second] = defaultdict(Second)
        self.last_answer = self.began
        # From the first moment to the last that a send was meant to start at.
        self.asking_s = 0.0

    def begin(self) -> None:
        """The storm begins now; nothing was sent before."""
        self.began = self.last_answer = self.clock()

    def id_of(self, number: int) -> str:
        return f"{self.run}-{number}" if number >= 0 else f"{self.watched}{-number}"

    @property
    def watched(self) -> str:
        """How the ids of the watched tickets begin."""
        return f"{self.run}-w"

    def is_ours(self, ticket_id: str) -> bool:
        return ticket_id.startswith(f"{self.run}-")

    @property
    def answered(self) -> int:
        """Sends that are over, however they ended."""
        return self.statuses.total() + self.troubles.total()

    @property
    def failed(self) -> int:
        return self.answered - len(self.accepted)

    @property
    def error_rate(self) -> float:
        """Of all that was asked: whatever did not get its 202."""
        return self.failed / self.answered if self.answered else 0.0

    def ask(self, intended: float) -> None:
        self.asked += 1
        self.asking_s = max(self.asking_s, intended - self.began)
        self.seconds[int(intended - self.began)].asked += 1

    def close(self, number: int, intended: float, answer: Answer) -> None:
        """A send is over. Its latency counts from when it was meant to start, also if it was given up: that is the least it took."""
        now = self.clock()
        self.last_answer = now
        took_s = now - intended
        if not answer.trouble or answer.trouble in (TIMEOUT, DROPPED):
            self.latency.record(took_s)
            self.seconds[int(intended - self.began)].latency.record(took_s)
        if self._is_receipt(number, answer):
            self.statuses[ACCEPTED] += 1
            self.accepted.append(number)
            self.seconds[int(now - self.began)].accepted += 1
            return
        self.seconds[int(now - self.began)].failed += 1
        if answer.trouble:
            self.troubles[answer.trouble] += 1
            if answer.trouble in UNCERTAIN:
                self.uncertain.append(number)
        elif answer.status == ACCEPTED:
            self.troubles["a 202 for another ticket"] += 1
            self.uncertain.append(number)
        else:
            self.statuses[answer.status] += 1
        if answer.status and answer.status not in self.examples:
            self.examples[answer.status] = answer.body[:EXAMPLE_BYTES].decode(errors="replace")

    def _is_receipt(self, number: int, answer: Answer) -> bool:
        return answer.status == ACCEPTED and f'"{self.id_of(number)}"'.encode() in answer.body
