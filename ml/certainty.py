"""What a zero-shot model's chances are worth: one temperature, fitted on lines whose label is known. Pure.

Temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks"): the order of the labels stays, the chances
become as modest as the model is right. A zero-shot model comes without a held-out set of ours, but its labels have
description lines that it was never shown.
"""

import numpy as np
from numpy.typing import NDArray

from ml.scores import FloatArray, softmax

# Lines are clearer than tickets, so a good model may look better on them than it is: it is never made surer than it says.
MILDEST, STRONGEST = 1.0, 32.0
STEPS = 41
# With fewer lines than this, chance decides the fit. Then this, a guess on the safe side: a .9 among five labels becomes .45,
# a .99 becomes .65.
FEWEST_LINES = 10
UNMEASURED = 3.0
# A chance of exactly nothing, as single precision rounds it, would weigh infinitely much.
LEAST_CHANCE = 1e-9


def tempered(chances: FloatArray, temperature: float) -> FloatArray:
    """`chances` (n, k), rows that add up to one, as modest as `temperature` says; 1 changes nothing."""
    logits = np.log(np.maximum(chances, LEAST_CHANCE)) / temperature
    return softmax(logits.astype(np.float32))


def fitted(chances: FloatArray, truth: NDArray[np.int64]) -> float:
    """The temperature under which the labels `truth` (n,) of `chances` (n, k) are likeliest; UNMEASURED for too few."""
    if len(truth) < FEWEST_LINES:
        return UNMEASURED
    rows = np.arange(len(truth))

    def surprise(temperature: float) -> float:
        return float(-np.log(np.maximum(tempered(chances, temperature)[rows, truth], LEAST_CHANCE)).mean())

    return min((float(step) for step in np.geomspace(MILDEST, STRONGEST, STEPS)), key=surprise)
