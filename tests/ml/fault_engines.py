"""Engines that fail on command, for the child process to build by name. Imports no pytest: the child imports this."""

import math
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import cast

from ml.spec import EngineSpec, EngineUnavailable
from ml.verdict import TicketText, Verdict


def sound(label: str = "Billing") -> Verdict:
    return Verdict(
        category=label,
        confidence=0.9,
        sentiment_score=5.0,
        urgency_score=0.1,
        reasons=("It was said",),
        summary="One line",
        engine="scripted",
        model_version="scripted-1",
        fingerprint=None,
    )


class ScriptedEngine:
    """Sound verdicts, unless a subject says otherwise: "sleep SECONDS", "raise", "exit CODE", or a kind of garbage."""

    name = "scripted"
    version = "scripted-1"

    def judge(self, texts: list[TicketText]) -> list[Verdict]:
        verdicts = [sound() for _ in texts]
        for index, text in enumerate(texts):
            match text.subject.split():
                case ["sleep", seconds]:
                    time.sleep(float(seconds))
                case ["raise"]:
                    raise ValueError(f"could not read {text.body}")
                case ["exit", code]:
                    os._exit(int(code))
                case ["too", "few"]:
                    return verdicts[1:]
                case ["nan"]:
                    verdicts[index] = replace(sound(), urgency_score=math.nan)
                case ["unknown", "label"]:
                    verdicts[index] = sound("Weather")
                case ["none"]:
                    return cast(list[Verdict], None)
                case ["unpicklable"]:
                    return cast(list[Verdict], [lambda: None])
                case _:
                    pass
        return verdicts


def scripted(_spec: EngineSpec) -> ScriptedEngine:
    return ScriptedEngine()


def missing(_spec: EngineSpec) -> ScriptedEngine:
    raise EngineUnavailable("there is no model here; install one")


def broken(_spec: EngineSpec) -> ScriptedEngine:
    raise RuntimeError("header too small")


def dies_loading(_spec: EngineSpec) -> ScriptedEngine:
    os._exit(3)


def never_loads(_spec: EngineSpec) -> ScriptedEngine:
    while True:
        time.sleep(60)


def needs_file(spec: EngineSpec) -> ScriptedEngine:
    """Loads once the file named as zero-shot model exists."""
    if not Path(spec.zero_shot_model or "").exists():
        raise EngineUnavailable("the model's file is missing")
    return ScriptedEngine()
