"""Measures an engine on labelled text: category, urgency, mood and speed, one line a source.

    python -m scripts.evaluate --data ../shared/data
    python -m scripts.evaluate --file my_tickets.jsonl --engine keywords --json

Lines of a labelled file: {"subject", "body", "category", "urgency": "low|medium|high", "mood": 1..10}, labels optional.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ml import sources
from ml.card import cells
from ml.engines import build_engine
from ml.evaluation import Score, measure
from ml.sources import DataMissing, Example
from ml.spec import ENGINE_NAMES, EngineSpec, EngineUnavailable

# Enough for an interval of a few points; more texts of a source only take time.
TEXTS_PER_SOURCE = 400

COLUMNS = ("source", "texts", "category", "95 %", "urgency AUROC", "alerts", "right", "mood r", "mood error", "texts/s")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 measured, 2 something to read from is missing."""
    asked = _parse(arguments)
    try:
        groups = gather(asked.data, asked.file, asked.limit)
        engine = build_engine(
            EngineSpec(
                engine=asked.engine, zero_shot_model=asked.zero_shot_model, sentiment_model=asked.sentiment_model
            )
        )
    except (DataMissing, EngineUnavailable, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    scores = [measure(engine, examples, source) for source, examples in groups.items()]
    if asked.json:
        print(json.dumps({"engine": engine.version, "scores": [asdict(score) for score in scores]}, indent=2))
    else:
        _show(engine.version, scores)
    return 0


def gather(data: Path | None, file: Path | None, limit: int = TEXTS_PER_SOURCE) -> dict[str, list[Example]]:
    """Source -> examples never learned from: those of `file`, the held-out own tickets, the test share of `data`.

    Raises DataMissing or ValueError as the readers do, and DataMissing where there is nothing at all.
    """
    groups: dict[str, list[Example]] = {}
    held_out = sources.CORPUS_FOLDER / sources.HELD_OUT
    if file is not None:
        groups[file.name] = sources.labelled(file)
    elif held_out.is_file():
        groups["held out"] = sources.labelled(held_out)
    if data is not None:
        for example in filter(sources.is_test, sources.public(data)):
            name = f"{example.source} {example.category}" if example.category else example.source
            groups.setdefault(name, [])
            if len(groups[name]) < limit:
                groups[name].append(example)
    groups = {name: examples for name, examples in groups.items() if examples}
    if not groups:
        raise DataMissing("Nothing to measure on: pass --data DIR with the public files, or --file labelled.jsonl.")
    return groups


def _show(version: str, scores: Sequence[Score]) -> None:
    grid = Table(title=f"{version}: texts it never learned from")
    for column in COLUMNS:
        grid.add_column(column, justify="left" if column == "source" else "right")
    for score in scores:
        grid.add_row(*cells(score))
    Console(width=None if sys.stdout.isatty() else 140).print(grid)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts.evaluate", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with the public files")
    parser.add_argument("--file", type=Path, help="a labelled .jsonl file of your own")
    parser.add_argument("--engine", choices=ENGINE_NAMES, default="auto")
    parser.add_argument("--zero-shot-model", help="folder or hub name of an NLI model")
    parser.add_argument("--sentiment-model", help="folder or hub name of a sentiment model")
    parser.add_argument("--limit", type=int, default=TEXTS_PER_SOURCE, help="texts a source (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
