"""Which elements get a gradient: none at all, numbers that are none, or the wrong ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bptui.checking.diagnosis.evidence import CLOSE, Evidence
from bptui.checking.diagnosis.mistake import Mistake


def not_finite(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise NaN or infinity where there is a slope."""
    if not np.isfinite(evidence.analytic[evidence.seen]).all():
        yield Mistake("not finite", "Backward divides by zero or overflows where the value itself does not.")


def only_zeros(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a backward that gives nothing back."""
    if not evidence.analytic.any():
        yield Mistake("nothing goes back", "Backward returns only zeros, though the value moves with this input.")


def forward_ignores(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise an input that backward knows and forward does not use."""
    if evidence.numeric[evidence.seen].any() or not evidence.analytic.any():
        return
    draw = np.random.default_rng(3)
    elsewhere = [draw.normal(size=evidence.x.shape) * size for size in (0.1, 1, 10)]
    moved = [evidence.probe.forward(evidence.with_input(evidence.inputs, x)) for x in elsewhere]
    if all(np.array_equal(out, evidence.out, equal_nan=True) for out in moved):
        told = f"The value stays the same whatever {evidence.name} is: forward does not use it, and backward does."
        yield Mistake("forward ignores an input", told)


def wrong_mask(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise elements that get nothing where they should get something, or the other way round."""
    seen = evidence.seen
    a, n = evidence.analytic[seen], evidence.numeric[seen]
    scale = float(np.abs(n).max(initial=0))
    off = ~np.isclose(a, n, rtol=CLOSE, atol=CLOSE * scale)
    if not off.any():
        return
    lost, leaked = off & (a == 0), off & (np.abs(n) <= 1e-9 * scale)
    if ((lost | leaked)[off].all() and (~off).any()) or (lost.any() and leaked.any() and (lost | leaked)[off].all()):
        counts = (
            f"{int(lost.sum())} that should get some get none, and {int(leaked.sum())} that should get none get some"
        )
        yield Mistake("wrong mask", f"Gradient reaches the wrong elements: {counts}.")
