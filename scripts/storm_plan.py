"""What somebody asks of a storm: the options, read and checked."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.readiness import key_header
from scripts.storm_schedule import Ramp, Spike, Stretch, ramp_of, spike_of, stretches
from scripts.storm_target import CannotRun, Target
from scripts.storm_texts import PROFILES

# Small, so that a storm fired without a thought hurts nobody.
DEFAULT_RATE = "50"
DEFAULT_SECONDS = 10.0
# The spike profile: so many times the rate, in the middle fifth.
SPIKE_FACTOR, SPIKE_SHARE = 5, 0.2
# Beyond the planned end: Poisson arrivals may need longer for the number of tickets asked.
TAIL_S = 3600.0


@dataclass(frozen=True)
class Limits:
    """Thresholds; None: not set."""

    p99_ms: float | None
    error_rate: float | None
    drain_s: float | None
    lost: int


@dataclass(frozen=True)
class Plan:
    """`clients` 0: an open storm along `rate`. `seconds` and `tickets`: whichever comes first; None: the other one bounds it."""

    url: str
    profile: str
    ramp: Ramp
    spikes: tuple[Spike, ...]
    poisson: bool
    clients: int
    seconds: float | None
    tickets: int | None
    agents: int
    connections: int
    timeout_s: float
    patience_s: float
    check: int
    seed: int | None
    limits: Limits

    @property
    def planned_s(self) -> float:
        """How long sending takes if the house keeps up. Of a closed storm bounded by tickets nobody knows: then 0."""
        if self.seconds is not None:
            return self.seconds
        return 0.0 if self.clients or self.tickets is None else self.tickets * 2 / (self.ramp.first + self.ramp.last)

    @property
    def shape(self) -> list[Stretch]:
        """The rate of an open storm over its time."""
        spikes = self.spikes
        if self.profile == "spike" and not spikes:
            length_s = self.planned_s * SPIKE_SHARE
            rate = SPIKE_FACTOR * max(self.ramp.first, self.ramp.last)
            spikes = (Spike(rate, (self.planned_s - length_s) / 2, length_s),)
        made = stretches(self.ramp, self.planned_s, spikes)
        if self.seconds is None:
            made.append(Stretch(self.planned_s, self.planned_s + TAIL_S, self.ramp.last, self.ramp.last))
        return made

    @property
    def expected(self) -> float | None:
        """Sends, the hostile ones included. None for a closed storm bounded by time."""
        if self.clients:
            return self.tickets
        area = sum(stretch.area for stretch in self.shape)
        return area if self.tickets is None else min(area, self.tickets)

    @property
    def model(self) -> str:
        """In words."""
        bounds = [f"{self.seconds:g} s" if self.seconds else "", f"{self.tickets} tickets" if self.tickets else ""]
        until = " or ".join(filter(None, bounds))
        if self.clients:
            return f"closed, {self.clients} clients, {until}"
        first, last = self.ramp.first, self.ramp.last
        rate = f"{first:g}/s" if first == last else f"{first:g} to {last:g}/s"
        spikes = "".join(f", {s.rate:g}/s from {s.start_s:g} s for {s.length_s:g} s" for s in self.spikes)
        return f"open, {rate}{spikes}, {'poisson' if self.poisson else 'even'} arrivals, {until}"


def read(arguments: Sequence[str] | None, about: str) -> tuple[Plan, Target | None, argparse.Namespace]:
    """The plan, the house (None: only the ceiling is asked for), and the options of the output. Raises CannotRun."""
    parser = _parser(about)
    options = parser.parse_args(arguments)
    if options.url is None and not options.ceiling:
        parser.error("say which house: python -m scripts.storm http://127.0.0.1:8000")
    try:
        ramp, spikes = ramp_of(options.rate or DEFAULT_RATE), tuple(map(spike_of, options.spike))
    except ValueError as error:
        parser.error(str(error))
    if options.clients and (options.rate or spikes or options.profile == "spike"):
        parser.error("--clients sends as fast as answers come: it has no --rate and no spikes")
    seconds = options.seconds
    if seconds is None and options.tickets is None:
        seconds = DEFAULT_SECONDS
    given = vars(options)
    plain = {name: given[name] for name in Plan.__dataclass_fields__ if name in given}
    limits = Limits(options.max_p99_ms, options.max_error_rate, options.max_drain_s, options.lost)
    patience_s = max(options.patience_s, limits.drain_s or 0.0)
    plain |= {"seconds": seconds, "patience_s": patience_s, "poisson": options.arrivals == "poisson"}
    plan = Plan(**plain, ramp=ramp, spikes=spikes, limits=limits)
    if options.url is None:
        return plan, None, options
    environment_key = os.environ.get("API_KEY") or key_header(os.environ).get("X-API-Key", "")
    target = Target.of(options.url, options.api_key or environment_key)
    if not options.i_own_this_host and not target.is_loopback:
        raise CannotRun(
            f"{target.host} is not this machine. A storm at others' is an attack; if it is yours, say --i-own-this-host"
        )
    return plan, target, options


def _parser(about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.storm", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url", nargs="?", help="a running Smart-Support, such as http://127.0.0.1:8000")
    what = parser.add_argument_group("what is fired")
    what.add_argument("--profile", choices=PROFILES, default="steady", help="[%(default)s]")
    what.add_argument("--seconds", type=_positive, metavar="S", help=f"for so long [{DEFAULT_SECONDS:g}]")
    what.add_argument("--tickets", type=_count, metavar="N", help="until so many were sent")
    what.add_argument("--agents", type=_count, default=0, metavar="N", help="who pull and resolve at the same time [0]")
    what.add_argument("--seed", type=int, help="of texts and arrivals; by default another each time")
    how = parser.add_argument_group("how fast")
    how.add_argument("--rate", metavar="R[:R]", help=f"tickets a second, or from:to as a ramp [{DEFAULT_RATE}]")
    how.add_argument(
        "--spike", action="append", default=[], metavar="R@S+L", help="R a second from second S on for L seconds"
    )
    how.add_argument("--arrivals", choices=("poisson", "even"), default="poisson", help="[%(default)s]")
    how.add_argument(
        "--clients", type=_count, default=0, metavar="N", help="closed: each sends when its last was answered"
    )
    how.add_argument("--connections", type=_count, default=256, metavar="N", help="at most so many [%(default)s]")
    how.add_argument(
        "--timeout-s", type=_positive, default=10.0, metavar="S", help="a send is given up then [%(default)g]"
    )
    limits = parser.add_argument_group("thresholds: one that is missed makes the exit code 1")
    limits.add_argument("--max-p99-ms", type=_positive, metavar="MS")
    limits.add_argument("--max-error-rate", type=float, metavar="0..1", help="of what was asked, also what was dropped")
    limits.add_argument("--max-drain-s", type=_positive, metavar="S", help="until nothing of the storm waits any more")
    limits.add_argument(
        "--lost", type=int, default=0, metavar="N", help="accepted tickets that may be missing [%(default)s]"
    )
    limits.add_argument(
        "--patience-s", type=_positive, default=120.0, metavar="S", help="wait at most so long for that [%(default)g]"
    )
    limits.add_argument(
        "--check", type=_count, default=20_000, metavar="N", help="ids looked up one by one, at most [%(default)s]"
    )
    out = parser.add_argument_group("output")
    out.add_argument("--quiet", action="store_true", help="no live display")
    out.add_argument("--json", type=Path, metavar="FILE")
    out.add_argument("--html", type=Path, metavar="FILE", help="one page with plots, needs nothing else")
    parser.add_argument("--api-key", metavar="KEY", help="by default API_KEY of the environment")
    parser.add_argument("--i-own-this-host", action="store_true", help="a URL that is not this machine's")
    parser.add_argument(
        "--ceiling", action="store_true", help="what this tool can send at most, against an echo server of its own"
    )
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value
