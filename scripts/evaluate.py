"""Measures an engine on labelled text it never learned from: category, urgency, mood, duplicates and speed.

    python -m scripts.evaluate --data ../shared/data
    python -m scripts.evaluate --data ../shared/data --left-out
    python -m scripts.evaluate --file my_tickets.jsonl --engine keywords --json

Lines of a labelled file: {"subject", "body", "category", "urgency": "low|medium|high", "mood": 1..10, "slices": [..]}, labels
optional. Own tickets are told apart by file (part_* to learn from, heldout* to measure on), public texts by the checksum of
the text: what is measured on was never learned from, on any machine.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from ml import sources
from ml.crossvalidation import leave_one_out
from ml.descriptions import DEFAULT_CATEGORIES
from ml.encoder import Encoder
from ml.engines import build_engine
from ml.evaluation import ALERT_THRESHOLD, Score, compare, judge
from ml.learning_set import learning_set
from ml.public_sources import public
from ml.reading import read
from ml.slices import by_slice, confusion, grades_right
from ml.sources import DataMissing, Example
from ml.spec import DEFAULT_THREADS, ENGINE_NAMES, EngineSpec, EngineUnavailable
from ml.speed import speed
from ml.training import TrainingSet
from ml.verdict import Engine
from scripts.evaluate_tables import show
from scripts.flood_measure import STREAM, marks_of, measure_floods, measure_streams

# Enough for an interval of a few points; more texts of a source only take time.
TEXTS_PER_SOURCE = 400
# Written by other hands than those that were learned from or that bars were chosen on: mostly outages, then causes of every kind.
FLOODS_TEST = tuple(sources.CORPUS_FOLDER / f"floods_test{letter}.jsonl" for letter in ("", "_b", "_c"))
# The labels other published systems of this kind are measured on.
THREE_LABELS = ("Billing", "Technical", "Legal")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 measured, 2 something to read from is missing."""
    asked = _parse(arguments)
    models = {"zero_shot_model": asked.zero_shot_model, "sentiment_model": asked.sentiment_model}
    three = {label: DEFAULT_CATEGORIES[label] for label in THREE_LABELS}
    try:
        groups = gather(asked.data, asked.file, asked.limit)
        engine = build_engine(EngineSpec(engine=asked.engine, **models))
        of_three = build_engine(EngineSpec(engine=asked.engine, categories=three, **models))
    except (DataMissing, EngineUnavailable, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    scores: list[Score] = []
    examples: list[Example] = []
    verdicts = []
    for source, texts in groups.items():
        judged, elapsed_s = judge(engine, texts)
        scores.append(compare(texts, judged, source, elapsed_s=elapsed_s))
        if any(example.pressing is not None for example in texts):  # tickets labelled by our guide
            examples += texts
            verdicts += judged
    fewer = [example for example in examples if example.category in THREE_LABELS]
    if fewer:
        judged, elapsed_s = judge(of_three, fewer)
        scores.append(compare(fewer, judged, "tickets, three labels", elapsed_s=elapsed_s))
    if len(examples) > len(next(iter(groups.values()))):
        scores.append(compare(examples, verdicts, "tickets, all", elapsed_s=len(examples) / scores[0].texts_per_s))
    report = {
        "engine": engine.version,
        "scores": [asdict(score) for score in scores],
        "slices": [asdict(score) for score in by_slice(examples, verdicts)],
        "confusion": confusion(examples, verdicts),
        "low_or_medium_right": grades_right(examples, verdicts, alert_above=ALERT_THRESHOLD),
        **_duplicates(engine, () if asked.file else asked.floods, unrelated(groups)),
        "sources_left_out": _left_out(asked.data) if asked.left_out and asked.data else {},
        "speed": asdict(speed(engine, [example.text for texts in groups.values() for example in texts])),
    }
    if asked.json:
        print(json.dumps(report, indent=2))
    else:
        show(Console(width=None if sys.stdout.isatty() else 120), report, scores)
    return 0


def _left_out(data: Path) -> dict[str, tuple[int, int]]:
    """Public source -> (right, n) of the embedding's head trained without it."""
    learned = learning_set(data)
    encoder = Encoder.load(None, threads=DEFAULT_THREADS)
    return leave_one_out(TrainingSet(learned, read(encoder, [example.text for example in learned])))


def _duplicates(engine: Engine, paths: Sequence[Path], others: dict[str, list[str]]) -> dict[str, object]:
    """What the near-duplicate rules find in floods, and in streams that hold none; nothing where no floods are asked for."""
    marks = {source: marks_of(engine, texts, source) for source, texts in others.items() if paths}
    return {
        "near_duplicates": {path.stem: asdict(measure_floods(engine, path, marks)) for path in paths},
        "streams_without_flood": {source: asdict(score) for source, score in measure_streams(marks).items()},
    }


def unrelated(groups: dict[str, list[Example]]) -> dict[str, list[str]]:
    """Source -> texts that belong to no flood; sources too small for a stream of them are left out."""
    texts: dict[str, list[str]] = {}
    for examples in groups.values():
        for example in examples:
            texts.setdefault(example.source, []).append(example.text)
    return {source: found for source, found in texts.items() if len(found) >= STREAM}


def gather(data: Path | None, file: Path | None, limit: int = TEXTS_PER_SOURCE) -> dict[str, list[Example]]:
    """Source -> examples never learned from: those of `file`, else the held-out own tickets, and the test share of `data`.

    Raises DataMissing or ValueError as the readers do, and DataMissing where there is nothing at all.
    """
    groups: dict[str, list[Example]] = {}
    if file is not None:
        groups[file.name] = sources.labelled(file)
    else:
        for example in sources.held_out():
            groups.setdefault(example.source, []).append(example)
    if data is not None:
        for example in filter(sources.is_test, public(data)):
            name = " ".join(filter(None, (example.source, example.category, *example.slices)))
            groups.setdefault(name, [])
            if len(groups[name]) < limit:
                groups[name].append(example)
    groups = {name: examples for name, examples in groups.items() if examples}
    if not groups:
        raise DataMissing("Nothing to measure on: pass --data DIR with the public files, or --file labelled.jsonl.")
    return groups


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts.evaluate", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with the public files")
    parser.add_argument("--file", type=Path, help="a labelled .jsonl file of your own")
    parser.add_argument("--engine", choices=ENGINE_NAMES, default="auto")
    parser.add_argument("--zero-shot-model", help="folder or hub name of an NLI model, for --engine nli")
    parser.add_argument("--sentiment-model", help="folder or hub name of a sentiment model")
    parser.add_argument("--limit", type=int, default=TEXTS_PER_SOURCE, help="texts a source (default %(default)s)")
    parser.add_argument(
        "--floods", type=Path, nargs="+", default=FLOODS_TEST, help="files of floods, for the test ones"
    )
    parser.add_argument("--left-out", action="store_true", help="train without each public source too (some minutes)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
