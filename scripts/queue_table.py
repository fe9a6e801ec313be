"""The routed queue as a table for a terminal. Pure: tickets as the API gives them in, a rich table out."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

BAR_CELLS = 4
COLOURS = {"high": "bold red", "medium": "yellow", "low": "green"}
# Words of a ticket that tell it from its neighbours, without a second line.
WORDS_CHARACTERS = 60


def queue_table(tickets: Iterable[Mapping[str, Any]]) -> Table:
    """Most urgent first; those without a verdict last, in the order given."""
    table = Table(
        title="The routed queue, most urgent first",
        title_justify="left",
        header_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    # Only the ticket's words give way on a narrow terminal: 80 columns leave them 15, and the rest stays readable.
    for name, width in (("S", 5 + BAR_CELLS), ("urgency", 7), ("category", 15)):
        table.add_column(name, no_wrap=True, min_width=width)
    for name in ("sure", "mood"):
        table.add_column(name, justify="right", no_wrap=True, min_width=4)
    for name in ("agent", "engine"):
        table.add_column(name, no_wrap=True, min_width=8)
    table.add_column("ticket", no_wrap=True, overflow="ellipsis")
    for ticket in sorted(tickets, key=urgency, reverse=True):
        label = str(ticket.get("urgency_label") or "")
        table.add_row(
            Text(bar(ticket.get("urgency_score")), style=COLOURS.get(label, "")),
            Text(label, style=COLOURS.get(label, "")),
            Text(str(ticket.get("category") or "pending")),
            number(ticket.get("confidence"), ".2f"),
            number(ticket.get("sentiment_score"), ".1f"),
            Text(agent(ticket)),
            Text(str(ticket.get("engine") or "")),
            Text(first_words(ticket)),  # Text, never markup: customers write brackets
        )
    return table


def urgency(ticket: Mapping[str, Any]) -> float:
    score = ticket.get("urgency_score")
    return -1.0 if score is None else float(score)


def bar(score: float | None) -> str:
    """S in 0..1 as digits and cells: "0.50 ██░░"."""
    if score is None:
        return ""
    filled = round(min(max(score, 0.0), 1.0) * BAR_CELLS)
    return f"{score:.2f} " + "█" * filled + "░" * (BAR_CELLS - filled)


def number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def agent(ticket: Mapping[str, Any]) -> str:
    if ticket.get("incident_id"):
        return "incident"
    return str(ticket.get("assigned_agent") or "nobody")


def first_words(ticket: Mapping[str, Any]) -> str:
    """The first non-blank part on one line; what a terminal would obey instead of show is left out."""
    text = next(
        (str(ticket[part]) for part in ("subject", "body", "description") if str(ticket.get(part) or "").strip()), ""
    )
    line = "".join(character for character in " ".join(text.split()) if character.isprintable())
    return line[:WORDS_CHARACTERS]
