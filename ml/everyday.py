"""Everyday tickets, that belong to no flood: what reports of a common fault are told from."""

from collections.abc import Sequence

import numpy as np

from ml.training import SEED

# At most so many of a source, as many as keep the tuning's first pass at a minute or two; our own kind of tickets most of all.
EVERYDAY = {
    "own": 2400,
    "cfpb": 300,
    "it_tickets": 300,
    "hadoop": 250,
    "banking77": 250,
    "clinc150": 200,
    "vader": 200,
}


def everyday(sources: Sequence[str]) -> list[int]:
    """Rows of examples with these sources, drawn at random with a fixed seed."""
    draw = np.random.default_rng(SEED)
    rows: list[int] = []
    for source, most in EVERYDAY.items():
        here = [row for row, name in enumerate(sources) if name.split()[0] == source]
        rows += [here[i] for i in draw.permutation(len(here))[:most].tolist()]
    return rows
