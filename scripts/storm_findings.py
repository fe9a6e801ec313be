"""From what was noted during a storm to its report."""

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.storm_account import Account
from scripts.storm_agents import Agents
from scripts.storm_books import Books
from scripts.storm_histogram import Histogram
from scripts.storm_hostile import WRONG, Hostility
from scripts.storm_plan import Plan
from scripts.storm_report import Client, Hostile, Latency, Pulls, Report, Second
from scripts.storm_sample import Journey, Sample
from scripts.storm_thresholds import thresholds
from scripts.storm_watch import Look
from scripts.storm_wire import DROPPED


@dataclass(frozen=True)
class Sending:
    """The time in which was sent, to the last answer. `cpu`: share of a core. `late`: of sends, or of the loop where none is planned."""

    began_at: str
    sending_s: float
    cpu: float
    late: Histogram
    stopped_early: bool
    ceiling_per_s: float | None


def findings(
    plan: Plan,
    books: Books,
    sample: Sample,
    agents: Agents,
    hostility: Hostility | None,
    looks: Sequence[Look],
    account: Account,
    sending: Sending,
    *,
    drain_s: float | None,
    knows_stats: bool,
) -> Report:
    """The report, thresholds included."""
    awaited = "until nothing waited to be judged" + (" or answered" if plan.agents else "")
    unknown = (
        f"NOT within {plan.patience_s:g} s: something still waits"
        if knows_stats
        else "not known: the house has no /stats"
    )
    journey = sample.journey()
    report = Report(
        url=plan.url,
        run=books.run,
        profile=plan.profile,
        model=plan.model,
        began_at=sending.began_at,
        sending_s=round(sending.sending_s, 3),
        stopped_early=sending.stopped_early,
        asked=books.asked,
        accepted=len(books.accepted),
        dropped=books.troubles[DROPPED],
        asked_rate=round(books.asked / (books.asking_s or sending.sending_s), 3),
        achieved_rate=round(len(books.accepted) / sending.sending_s, 3),
        error_rate=round(books.error_rate, 6),
        statuses={str(status): count for status, count in sorted(books.statuses.items())},
        troubles=dict(books.troubles.most_common()),
        examples={str(status): text for status, text in books.examples.items()},
        latency=Latency.of(books.latency),
        bars=books.latency.bars(),
        accept_to_ready=Latency.of(journey.accept_to_ready),
        accept_to_ready_says=sample.trouble,
        server_latency_ms=looks[-1].latency_ms if looks else {},
        pulls=_pulls(plan, agents, journey) if plan.agents else None,
        drain_s=None if drain_s is None else round(drain_s, 3),
        drain_says=unknown if drain_s is None else awaited,
        account=account,
        hostile=_hostile(hostility) if hostility else [],
        client=_client(sending),
        seconds=_seconds(books),
        looks=list(looks),
    )
    report.thresholds = thresholds(report, plan.limits)
    return report


def _pulls(plan: Plan, agents: Agents, journey: Journey) -> Pulls:
    return Pulls(
        plan.agents,
        agents.handled.total(),
        agents.handled_twice,
        len(agents.foreign),
        dict(agents.troubles.most_common()),
        Latency.of(agents.accept_to_pull),
        Latency.of(journey.ready_to_pull),
        journey.at_once,
        Latency.of(agents.resolve),
    )


def _hostile(hostility: Hostility) -> list[Hostile]:
    kinds = sorted({kind for kind, _ in hostility.outcomes})
    made = []
    for kind in kinds:
        outcomes = {outcome: count for (one, outcome), count in hostility.outcomes.items() if one == kind}
        statuses = {str(status): count for (one, status), count in sorted(hostility.statuses.items()) if one == kind}
        made.append(Hostile(kind, outcomes, statuses, sum(outcomes.get(outcome, 0) for outcome in WRONG)))
    return made


def _client(sending: Sending) -> Client:
    late = sending.late
    p99_ms, worst_ms = round(late.percentile(0.99) * 1000, 3), round(late.max_s * 1000, 3)
    return Client(round(sending.cpu, 3), p99_ms, worst_ms, sending.ceiling_per_s)


def _seconds(books: Books) -> list[Second]:
    made = []
    for at_s in range(max(books.seconds, default=-1) + 1):
        second = books.seconds[at_s]
        latency = Latency.of(second.latency)
        p50_ms, p99_ms = (latency.p50_ms, latency.p99_ms) if latency.count else (None, None)
        made.append(Second(at_s, second.asked, second.accepted, second.failed, p50_ms, p99_ms))
    return made
