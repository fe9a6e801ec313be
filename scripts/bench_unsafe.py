"""`python -m scripts.bench_unsafe`: the plainest worker that could do a ticket, which `scripts.bench worker` measures ours against.

One ticket at a time: BLPOP its id, HGETALL the record, ask the same stand-in engine, then write the verdict (HSET) and enter it among
the ready ones (ZADD) in one pipeline. The same client, event loop and records as ours. What it leaves out is what ours is for: a
ticket it popped is lost if it dies; no lease, no attempts, no agent, no near-duplicates, no alert, no counters, no index, no news.
"""

import os
from datetime import UTC, datetime

import uvloop

from broker import Broker
from broker.work import BELL_TIMEOUT_S, priority
from ml.engines import build_engine
from ml.spec import EngineSpec
from ml.verdict import TicketText


async def run() -> None:
    """Until it is killed."""
    broker = Broker.assemble(os.environ["REDIS_URL"])
    redis, keys = broker.store.redis, broker.store.keys
    engine = build_engine(EngineSpec(engine="stub"))
    bell, ready = keys.name("bell"), keys.name("ready")
    while True:
        popped = await redis.blpop([bell], timeout=BELL_TIMEOUT_S)
        if popped is None:
            continue
        ticket_id = popped[1]
        key = keys.name("ticket*", ticket_id)
        record = await redis.hgetall(key)
        text = TicketText(record.get("subject", ""), record.get("body", ""), record.get("description", ""))
        verdict = engine.judge([text])[0]
        fields = {
            "status": "completed",
            "category": verdict.category,
            "confidence": verdict.confidence,
            "urgency_score": verdict.urgency_score,
            "sentiment_score": verdict.sentiment_score,
            "reasons": "; ".join(verdict.reasons),
            "summary": verdict.summary,
            "engine": verdict.engine,
            "model_version": verdict.model_version,
        }
        created_s = int(record["created_us"]) / 1_000_000
        async with redis.pipeline(transaction=False) as pipeline:
            pipeline.hset(key, mapping=fields)
            pipeline.zadd(ready, {ticket_id: priority(verdict.urgency_score, datetime.fromtimestamp(created_s, UTC))})
            await pipeline.execute()


if __name__ == "__main__":
    uvloop.run(run())
