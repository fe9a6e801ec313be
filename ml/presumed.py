"""What nobody corrected, as a counterweight: corrections alone are all tickets that the model got wrong.

Whoever learns from those alone unlearns what was right: on a label set where the description lines are right half the time, 400 such
corrections cost 5 points. With half as many tickets that nobody corrected, presumed right, they gain 9; with as many, 8; with twice as
many, 7, and fewer corrections teach nothing. Agreements of agents are better and take their place as they come in.
"""

from collections.abc import Sequence

import numpy as np

from ml.lessons import FloatArray, likeliest, right
from ml.verdict import Evidence

# So many that the prior gets right are wanted for each that it gets wrong.
WANTED_SHARE = 0.5
# Cosine from which two vectors are of the same text: float16 moves it by less.
SAME_TEXT = 0.999


def presumed(
    labels: Sequence[str], prior: FloatArray, vectors: FloatArray, truth: Sequence[str], seen: Sequence[Evidence]
) -> tuple[FloatArray, FloatArray, list[str]]:
    """Examples (prior chances, vectors, labels) to be added to others, out of what was `seen` lately, oldest first; maybe none."""
    agreeing = int(right(labels, prior, truth).sum())
    wanted = int(WANTED_SHARE * (len(truth) - agreeing)) - agreeing
    found: list[Evidence] = []
    known = vectors
    for evidence in reversed(seen):
        if len(found) >= wanted:
            break
        if float((known @ evidence.vector).max()) < SAME_TEXT:
            found.append(evidence)
            known = np.vstack([known, evidence.vector[None, :]])
    chances = np.array([one.chances for one in found], np.float32).reshape(-1, len(labels))
    rows = np.array([one.vector for one in found], np.float32).reshape(-1, vectors.shape[1])
    return chances, rows, [likeliest(labels, one.chances) for one in found]
