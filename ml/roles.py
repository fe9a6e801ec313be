"""The models that run in processes of their own, each with its terms: the judge, and what may be configured beside it."""

import time
from collections.abc import Callable, Sequence

from ml import drafting, opinion
from ml.breaker import UNIT_TOKENS, Breaker, BreakerConfig
from ml.drafting import DraftOrder
from ml.engines import build_engine, build_second_reader, build_writer
from ml.guarded import GuardedModel
from ml.job import WARM_TEXTS, EngineFactory, Factory, Job, Terms, judging
from ml.opinion import Opinion
from ml.patience import Patience
from ml.soundness import flaw
from ml.spec import EngineSpec
from ml.text import token_count
from ml.verdict import TicketText, Verdict

# Nobody waits for a second opinion. A large NLI model needs 0.7 to 1.3 s a ticket (field measurement), and here it has the
# processor when nothing else wants it: slow is what would take a look of four tickets half a minute.
OPINION_SLOW_MS = 30_000.0
# A draft may take its own limit (20 s), a long prompt before it and a busy machine beside it.
DRAFT_SLOW_MS = 60_000.0
# A breaker over calls that take seconds opens for minutes, not for seconds.
ADVICE_OPEN_S, ADVICE_OPEN_CAP_S = 60.0, 600.0
# A model that is missing is looked for again, up to twice an hour: a process start each time.
ADVICE_PATIENCE = Patience(retry_first_s=5.0, retry_cap_s=1_800.0)
# What tickets wait for runs first; a model beside it gets what is left.
ADVICE_NICENESS = 10
WARM_ORDER = DraftOrder(WARM_TEXTS[1], "Technical")


def guarded_judge(
    spec: EngineSpec,
    breaker: Breaker,
    *,
    factory: EngineFactory = build_engine,
    patience: Patience | None,
    clock: Callable[[], float],
) -> GuardedModel[TicketText, Verdict]:
    """The engine that judges every ticket."""
    labels = frozenset(spec.labels)

    def found(verdicts: Sequence[object], expected: int) -> str | None:
        return flaw(verdicts, expected, labels)

    terms: Terms[TicketText, Verdict] = Terms(tokens=ticket_tokens, flaw=found, meanwhile="keywords judge")
    return GuardedModel(judging(factory, spec), terms, breaker, patience=patience, clock=clock)


def second_reader(
    spec: EngineSpec,
    *,
    factory: Factory[TicketText, Opinion] = build_second_reader,
    patience: Patience = ADVICE_PATIENCE,
) -> GuardedModel[TicketText, Opinion]:
    """The model that is asked where MiniLM is unsure."""
    labels = frozenset(spec.labels)

    def found(opinions: Sequence[object], expected: int) -> str | None:
        return opinion.flaw(opinions, expected, labels)

    terms: Terms[TicketText, Opinion] = Terms(ticket_tokens, found, "there is no second opinion")
    job = Job(factory, spec, WARM_TEXTS, ADVICE_NICENESS)
    return GuardedModel(job, terms, _breaker(OPINION_SLOW_MS), patience=patience, clock=time.monotonic)


def draft_writer(
    spec: EngineSpec, *, factory: Factory[DraftOrder, str] = build_writer, patience: Patience = ADVICE_PATIENCE
) -> GuardedModel[DraftOrder, str]:
    """The model that writes drafts."""
    # One unit of work each, so that each is asked for by itself.
    terms: Terms[DraftOrder, str] = Terms(lambda _order: UNIT_TOKENS, drafting.flaw, "drafts are templates")
    job = Job(factory, spec, (WARM_ORDER,), ADVICE_NICENESS)
    return GuardedModel(job, terms, _breaker(DRAFT_SLOW_MS), patience=patience, clock=time.monotonic)


def _breaker(slow_ms: float) -> Breaker:
    config = BreakerConfig(slow_ms=slow_ms, open_s=ADVICE_OPEN_S, open_cap_s=ADVICE_OPEN_CAP_S)
    return Breaker(config, clock=time.monotonic)


def ticket_tokens(text: TicketText) -> int:
    return token_count(text.joined)
