"""`python -m scripts.demo [--url http://...]`: post the sample tickets and show the routed queue, most urgent first.

Speaks HTTP only, as any client would. Each ticket has an idempotency key made from its content, so a second run on the
same data shows the same tickets instead of posting them again.
"""

import argparse
import asyncio
import hashlib
import json
import os
import statistics
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from scripts.queue_table import queue_table
from scripts.readiness import key_header

SAMPLES = Path(__file__).parent / "demo_tickets.jsonl"
# The samples may carry notes for other readers; these are the API's fields.
FIELDS = ("subject", "body", "description", "requester", "metadata")
# As many requests at once as a browser would make; the point is routing, not load.
AT_ONCE = 6
# Sixty samples take a second on the models; keywords judge within a second each, whatever happens.
JUDGED_DEADLINE_S = 60.0
# On a busy machine the models may miss a deadline; keywords stand in, and the models look again within seconds.
SECOND_LOOK_S = 30.0
ASK_EVERY_S = 0.2
# A full backlog answers 503 with Retry-After: worth waiting for, within reason.
POST_ATTEMPTS = 5
# A file or a log has no width of its own; rich would take 80 and cut the tickets' words.
FILE_COLUMNS = 120

Ticket = dict[str, Any]


class DemoError(Exception):
    """The demo can't go on; the text says why."""


def samples(file: Path = SAMPLES) -> list[Ticket]:
    """The sample tickets, the API's fields only. Raises DemoError naming the line that is no ticket."""
    tickets = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            sample = json.loads(line)
            tickets.append({field: sample[field] for field in FIELDS if sample.get(field)})
        except (ValueError, AttributeError, TypeError) as error:
            raise DemoError(f"{file.name}, line {number} is no ticket: {error}") from error
    return tickets


def key_of(ticket: Ticket) -> str:
    """The same for the same words."""
    return "demo-" + hashlib.sha256(json.dumps(ticket, sort_keys=True).encode()).hexdigest()[:24]


async def post(client: httpx.AsyncClient, ticket: Ticket) -> str:
    """The id of the accepted ticket. Raises DemoError when the API refuses it."""
    for _ in range(POST_ATTEMPTS):
        answer = await client.post("/tickets", json=ticket, headers={"Idempotency-Key": key_of(ticket)})
        if answer.status_code not in (429, 503):
            break
        await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
    if answer.status_code not in (200, 202):
        raise DemoError(f"POST /tickets answered {answer.status_code}: {answer.text[:300]}")
    return str(answer.json()["ticket_id"])


async def judged(client: httpx.AsyncClient, ticket_id: str, deadline: float) -> Ticket:
    """The ticket once the configured engine has spoken, or as it stands at the deadline (loop time, s)."""
    while True:
        answer = await client.get(f"/tickets/{ticket_id}")
        if answer.status_code != 200:
            raise DemoError(f"GET /tickets/{ticket_id} answered {answer.status_code}: {answer.text[:300]}")
        ticket: Ticket = answer.json()
        now = asyncio.get_running_loop().time()
        if ticket.get("ai_status") == "done" or ticket.get("status") == "dead" or now > deadline:
            return ticket
        if ticket.get("engine"):
            deadline = min(deadline, now + SECOND_LOOK_S)
        await asyncio.sleep(ASK_EVERY_S)


async def route(url: str, tickets: list[Ticket], *, headers: dict[str, str]) -> list[Ticket]:
    """Post them all and wait for each verdict; in the order given."""
    turn = asyncio.Semaphore(AT_ONCE)
    deadline = asyncio.get_running_loop().time() + JUDGED_DEADLINE_S
    # trust_env=False: a proxy of the shell has nothing to do with a service on this machine.
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=35.0, trust_env=False) as client:

        async def one(ticket: Ticket) -> Ticket:
            async with turn:
                ticket_id = await post(client, ticket)
            return await judged(client, ticket_id, deadline)

        return list(await asyncio.gather(*map(one, tickets)))


def closing_line(tickets: list[Ticket]) -> str:
    """How many were judged by whom, and how long the median took."""
    engines = Counter(ticket["engine"] for ticket in tickets if ticket.get("engine"))
    by_whom = ", ".join(f"{count} by {engine}" for engine, count in engines.most_common()) or "none"
    times = [ticket["processing_ms"] for ticket in tickets if ticket.get("processing_ms") is not None]
    median = f"; median {statistics.median(times):.0f} ms" if times else ""
    waiting = len(tickets) - engines.total()
    return f"{engines.total()} tickets judged: {by_whom}{median}" + (f"; {waiting} still wait" if waiting else "")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.demo", description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="a running API [%(default)s]")
    options = parser.parse_args()
    try:
        tickets = asyncio.run(route(options.url, samples(), headers=key_header(os.environ)))
    except (DemoError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except httpx.HTTPError as error:
        print(f"demo: {options.url} does not answer: {error!r}", file=sys.stderr)
        return 1
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(width=FILE_COLUMNS)
    console.print(queue_table(tickets))
    console.print(closing_line(tickets), highlight=False, markup=False)
    return 0 if all(ticket.get("engine") for ticket in tickets) else 1


if __name__ == "__main__":
    sys.exit(main())
