"""The models' second look: tickets that keywords judged while the models were away, and that still wait for an agent."""

from broker import Broker
from ml.judge import Judge
from worker.judging import judge
from worker.policy import NOTHING, Wanted

# A small bite at a time: fresh tickets share the same model and come first.
MOST_PER_LOOK = 8
# Long enough for one look; then another worker may try.
OFFER_PAUSE_S = 30.0


async def look_again(broker: Broker, judge_: Judge, *, alert_above: float, wanted: Wanted = NOTHING) -> int:
    """Judges a few of them again if the model is there; returns how many were handed out. Raises Unavailable."""
    status = judge_.status()
    if status.model != "ready" or status.breaker != "closed":
        return 0
    tickets = await broker.work.degraded(MOST_PER_LOOK, OFFER_PAUSE_S)
    if tickets:
        judged = await judge(judge_, tickets, broker.answers, alert_above=alert_above, wanted=wanted)
        # Judged by keywords once more: they stay marked and come round again after the pause.
        await broker.work.rescore([(one.ticket, one.outcome) for one in judged if one.outcome.ai_status == "done"])
    return len(tickets)
