"""Tunes the packaged encoder's upper layers, trains the heads on it and writes all of them with their card.

    python -m scripts.train --data ../shared/data
    python -m scripts.train --data ../shared/data --keep-adapter             the heads alone
    python -m scripts.train --data ../shared/data --embedding-model NAME     heads for another encoder, which stays as it is

Deterministic: the same data on the same machine gives the same weights. Takes half an hour on two cores, the heads alone a few minutes.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ml import sources
from ml.adapter import ADAPTER_FILE, Adapter
from ml.agreement import agreement
from ml.blending import fit_blend
from ml.card import card
from ml.crossvalidation import cross_validate, leave_one_out
from ml.encoder import PACKAGED_NAME, Encoder, check_weights, packaged_folder
from ml.evaluation import measure
from ml.floodhead import FLOODS_FILE
from ml.floodtraining import FLOODS_DEV, train_floods
from ml.keywords import KeywordEngine
from ml.learning_set import learning_set
from ml.minilm import MiniLmEngine
from ml.reading import read
from ml.sources import DataMissing, Example
from ml.spec import DEFAULT_THREADS, EngineSpec, EngineUnavailable
from ml.trained import Trained, weights_folder
from ml.training import TrainingSet, train
from ml.tuningset import causes, everyday_texts
from ml.wordtraining import train_words
from scripts.evaluate import gather


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 trained, 2 the data or the encoder is missing."""
    asked = _parse(arguments)
    log = Console(stderr=True)
    out: Path = asked.out or weights_folder(asked.embedding_model)
    try:
        learned = learning_set(asked.data, asked.corpus)
        out.mkdir(parents=True, exist_ok=True)
        encoder = _encoder(asked, out, learned, log)
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
    trained.write(out)
    if encoder.adapter:
        train_floods(encoder, learned, data.reading.views, FLOODS_DEV).write(out / FLOODS_FILE.name)
    if asked.quick:
        return 0
    log.print("measuring")
    unseen_texts = gather(asked.data, None)
    engine, keywords = MiniLmEngine(encoder, trained, EngineSpec()), KeywordEngine(EngineSpec(), learned=word_heads)
    scores = [measure(engine, texts, name) for name, texts in unseen_texts.items()]
    keyword_scores = [measure(keywords, texts, name) for name, texts in unseen_texts.items()]
    text = card(trained, learned, scores, keyword_scores, leave_one_out(data), agreement())
    (out / "README.md").write_text(text, encoding="utf-8")
    log.print(f"wrote {out}: heads {trained.version}")
    return 0


def _encoder(asked: argparse.Namespace, out: Path, learned: list[Example], log: Console) -> Encoder:
    if asked.embedding_model:
        return Encoder.load(asked.embedding_model, threads=asked.threads)
    return Encoder.packaged(_adapter(asked, out, learned, log), threads=asked.threads)


def _adapter(asked: argparse.Namespace, out: Path, learned: list[Example], log: Console) -> Adapter:
    path = out / ADAPTER_FILE.name
    if asked.keep_adapter:
        return Adapter.read(path)
    from ml.tuning import STEPS, tune

    folder = packaged_folder()
    check_weights(folder)
    adapter = tune(
        folder,
        encoder=PACKAGED_NAME,
        causes=causes(FLOODS_DEV),
        everyday=everyday_texts(learned),
        steps=asked.tuning_steps or STEPS,
        threads=asked.threads,
        said=log.print,
    )
    adapter.write(path)
    return adapter


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts.train", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with the public files")
    parser.add_argument("--corpus", type=Path, default=sources.CORPUS_FOLDER, help="folder with own tickets (.jsonl)")
    parser.add_argument("--embedding-model", help="folder or hub name of another encoder, as in EMBEDDING_MODEL")
    parser.add_argument("--out", type=Path, help="where heads.npz and README.md go, for where the product reads them")
    parser.add_argument("--threads", type=int, default=DEFAULT_THREADS)
    parser.add_argument("--keep-adapter", action="store_true", help="train on the adapter in --out, tune nothing")
    parser.add_argument("--tuning-steps", type=int, help="fewer steps than the default, for a try")
    parser.add_argument("--quick", action="store_true", help="fit and write the heads; measure nothing, write no card")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
