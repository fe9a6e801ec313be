"""The demo's table, line and samples; the demo against a server is in test_start.py."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from scripts.demo import FIELDS, DemoError, closing_line, key_of, samples
from scripts.queue_table import bar, first_words, queue_table

JUDGED = {
    "subject": "Prices [bold]doubled[/bold]",
    "urgency_score": 0.91,
    "urgency_label": "high",
    "category": "Feature Request",
    "confidence": 0.88,
    "sentiment_score": 2.5,
    "assigned_agent": "Agent1",
    "engine": "keywords",
    "processing_ms": 12.0,
}


def shown(*tickets: dict[str, object], width: int) -> str:
    file = io.StringIO()
    Console(file=file, width=width).print(queue_table(tickets))
    return file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_every_column_is_readable(width: int) -> None:
    text = shown(JUDGED, width=width)
    assert max(map(len, text.splitlines())) <= width
    for cell in ("0.91 ████", "high", "Feature Request", "0.88", "2.5", "Agent1", "keywords", "Prices [b"):
        assert cell in text


def test_the_most_urgent_comes_first_and_the_unjudged_last() -> None:
    calm = {**JUDGED, "urgency_score": 0.0, "subject": "calm"}
    text = shown({"subject": "unjudged"}, calm, {**JUDGED, "subject": "urgent"}, width=120)
    assert text.index("urgent ") < text.index("calm") < text.index("unjudged")


def test_a_ticket_can_not_command_the_terminal() -> None:
    assert first_words({"subject": " ", "body": "red\x1b[31m\n\x07line\u202e"}) == "red[31m line"


def test_a_bar_stays_in_its_cells() -> None:
    assert (bar(0.0), bar(0.5), bar(1.0), bar(None)) == ("0.00 ░░░░", "0.50 ██░░", "1.00 ████", "")


def test_the_last_line_counts_by_engine() -> None:
    other = {**JUDGED, "engine": "minilm", "processing_ms": 20.0}
    assert closing_line([JUDGED, other, other]) == "3 tickets judged: 2 by minilm, 1 by keywords; median 20 ms"
    assert closing_line([JUDGED, {"subject": "x"}]).endswith("; 1 still wait")


def test_the_bundled_samples_are_tickets() -> None:
    tickets = samples()
    assert len(tickets) >= 20
    assert all(set(ticket) <= set(FIELDS) for ticket in tickets)
    assert len({key_of(ticket) for ticket in tickets}) == len(tickets)


def test_a_broken_sample_is_named(tmp_path: Path) -> None:
    file = tmp_path / "samples.jsonl"
    file.write_text('{"subject": "fine"}\n\nnot json\n')
    with pytest.raises(DemoError, match=r"samples\.jsonl, line 3 is no ticket"):
        samples(file)
