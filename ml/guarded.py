"""The model process behind its breaker: which texts it judges, in what portions and by when."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic

from ml.breaker import UNIT_TOKENS, Breaker, BreakerState
from ml.healer import Healer
from ml.job import In, Job, Out, Terms
from ml.messages import Answer, ModelAway, ModelBusy, ModelFailed, Ready
from ml.patience import Patience
from ml.portions import portions
from ml.process import ModelProcess, ModelState
from ml.suspects import Suspects

# The promise is an answer within a second; a tenth of it is left for the keywords that may have to stand in.
ANSWER_S = 0.9
# Where the operator allows a call more than that, the answer waits as long as a call may take and half of it again.
ANSWER_PER_ALLOWANCE = 1.5
# A portion is sized to half of what it may take, so that an ordinary hiccup doesn't make it slow.
PORTION_SHARE = 0.5
# Weight of the newest portion in the running pace: about ten portions of memory.
PACE_WEIGHT = 0.2


@dataclass(slots=True)
class Asked(Generic[Out]):
    """What the model said: verdicts by the index of their text, and why some are missing."""

    verdicts: dict[int, Out] = field(default_factory=dict)
    reason: str | None = None
    queued_ms: float = 0.0


class GuardedModel(Generic[In, Out]):
    """Judges what the model can judge in time, and never raises for the model's sake."""

    def __init__(
        self,
        job: Job[In, Out],
        terms: Terms[In, Out],
        breaker: Breaker,
        *,
        patience: Patience | None,
        clock: Callable[[], float],
    ) -> None:
        self._process = ModelProcess(job, on_loss=self._on_loss, patience=patience)
        self._terms = terms
        self._breaker = breaker
        self._clock = clock
        self._answer_s = max(ANSWER_S, ANSWER_PER_ALLOWANCE * breaker.config.slow_ms / 1000)
        self._turn = asyncio.Lock()
        self._suspects = Suspects()
        self._at_work: list[In] = []
        # What the model judged well last is a fair probe and certainly not what broke it.
        self._sample: list[In] = list(job.warm)
        self._ms_per_token = 0.0
        self._healer = Healer(self._process, breaker, self._turn, self._probe, meanwhile=terms.meanwhile, clock=clock)

    @property
    def state(self) -> ModelState:
        return self._process.state

    @property
    def reason(self) -> str | None:
        return self._process.reason

    @property
    def engine(self) -> Ready | None:
        return self._process.engine

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def start(self) -> None:
        self._process.start()
        self._healer.start()

    async def stop(self) -> None:
        await self._healer.stop()
        await self._process.stop()

    async def wait_ready(self) -> None:
        """Until a process is warm and the breaker lets tickets through."""
        while self.closed_door() is not None:
            await self._process.wait_ready()
            await self._healer.wait_closed()

    def closed_door(self) -> str | None:
        """Why a batch would not be judged now, as a clause; None: it would."""
        if self._process.state != "ready":
            return self._process.reason
        breaker = self._breaker.status()
        return None if breaker.state is BreakerState.CLOSED else breaker.reason

    async def judge(self, texts: Sequence[In]) -> Asked[Out]:
        """Verdicts for as many of `texts` as the model can judge in time: none of them, if it is away."""
        asked: Asked[Out] = Asked()
        began_s = self._clock()
        answer_by_s = began_s + self._answer_s
        asked.reason = self.closed_door()
        if asked.reason is not None:
            return asked
        try:
            # Who gets the turn later than this could not give the model its full allowance any more.
            async with asyncio.timeout(self._answer_s - self._breaker.config.slow_ms / 1000):
                await self._turn.acquire()
        except TimeoutError:
            asked.reason = "the model was busy with earlier batches"
            return asked
        finally:
            asked.queued_ms = (self._clock() - began_s) * 1000
        try:
            for group in self._groups(texts, asked):
                reason = await self._judge_group(texts, group, answer_by_s, asked)
                if reason is not None:
                    asked.reason = reason
                    break
        finally:
            self._turn.release()
        return asked

    def _groups(self, texts: Sequence[In], asked: Asked[Out]) -> list[list[int]]:
        most_tokens = UNIT_TOKENS
        if self._ms_per_token:
            fitting = PORTION_SHARE * self._breaker.config.slow_ms / self._ms_per_token
            most_tokens = max(1, min(UNIT_TOKENS, int(fitting)))
        wanted = [index for index, text in enumerate(texts) if not self._suspects.convicted(text)]
        if len(wanted) < len(texts):
            asked.reason = "a text was at work twice when the model process died, so keywords judge it"
        costs = [
            most_tokens if self._suspects.suspected(texts[index]) else self._terms.tokens(texts[index])
            for index in wanted
        ]
        return [[wanted[place] for place in group] for group in portions(costs, most_tokens)]

    async def _judge_group(
        self, texts: Sequence[In], group: list[int], answer_by_s: float, asked: Asked[Out]
    ) -> str | None:
        """Fills in the verdicts of one portion; a reason instead if there are none and no more are to be had."""
        portion = [texts[index] for index in group]
        tokens = self._tokens(portion)
        left_s = answer_by_s - self._clock()
        # Missing a deadline shorter than the allowance would not be the model's fault, so it isn't tried.
        if left_s * 1000 < self._breaker.config.slow_ms:
            return f"the batch was more than the model can judge within {self._answer_s * 1000:.0f} ms"
        permit = self._breaker.acquire()
        if permit is None:
            return self._breaker.status().reason
        try:
            self._at_work = portion
            answer = await self._ask(portion, left_s)
        except ModelFailed as error:
            self._breaker.fail(permit, str(error))
            return str(error)
        except (ModelAway, ModelBusy) as error:
            return str(error)
        else:
            self._breaker.succeed(permit, elapsed_ms=answer.elapsed_ms, tokens=tokens)
            self._learn(portion, answer.elapsed_ms / max(1, tokens))
            asked.verdicts.update(zip(group, answer.verdicts, strict=True))
            return None
        finally:
            self._breaker.release(permit)
            self._healer.watch()

    async def _ask(self, portion: list[In], deadline_s: float) -> Answer[Out]:
        """A sound answer; raises what the process raises, and ModelFailed for garbage."""
        answer = await self._process.judge(portion, deadline_s)
        found = self._terms.flaw(answer.verdicts, len(portion))
        if found is not None:
            raise ModelFailed(found)
        return answer

    async def _probe(self) -> tuple[float, int]:
        """Has the model judge again what it judged well last; milliseconds and tokens."""
        sample = self._sample
        answer = await self._ask(sample, self._answer_s)
        return answer.elapsed_ms, self._tokens(sample)

    def _learn(self, portion: list[In], ms_per_token: float) -> None:
        self._suspects.clear(portion)
        self._sample = portion
        self._at_work = []
        known = self._ms_per_token or ms_per_token
        self._ms_per_token = known + PACE_WEIGHT * (ms_per_token - known)

    def _on_loss(self, reason: str) -> None:
        self._suspects.blame(self._at_work)
        self._at_work = []
        self._breaker.trip(reason)
        self._healer.watch()

    def _tokens(self, texts: Sequence[In]) -> int:
        return sum(self._terms.tokens(text) for text in texts)
