"""Trains the heads on the packaged encoder and writes them with their card.

    python -m scripts.train --data ../shared/data

Deterministic: the same data on the same machine gives the same heads. Takes a few minutes on two cores.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ml import sources
from ml.agreement import agreement
from ml.blending import fit_blend
from ml.card import card
from ml.crossvalidation import cross_validate, leave_one_out
from ml.encoder import Encoder
from ml.evaluation import measure
from ml.floodhead import FLOODS_FILE
from ml.floodtraining import train_floods
from ml.heads import WEIGHTS_FILE
from ml.keywords import KeywordEngine
from ml.learning_set import learning_set
from ml.minilm import MiniLmEngine
from ml.reading import read
from ml.sources import DataMissing
from ml.spec import DEFAULT_THREADS, EngineSpec, EngineUnavailable
from ml.trained import Trained
from ml.training import TrainingSet, train
from ml.wordtraining import train_words
from scripts.evaluate import gather


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 trained, 2 the data or the encoder is missing."""
    asked = _parse(arguments)
    log = Console(stderr=True)
    try:
        learned = learning_set(asked.data, asked.corpus)
        encoder = Encoder.load(None, threads=asked.threads)
    except (DataMissing, EngineUnavailable, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    log.print(f"reading {len(learned)} texts")
    data = TrainingSet(learned, read(encoder, [example.text for example in learned]))
    log.print("fitting the heads")
    heads, word_heads = train(data, encoder=encoder.name), train_words(data)
    log.print("fitting them again without each fifth of the own tickets, to see how far to trust them")
    unseen = cross_validate(data, encoder.name)
    trained = Trained(heads, word_heads, fit_blend(unseen, heads.classes, (heads.version, word_heads.version)))
    trained.write(asked.out)
    train_floods(encoder, learned, data.reading.views).write(asked.out / FLOODS_FILE.name)
    if asked.quick:
        return 0
    log.print("measuring")
    unseen_texts = gather(asked.data, None)
    engine, keywords = MiniLmEngine(encoder, trained, EngineSpec()), KeywordEngine(EngineSpec(), learned=word_heads)
    scores = [measure(engine, texts, name) for name, texts in unseen_texts.items()]
    keyword_scores = [measure(keywords, texts, name) for name, texts in unseen_texts.items()]
    text = card(trained, learned, scores, keyword_scores, leave_one_out(data), agreement())
    (asked.out / "README.md").write_text(text, encoding="utf-8")
    log.print(f"wrote {asked.out}: heads {trained.version}")
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts.train", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with the public files")
    parser.add_argument("--corpus", type=Path, default=sources.CORPUS_FOLDER, help="folder with own tickets (.jsonl)")
    parser.add_argument("--out", type=Path, default=WEIGHTS_FILE.parent, help="where heads.npz and README.md go")
    parser.add_argument("--threads", type=int, default=DEFAULT_THREADS)
    parser.add_argument("--quick", action="store_true", help="fit and write the heads; measure nothing, write no card")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
