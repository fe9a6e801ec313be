"""`python -m scripts.export FILE [--status resolved]`: tickets as JSON Lines, newest first, as GET /tickets shows them.

Run it before RETENTION_DAYS has passed and nothing that was resolved is lost. The file appears when it is complete.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import httpx
from rich.progress import Progress, SpinnerColumn, TextColumn

from scripts.readiness import key_header

PER_PAGE = 200


def export(client: httpx.Client, file: Path, filters: dict[str, str]) -> int:
    """Writes the tickets that match; how many. Raises httpx.HTTPError, OSError."""
    partial = file.with_name(file.name + ".part")
    written = 0
    parameters: dict[str, str | int] = {**filters, "limit": PER_PAGE}
    progress = Progress(SpinnerColumn(), TextColumn("{task.description}"), transient=True)
    with partial.open("w", encoding="utf-8") as out, progress:
        task = progress.add_task("0 tickets")
        while True:
            answer = client.get("/tickets", params=parameters)
            answer.raise_for_status()
            page = answer.json()
            out.writelines(json.dumps(ticket, ensure_ascii=False) + "\n" for ticket in page["items"])
            written += len(page["items"])
            progress.update(task, description=f"{written:,} tickets")
            if not page["cursor"]:
                break
            parameters["cursor"] = page["cursor"]
    partial.replace(file)
    return written


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.export", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="where to write, one ticket a line")
    parser.add_argument("--status", default="resolved", help="only these; 'all' for every ticket [%(default)s]")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="a running API [%(default)s]")
    options = parser.parse_args()
    filters = {} if options.status == "all" else {"status": options.status}
    try:
        with httpx.Client(base_url=options.url, headers=key_header(os.environ), timeout=60, trust_env=False) as client:
            print(f"{export(client, options.file, filters):,} tickets written to {options.file}")
    except (httpx.HTTPError, OSError) as error:
        print(f"export: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
