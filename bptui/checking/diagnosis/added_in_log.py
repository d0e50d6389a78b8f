"""The book's cross entropy, which adds 1e-7 inside the logarithm of forward and not in backward."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bptui.checking.diagnosis.evidence import Evidence
from bptui.checking.diagnosis.mistake import Mistake
from layers import Array


def added_inside_log(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise the book's cross entropy: 1e-7 inside the logarithm of forward, and none in backward."""
    others = [i for i in range(len(evidence.inputs)) if i != evidence.position]
    x = evidence.inputs[evidence.position]
    if len(others) != 1 or not x.ndim or evidence.out.size != 1:
        return
    y = np.exp(x - x.max(axis=-1, keepdims=True))
    y = y / y.sum(axis=-1, keepdims=True)
    t = one_hot(evidence.inputs[others[0]], x)
    if t is None:
        return
    plain, shifted = (cross_entropy_slope(y, t, extra) * evidence.dout for extra in (0.0, 1e-7))
    for rows in (x[..., 0].size, 1):
        seen = np.isfinite(evidence.numeric)
        if evidence.agrees(plain / rows) and np.allclose(
            evidence.numeric[seen], (shifted / rows)[seen], rtol=1e-3, atol=1e-9
        ):
            told = "Forward takes log(y + 1e-7), as the book's cross_entropy_error does, and backward is (y - t) / n, "
            told += "the slope of log(y): they differ where y is as small as here. Log-softmax needs no 1e-7."
            yield Mistake("1e-7 inside the log", told)


def one_hot(t: Array, x: Array) -> Array | None:
    """Return targets as distributions of x's shape, None if they are none."""
    if t.shape == x.shape:
        return t.astype(np.float64)
    if t.shape == x.shape[:-1] and t.dtype.kind in "iu":
        return (t[..., np.newaxis] == np.arange(x.shape[-1])).astype(np.float64)
    return None


def cross_entropy_slope(y: Array, t: Array, extra: float) -> Array:
    """Return the slope of ``-Σ t log(y + extra)`` in the softmax's inputs, which may be saturated."""
    felt = t * (y / (y + extra) if extra else 1.0)
    return np.asarray(y * felt.sum(axis=-1, keepdims=True) - felt)
