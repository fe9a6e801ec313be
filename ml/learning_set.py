"""All that the heads learn from, put together in a fixed order."""

from pathlib import Path

from ml import sources
from ml.public_sources import public
from ml.seeds import seeds
from ml.sources import Example
from ml.training import thin


def learning_set(data: Path, corpus: Path = sources.CORPUS_FOLDER) -> list[Example]:
    """Never the held-out tickets nor the public test share. Raises DataMissing or ValueError as the readers do."""
    seen = [example for example in public(data) if not sources.is_test(example)]
    return [*thin(seen), *sources.corpus(corpus), *sources.descriptions(), *seeds()]
