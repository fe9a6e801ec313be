"""The optional models beside the judge: a second reader and a draft writer, each in its own process, each off by default."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from broker import Broker
from ml.guarded import GuardedModel
from ml.roles import draft_writer, second_reader
from ml.spec import EngineSpec
from worker.opinions import ask_again
from worker.policy import Wanted
from worker.replies import write_drafts
from worker.upkeep import every

# An idle look is one command.
LOOK_EVERY_S = 1.0
# The names of the parts in /health/deep.
OPINION_PART, DRAFTS_PART = "second_opinion", "drafts"


class Advisers:
    """What `spec` asks for; nothing at all where it asks for nothing."""

    def __init__(self, spec: EngineSpec) -> None:
        self._reader = second_reader(spec) if spec.second_opinion else None
        self._writer = draft_writer(spec) if spec.draft_model else None

    @property
    def wanted(self) -> Wanted:
        """What judged tickets may be marked for."""
        return Wanted(opinion=self._reader is not None, draft=self._writer is not None)

    def start(self) -> None:
        """Returns at once."""
        for model in self._models().values():
            model.start()

    async def stop(self) -> None:
        """Their processes are gone when this returns."""
        for model in self._models().values():
            await model.stop()

    def chores(self, broker: Broker, stopping: asyncio.Event) -> list[Coroutine[Any, Any, None]]:
        """To be run beside the loop until `stopping`."""
        chores = []
        if (reader := self._reader) is not None:
            look = _cut_short(lambda: ask_again(broker, reader, wanted=self.wanted), stopping)
            chores.append(every(LOOK_EVERY_S, look, stopping))
        if (writer := self._writer) is not None:
            look = _cut_short(lambda: write_drafts(broker, writer), stopping)
            chores.append(every(LOOK_EVERY_S, look, stopping))
        return chores

    def report(self) -> Mapping[str, Mapping[str, str]]:
        """How each is, for the worker's report."""
        return {part: _state(model) for part, model in self._models().items()}

    def _models(self) -> dict[str, GuardedModel[Any, Any]]:
        models = {OPINION_PART: self._reader, DRAFTS_PART: self._writer}
        return {part: model for part, model in models.items() if model is not None}


def _state(model: GuardedModel[Any, Any]) -> dict[str, str]:
    away = model.closed_door()
    if away is None:
        return {"state": "ready", "detail": model.engine.version if model.engine else ""}
    return {"state": "loading" if model.state == "loading" else "away", "detail": away}


def _cut_short(look: Callable[[], Awaitable[object]], stopping: asyncio.Event) -> Callable[[], Awaitable[None]]:
    """A look that a stop does not wait for: a draft may take a minute. What was taken keeps what it has."""

    async def step() -> None:
        looking = asyncio.ensure_future(look())
        stop = asyncio.ensure_future(stopping.wait())
        try:
            await asyncio.wait({looking, stop}, return_when=asyncio.FIRST_COMPLETED)
            if looking.done():
                looking.result()
        finally:
            stop.cancel()
            looking.cancel()
            await asyncio.wait({looking})

    return step
