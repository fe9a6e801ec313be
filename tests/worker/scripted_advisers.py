"""Advisers that do as a ticket's subject says, for a child process to build by name. Imports no pytest: the child imports this."""

import os
import time

from ml.drafting import DraftOrder
from ml.opinion import Opinion
from ml.spec import EngineSpec, EngineUnavailable
from ml.verdict import TicketText

SAID = "Thank you for writing, we look into it."


class ScriptedWriter:
    """SAID, unless a subject is "exit CODE", "sleep SECONDS", "nothing" or "garbage"."""

    name = "drafts"
    version = "scripted"

    def judge(self, texts: list[DraftOrder]) -> list[str]:
        match texts[0].text.subject.split():
            case ["exit", code]:
                os._exit(int(code))
            case ["sleep", seconds]:
                time.sleep(float(seconds))
            case ["nothing"]:
                return [""]
            case ["garbage"]:
                return ["x" * 5_000]
            case _:
                pass
        return [SAID]


class ScriptedReader:
    """Certain of whatever label a subject begins with."""

    name = "nli"
    version = "scripted"

    def judge(self, texts: list[TicketText]) -> list[Opinion]:
        return [Opinion("Legal" if text.subject.startswith("Legal") else "General", 0.9) for text in texts]


def writer(_spec: EngineSpec) -> ScriptedWriter:
    return ScriptedWriter()


def reader(_spec: EngineSpec) -> ScriptedReader:
    return ScriptedReader()


def missing(_spec: EngineSpec) -> ScriptedWriter:
    raise EngineUnavailable("DRAFT_MODEL 'x' is no folder here")
