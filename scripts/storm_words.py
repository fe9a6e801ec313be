"""The report for a terminal or a log."""

from scripts.storm_histogram import Bar
from scripts.storm_report import Latency, Report

LABEL_CELLS = 11
BAR_CELLS = 40


def lines(report: Report) -> list[str]:
    """Plain text, a fact a line."""
    said = [
        _line("storm", f"{report.url}, {report.profile}, {report.model}, run {report.run}"),
        _line(
            "sends",
            f"asked {report.asked:,} ({report.asked_rate:,.1f}/s), accepted {report.accepted:,} ({report.achieved_rate:,.1f}/s), "
            f"dropped {report.dropped:,}, errors {report.error_rate:.2%}, sending took {report.sending_s:.1f} s"
            + (", stopped early" if report.stopped_early else ""),
        ),
        _line("answers", _counts(report.statuses | report.troubles)),
        *(_line("", f"{code} says {text}") for code, text in report.examples.items()),
        _line("latency", f"{_latency(report.latency)}, from the intended start"),
        *_histogram(report),
        *_journey(report),
        _line("drain", _drain(report)),
        *_books(report),
        *_hostile(report),
        _line("client", _client(report)),
    ]
    verdicts = [("ok      " if one.ok else "FAILED  ") + one.says for one in report.thresholds]
    return said + [_line("thresholds" if number == 0 else "", verdict) for number, verdict in enumerate(verdicts)]


def ms(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _line(label: str, text: str) -> str:
    return f"{label:<{LABEL_CELLS}}{text}"


def _latency(times: Latency) -> str:
    if not times.count:
        return "none measured"
    return f"p50 {ms(times.p50_ms)}  p95 {ms(times.p95_ms)}  p99 {ms(times.p99_ms)}  max {ms(times.max_ms)} ms"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name}: {count:,}" for name, count in counts.items()) or "none"


def _histogram(report: Report) -> list[str]:
    """Two of its bars in one: a screen has few lines."""
    rows = [(pair[0].from_ms, sum(bar.count for bar in pair)) for pair in _pairs(report.bars)]
    most = max((count for _, count in rows), default=0)
    return [
        _line("", f"{ms(from_ms):>7} ms {'█' * round(count / most * BAR_CELLS) or '▏'} {count:,}")
        for from_ms, count in rows
        if count
    ]


def _pairs(bars: list[Bar]) -> list[list[Bar]]:
    return [bars[at : at + 2] for at in range(0, len(bars), 2)]


def _journey(report: Report) -> list[str]:
    """From accepted to pulled, by the server's clock."""
    times, server = report.accept_to_ready, report.server_latency_ms
    said = report.accept_to_ready_says or f"{_latency(times)} ({times.count} tickets followed by live updates)"
    made = [_line("to ready", f"from accepted: {said}")]
    if server:
        all_of_them = "  ".join(f"{name} {ms(value)}" for name, value in server.items())
        made.append(_line("", f"/stats, all it ever judged: {all_of_them} ms"))
    pulls = report.pulls
    if pulls is None:
        return made
    made.append(
        _line("to agents", f"from accepted: {_latency(pulls.accept_to_pull)} ({pulls.accept_to_pull.count:,} tickets)")
    )
    followed = pulls.at_once + pulls.ready_to_pull.count
    rest = f"; the others {_latency(pulls.ready_to_pull)}" if pulls.ready_to_pull.count else ""
    made.append(_line("", f"from ready: {pulls.at_once} of {followed} followed were gone before the update came{rest}"))
    made.append(
        _line(
            "",
            f"{pulls.agents} agents resolved {pulls.resolved:,}, {pulls.twice} of them twice; resolve {_latency(pulls.resolve)}"
            + (f"; {pulls.foreign} tickets of others given back" if pulls.foreign else "")
            + (f"; trouble: {_counts(pulls.troubles)}" if pulls.troubles else ""),
        )
    )
    return made


def _drain(report: Report) -> str:
    if report.drain_s is None:
        return report.drain_says
    return f"{report.drain_s:.1f} s after the last answer {report.drain_says}"


def _books(report: Report) -> list[str]:
    account = report.account
    which = "all" if account.checked == account.acknowledged else f"{account.checked:,} drawn at random"
    found = account.checked - account.missing - account.unknown
    made = [
        _line(
            "books",
            f"{account.acknowledged:,} acknowledged; looked up {which}: {found:,} found = {_counts(account.statuses)}",
        ),
    ]
    if account.unanswered:
        made.append(
            _line("", f"of {account.unanswered:,} sends without an answer {account.unanswered_found:,} had arrived")
        )
    if account.counted is None:
        made.append(_line("", "the house has no /stats to compare with"))
    else:
        others = f", {account.others:,} of them of others" if account.others else ""
        balance = "balanced" if account.balanced else "NOT BALANCED"
        made.append(_line("", f"/stats counted {account.counted:,} more accepted{others}; {balance}"))
    made.append(_line("", f"lost {report.lost:,}" + (f": {', '.join(account.named)}" if account.named else "")))
    return made


def _hostile(report: Report) -> list[str]:
    rows = [
        f"{kind.kind:<20} {_counts(kind.outcomes)}" + (f" ({_counts(kind.statuses)})" if kind.statuses else "")
        for kind in report.hostile
    ]
    return [_line("hostile" if number == 0 else "", row) for number, row in enumerate(rows)]


def _client(report: Report) -> str:
    client = report.client
    said = f"{client.cpu:.0%} of a core, p99 {ms(client.late_ms)} ms late, at worst {ms(client.worst_ms)} ms"
    if client.ceiling_per_s:
        said += f"; ceiling {client.ceiling_per_s:,.0f} a second"
    if client.saturated:
        said += f". SATURATED: {client.saturated_says}"
    return said
