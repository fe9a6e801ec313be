"""`python -m scripts.seed FILE`: send the rows of a CSV or JSON Lines file as tickets, with a progress bar; may be repeated.

Columns are named by option, or taken by their own names where they are called like the API's fields:

    python -m scripts.seed tickets.csv --body text --requester email

Each row's ticket id is made from the file's name and the row's number, so a row is never sent twice: a second run finds by
bisection how far the first one came, and goes on there.
"""

import argparse
import csv
import hashlib
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scripts.readiness import key_header

FIELDS = ("subject", "body", "description", "requester")
# A fifth of what one request may hold: progress moves, and a row of long texts stays within the limit on bytes.
ROWS_PER_REQUEST = 200
# CSV cells may hold whole mail threads; the module's own limit is 128 KiB.
MOST_CELL_BYTES = 4 * 1024 * 1024
ATTEMPTS = 10

Row = dict[str, Any]


class SeedError(Exception):
    """Nothing more can be sent; the text says why and what to do."""


def read(file: Path) -> Iterator[Row]:
    """The rows, by column name. Raises SeedError for a file of another kind or a line that is none."""
    if file.suffix.lower() == ".csv":
        csv.field_size_limit(MOST_CELL_BYTES)
        with file.open(encoding="utf-8", errors="replace", newline="") as opened:
            yield from csv.DictReader(opened)
        return
    if file.suffix.lower() not in (".jsonl", ".ndjson"):
        raise SeedError(f"{file.name} is neither .csv nor .jsonl: name it after what it holds")
    with file.open(encoding="utf-8") as opened:
        for number, line in enumerate(opened, 1):
            if line.strip():
                try:
                    row = json.loads(line)
                except ValueError as error:
                    raise SeedError(f"{file.name}, line {number} is not JSON: {error}") from error
                if not isinstance(row, dict):
                    raise SeedError(f"{file.name}, line {number} is not a JSON object")
                yield row


def columns(options: argparse.Namespace, first: Row) -> dict[str, str]:
    """Field to column. Raises SeedError when a named column is not there, or none holds a text."""
    chosen = {}
    for field in FIELDS:
        named = getattr(options, field)
        if named is not None and named not in first:
            raise SeedError(f"there is no column {named!r}; the columns are {', '.join(first)}")
        column = named or (field if field in first else None)
        if column:
            chosen[field] = column
    if not {"subject", "body", "description"} & set(chosen):
        raise SeedError(f"say which column holds the text: --body NAME; the columns are {', '.join(first)}")
    return chosen


def ticket(row: Row, number: int, stem: str, chosen: dict[str, str]) -> Row:
    """One ticket; control characters, which the API refuses, become spaces."""
    made: Row = {"ticket_id": f"{stem}-{number}"}
    for field, column in chosen.items():
        text = "".join(c if c.isprintable() or c in "\n\t" else " " for c in str(row.get(column) or ""))
        if text.strip():
            made[field] = text
    return made


def first_missing(client: httpx.Client, stem: str, rows: int) -> int:
    """How many rows were sent before: rows go in order, so the first unknown id is found by halving."""
    low, high = 0, rows
    while low < high:
        middle = (low + high) // 2
        if client.get(f"/tickets/{stem}-{middle}/status").status_code == httpx.codes.OK:
            low = middle + 1
        else:
            high = middle
    return low


def send(client: httpx.Client, tickets: list[Row]) -> list[Row]:
    """The per-line results. A full backlog or a Redis that is away is waited for. Raises SeedError."""
    body = "\n".join(json.dumps(one) for one in tickets)
    for _ in range(ATTEMPTS):
        answer = client.post("/tickets/bulk", content=body, headers={"Content-Type": "application/x-ndjson"})
        if answer.status_code in (429, 503):
            time.sleep(float(answer.headers.get("Retry-After", 1)))
            continue
        if answer.status_code != httpx.codes.OK:
            raise SeedError(f"the API answered {answer.status_code}: {answer.text[:300]}")
        results: list[Row] = answer.json()["results"]
        late = [place for place, one in enumerate(results) if one.get("problem", {}).get("status") == 503]
        if not late:
            return results
        time.sleep(1)  # what the backlog had no room for; those that are in already answer the same again
    raise SeedError(
        "the API kept refusing for want of room; run the same command again later, it goes on where it stopped"
    )


def run(options: argparse.Namespace) -> int:
    rows = list(itertools.islice(read(options.file), options.limit))
    if not rows:
        raise SeedError(f"{options.file.name} holds no rows")
    chosen = columns(options, rows[0])
    stem = "seed-" + hashlib.sha256(options.file.name.encode()).hexdigest()[:8]
    refused: list[str] = []
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with httpx.Client(base_url=options.url, headers=key_header(os.environ), timeout=60, trust_env=False) as client, bar:
        start = first_missing(client, stem, len(rows))
        task = bar.add_task("sending", total=len(rows), completed=start)
        for at in range(start, len(rows), ROWS_PER_REQUEST):
            tickets = [ticket(row, at + n, stem, chosen) for n, row in enumerate(rows[at : at + ROWS_PER_REQUEST])]
            for number, result in enumerate(send(client, tickets), at):
                if "problem" in result:
                    refused.append(f"row {number + 1}: {result['problem'].get('detail', 'refused')}")
            bar.advance(task, len(tickets))
    print(f"{len(rows) - start - len(refused)} sent, {start} were there before, {len(refused)} refused")
    for line in refused[:10]:
        print(f"  {line}")
    return 1 if refused else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.seed", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="a .csv with a header line, or a .jsonl of objects")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="a running API [%(default)s]")
    parser.add_argument("--limit", type=int, help="at most so many rows")
    for field in FIELDS:
        parser.add_argument(f"--{field}", metavar="COLUMN", help=f"column that holds the {field}")
    try:
        return run(parser.parse_args())
    except (SeedError, OSError, httpx.HTTPError) as error:
        print(f"seed: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
