"""The report as one HTML page: style and plots inside, no script, nothing loaded; light or dark as the reader's system is."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from scripts.storm_plots import Series, histogram, lines
from scripts.storm_report import Latency, Report
from scripts.storm_words import ms

STYLE = Path(__file__).with_suffix(".css")
# What a browser must not do with it, whatever ended up in the texts.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

HALF_S = 0.5

Row = tuple[str, ...]


def page(report: Report) -> str:
    """The whole file. Texts from the house are escaped."""
    verdict, tone = ("Nothing lost, every threshold held", "") if report.ok else (_failure(report), " bad")
    about = f"{report.url} · {report.profile} · {report.model} · {report.began_at} · run {report.run}"
    body = [
        f'<header><h1>Ticket storm</h1><p class="verdict{tone}">{escape(verdict)}</p><p class="about">{escape(about)}</p></header>',
        _notice(report),
        _cards(report),
        f'<div class="plots">{_plots(report)}</div>',
        f'<div class="tables">{"".join(_tables(report))}</div>',
        "<footer>Latency counts from the moment at which a send was meant to start, also of sends that were given up. Percentiles are "
        "known to 0.8 %.</footer>",
    ]
    content = "\n".join(filter(None, body))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Ticket storm {escape(report.run)}</title><style>\n{STYLE.read_text(encoding='utf-8')}</style></head>\n"
        f"<body><main>\n{content}\n</main></body></html>\n"
    )


def _failure(report: Report) -> str:
    return "Failed: " + "; ".join(threshold.says for threshold in report.thresholds if not threshold.ok)


def _notice(report: Report) -> str:
    if not report.client.saturated:
        return ""
    return f'<p class="notice">The client was saturated: {escape(report.client.saturated_says)}.</p>'


def _cards(report: Report) -> str:
    cards = [
        ("accepted", f"{report.accepted:,}", f"of {report.asked:,} asked", False),
        ("lost", f"{report.lost:,}", f"{report.account.checked:,} looked up by id", report.lost > 0),
        ("achieved", f"{report.achieved_rate:,.1f}/s", f"asked {report.asked_rate:,.1f}/s", False),
        ("latency p50", f"{ms(report.latency.p50_ms)} ms", f"p95 {ms(report.latency.p95_ms)} ms", False),
        ("latency p99", f"{ms(report.latency.p99_ms)} ms", f"max {ms(report.latency.max_ms)} ms", False),
        ("errors", f"{report.error_rate:.2%}", f"{report.dropped:,} sends dropped", report.error_rate > 0),
        (
            "drain",
            "?" if report.drain_s is None else f"{report.drain_s:.1f} s",
            report.drain_says,
            report.drain_s is None,
        ),
    ]
    made = [
        f"<div{' class=bad' if bad else ''}><dt>{name}</dt><dd><strong>{escape(value)}</strong><small>{escape(more)}</small></dd></div>"
        for name, value, more, bad in cards
    ]
    return f'<dl class="cards">{"".join(made)}</dl>'


def _plots(report: Report) -> str:
    looks = report.looks
    # The last bit of a second would look like a collapse.
    seconds = [second for second in report.seconds if report.sending_s - second.at_s > HALF_S] or report.seconds
    latency = [
        Series("p99", 1, [(s.at_s, s.p99_ms) for s in seconds if s.p99_ms is not None], area=True),
        Series("p50", 0, [(s.at_s, s.p50_ms) for s in seconds if s.p50_ms is not None]),
    ]
    rate = [
        Series("asked", 4, [(s.at_s, s.asked) for s in seconds], area=True),
        Series("accepted", 2, [(s.at_s, s.accepted) for s in seconds]),
        Series("failed", 3, [(s.at_s, s.failed) for s in seconds]),
    ]
    house = [Series("to be judged", 0, [(look.at_s, look.backlog) for look in looks], area=True)]
    for colour, (name, term) in enumerate((("ready", "ready"), ("claimed", "claimed"), ("folded", "folded")), start=1):
        house.append(Series(name, colour, [(look.at_s, look.terms.get(term, 0)) for look in looks]))
    marks = {f"{name} {ms(value)}": value for name, value in _percentiles(report.latency).items()}
    return "".join(
        [
            _plot(
                "Latency over time, ms", latency, lines(latency, unit="ms", label="Latency over time", may_be_log=True)
            ),
            _plot("Tickets a second", rate, lines(rate, unit="", label="Rates asked and achieved over time")),
            _plot("Latencies, sends by ms", [], histogram(report.bars, marks, label="Histogram of latencies")),
            _plot("Tickets in the house", house, lines(house, unit="", label="Backlog and ready tickets over time")),
        ]
    )


def _percentiles(times: Latency) -> dict[str, float]:
    return {"p50": times.p50_ms, "p95": times.p95_ms, "p99": times.p99_ms} if times.count else {}


def _plot(title: str, series: Sequence[Series], drawing: str) -> str:
    legend = "".join(f'<span><i class="c{one.colour}"></i>{one.name}</span>' for one in series)
    return f'<section><h2>{title}</h2><p class="legend">{legend}</p>{drawing or "<p>Nothing to draw.</p>"}</section>'


def _tables(report: Report) -> Iterable[str]:
    yield _table(
        "Thresholds",
        [
            (one.name, one.says.removeprefix(one.name).strip(), "held" if one.ok else "FAILED")
            for one in report.thresholds
        ],
    )
    answers = [(name, f"{count:,}") for name, count in (report.statuses | report.troubles).items()]
    yield _table("Answers", answers + [(f"{code} says", text) for code, text in report.examples.items()])
    yield _table("Books", _books(report))
    yield _table("From accepted to pulled", _journey(report))
    if report.hostile:
        kinds = [
            (kind.kind, _counts(kind.outcomes), _counts(kind.statuses), "FAILED" if kind.wrong else "held")
            for kind in report.hostile
        ]
        yield _table("Hostile requests", kinds)
    client = report.client
    rows = [
        ("processor", f"{client.cpu:.0%} of a core"),
        ("late, p99 and worst", f"{ms(client.late_ms)} ms, {ms(client.worst_ms)} ms"),
    ]
    if client.ceiling_per_s:
        rows.append(("ceiling", f"{client.ceiling_per_s:,.0f} a second against an empty server"))
    yield _table("This client", rows)


def _books(report: Report) -> list[Row]:
    account = report.account
    rows: list[Row] = [
        ("acknowledged by 202", f"{account.acknowledged:,}"),
        ("looked up by id", f"{account.checked:,}"),
        *((f"found, {status}", f"{count:,}") for status, count in account.statuses.items()),
        ("missing", f"{account.missing:,}"),
        ("sends without an answer, of them arrived", f"{account.unanswered:,}, {account.unanswered_found:,}"),
    ]
    if account.counted is not None:
        rows.append(("more accepted by /stats, of them of others", f"{account.counted:,}, {account.others:,}"))
        rows.append(("/stats balanced", "yes" if account.balanced else "NO"))
    return [*rows, ("lost", f"{report.lost:,}")]


def _journey(report: Report) -> list[Row]:
    def row(name: str, times: Latency, what: str) -> Row:
        said = ", ".join(f"{share} {ms(value)}" for share, value in _percentiles(times).items())
        return name, f"{said}, max {ms(times.max_ms)} ms ({times.count:,} {what})" if times.count else "none measured"

    rows = [row("accept to ready", report.accept_to_ready, "followed")]
    if report.server_latency_ms:
        said = ", ".join(f"{name} {ms(value)}" for name, value in report.server_latency_ms.items())
        rows.append(("accept to ready by /stats, all it ever judged", f"{said} ms"))
    if pulls := report.pulls:
        rows += [
            row("accept to pull", pulls.accept_to_pull, "tickets"),
            row(
                "ready to pull", pulls.ready_to_pull, f"followed; {pulls.at_once} more were gone before the update came"
            ),
            row("resolve", pulls.resolve, "answers"),
            ("agents", f"{pulls.agents}, resolved {pulls.resolved:,}, of them twice {pulls.twice}"),
            ("tickets of others given back", f"{pulls.foreign:,}"),
        ]
    return rows


def _table(title: str, rows: Sequence[Row]) -> str:
    made = []
    for name, *values in rows:
        cells = "".join(f"<td{_tone(value)}>{escape(value)}</td>" for value in values)
        made.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    return f"<section><h2>{title}</h2><table>{''.join(made)}</table></section>"


def _tone(value: str) -> str:
    return {"FAILED": ' class="bad"', "NO": ' class="bad"', "held": ' class="good"'}.get(value, "")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
