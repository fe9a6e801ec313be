"""How long a ticket takes from accepted to ready, with the real model, at a steady rate over HTTP."""

import asyncio
import time

import httpx

from scripts.bench_filling import ticket
from scripts.bench_rows import Row
from scripts.bench_stage import BenchError, stage

PER_S = 100
SECONDS = 20.0
P95_BAR_MS = 100.0
# After the last ticket; a worker that needs longer is behind, and the figure says so.
DRAIN_S = 30.0
LOOK_EVERY_S = 0.2


def bench_latency(per_s: int = PER_S, seconds: float = SECONDS, engine: str = "minilm") -> list[Row]:
    """About seconds + 15 s. Raises BenchError."""
    with stage() as house:
        port = house.start_api()
        house.start("worker", ENGINE=engine, FLOOD_THRESHOLD="1000000")
        house.wait_warm(port)
        took_ms, late = asyncio.run(_measure(port, per_s, int(per_s * seconds)))
    note = f"as GET /stats tells it, in steps of a tenth, rounded up; the sender was {late:.0%} behind its rate"
    return [
        Row(f"accepted to ready at {per_s}/s, p50", "ms", (took_ms["p50"],)),
        Row(f"accepted to ready at {per_s}/s, p95", "ms", (took_ms["p95"],), bar=P95_BAR_MS, at_most=True, note=note),
        Row(f"accepted to ready at {per_s}/s, p99", "ms", (took_ms["p99"],)),
    ]


async def _measure(port: int, per_s: int, count: int) -> tuple[dict[str, float], float]:
    """Percentiles in milliseconds, and the share of time by which sending took longer than it should."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as api:
        began = time.perf_counter()
        sending = []
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / per_s - time.perf_counter()))
            new = ticket(number)
            sent = {"subject": new.subject, "body": new.body, "requester": new.requester}
            sending.append(asyncio.create_task(api.post("/tickets", json=sent)))
        answers = await asyncio.gather(*sending)
        late = (time.perf_counter() - began) / (count / per_s) - 1
        refused = [answer.status_code for answer in answers if answer.status_code != httpx.codes.ACCEPTED]
        if refused:
            raise BenchError(f"{len(refused)} tickets were refused, the first with {refused[0]}")
        give_up = time.monotonic() + DRAIN_S
        while time.monotonic() < give_up:
            stats = (await api.get("/stats")).json()
            if stats["conservation"]["ready"] == count:
                return stats["latency_ms"], max(0.0, late)
            await asyncio.sleep(LOOK_EVERY_S)
    raise BenchError(f"not all tickets were ready {DRAIN_S:.0f} s after the last one was sent")
