"""`python -m scripts.redrive [ID ...]`: dead tickets are tried again from the start; without ids, all of them."""

import argparse
import os
import sys
from collections.abc import Iterator

import httpx

from scripts.readiness import key_header


def dead(client: httpx.Client) -> Iterator[str]:
    """The ids of all dead tickets. Raises httpx.HTTPError."""
    parameters: dict[str, str | int] = {"status": "dead", "limit": 200}
    while True:
        answer = client.get("/tickets", params=parameters)
        answer.raise_for_status()
        page = answer.json()
        yield from (str(ticket["ticket_id"]) for ticket in page["items"])
        if not page["cursor"]:
            return
        parameters["cursor"] = page["cursor"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.redrive", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ids", nargs="*", metavar="ID", help="tickets to try again; none: all that are dead")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="a running API [%(default)s]")
    options = parser.parse_args()
    refused = done = 0
    try:
        with httpx.Client(base_url=options.url, headers=key_header(os.environ), timeout=60, trust_env=False) as client:
            for ticket_id in options.ids or [*dead(client)]:
                answer = client.post(f"/tickets/{ticket_id}/redrive")
                if answer.status_code == httpx.codes.OK:
                    done += 1
                else:
                    refused += 1
                    print(f"{ticket_id}: {answer.json().get('detail', answer.status_code)}")
    except httpx.HTTPError as error:
        print(f"redrive: {error}", file=sys.stderr)
        return 2
    print(f"{done} tried again" + (f", {refused} refused" if refused else ""))
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
