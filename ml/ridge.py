"""Multinomial logistic regression with a fixed offset and an L2 penalty, for a whole path of penalties. Pure numpy.

scipy's optimiser would do as well and is no run-time requirement. The bound of the Hessian by Böhning ("Multinomial logistic regression
algorithm", 1992) is diagonal once x is rotated to its principal axes, so a Newton-like step costs no more than the gradient; momentum
that starts anew when it points uphill (O'Donoghue and Candès, "Adaptive restart for accelerated gradient schemes", 2015) makes tens of
steps enough.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Weaker penalties start from the solution of the stronger one, and are there long before this.
MOST_STEPS = 60
# A step this small beside the weights changes no chance in the third digit.
ENOUGH = 1e-4


def softmax_path(
    x: Array, offset: Array, answers: NDArray[np.int64], penalties: Sequence[float]
) -> Iterator[NDArray[np.float64]]:
    """The kernel (d, k) that maximises sum log softmax(offset + x kernel)[answers] - penalty / 2 |kernel|^2, for each penalty.

    x (n, d), offset (n, k), answers (n,) in 0..k-1. `penalties` run from strong to weak, since each starts where the last one ended.
    """
    axes, spread = _principal(x)
    z = x @ axes
    hits = np.zeros_like(offset)
    hits[np.arange(len(answers)), answers] = 1.0
    kernel = np.zeros((z.shape[1], offset.shape[1]))
    for penalty in penalties:
        kernel = _climb(z, offset, hits, spread, penalty, kernel)
        yield axes @ kernel


def _climb(z: Array, offset: Array, hits: Array, spread: Array, penalty: float, start: Array) -> Array:
    curvature = (0.5 * spread + penalty)[:, None]
    here, ahead, pace = start, start, 1.0
    for _ in range(MOST_STEPS):
        logits = offset + z @ ahead
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        slope = z.T @ (hits - powers / powers.sum(axis=1, keepdims=True)) - penalty * ahead
        there = ahead + slope / curvature
        step = there - here
        faster = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        uphill = float((slope * step).sum()) >= 0
        ahead = there + (pace - 1) / faster * step if uphill else there
        here, pace = there, faster if uphill else 1.0
        if np.abs(step).max() < ENOUGH * max(1.0, float(np.abs(here).max())):
            break
    return here


def _principal(x: Array) -> tuple[Array, Array]:
    """The directions in which x varies (d, r) and the sum of squares along each (r,), r no more than either side of x."""
    if len(x) < x.shape[1]:
        squares, rows = np.linalg.eigh(x @ x.T)
        kept = squares > squares.max(initial=0.0) * 1e-10
        return x.T @ rows[:, kept] / np.sqrt(squares[kept]), squares[kept]
    squares, axes = np.linalg.eigh(x.T @ x)
    return axes, np.maximum(squares, 0.0)
