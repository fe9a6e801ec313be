"""How fast an engine judges: tickets alone, as they come on a quiet day, and in batches, as they come in a storm."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ml.verdict import Engine, TicketText

# Enough for a steady median; a slow engine need not read more.
MOST_ALONE = 60
MOST_IN_BATCHES = 320
# What a worker takes at once.
BATCH_TEXTS = 16


@dataclass(frozen=True)
class Speed:
    """`alone_ms`: median of one ticket at a time. `batched_per_s`: tickets a second in batches of a worker's size."""

    alone_ms: float
    batched_per_s: float


def speed(engine: Engine, texts: Sequence[str]) -> Speed:
    """On at most MOST_ALONE and MOST_IN_BATCHES of `texts` (at least one), spread over all of them; the engine is warm after."""
    chosen = [TicketText(body=text) for text in texts[:: max(1, len(texts) // MOST_IN_BATCHES)]][:MOST_IN_BATCHES]
    engine.judge(chosen[:1])
    alone_ms = []
    for text in chosen[:: max(1, len(chosen) // MOST_ALONE)][:MOST_ALONE]:
        began = time.perf_counter()
        engine.judge([text])
        alone_ms.append((time.perf_counter() - began) * 1000)
    began = time.perf_counter()
    for start in range(0, len(chosen), BATCH_TEXTS):
        engine.judge(chosen[start : start + BATCH_TEXTS])
    return Speed(statistics.median(alone_ms), len(chosen) / (time.perf_counter() - began))
