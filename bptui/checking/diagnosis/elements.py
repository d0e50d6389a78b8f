"""Which elements get a gradient: none at all, numbers that are none, or the wrong ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bptui.checking.diagnosis.evidence import Evidence
from bptui.checking.diagnosis.mistake import Mistake
from bptui.core import text
from layers import Array

NOTHING = "nothing goes back"


def not_finite(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise NaN or infinity where there is a slope."""
    if not np.isfinite(evidence.analytic[evidence.seen]).all():
        yield Mistake("not finite", "Backward divides by zero or overflows where the value itself does not.")


def only_zeros(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a backward that gives nothing back."""
    if not evidence.analytic.any():
        yield Mistake(NOTHING, "Backward returns only zeros, though the value moves with this input.")


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


def some_left_out(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a gradient that is right in some places along an axis, and none in all others: a loop that ends."""
    lost = evidence.is_off & (evidence.analytic == 0)
    if not evidence.seen.all() or not np.array_equal(lost, evidence.is_off):
        return
    for axis, length in enumerate(lost.shape):
        others = tuple(at for at in range(lost.ndim) if at != axis)
        is_empty, is_needed = lost.any(axis=others), evidence.numeric.any(axis=others)
        given = evidence.analytic.any(axis=others)
        if length < 2 or not is_empty.any() or (is_empty & given).any() or not (is_empty | given == is_needed).all():
            continue
        kept = np.flatnonzero(given)
        which = {0: "first", length - 1: "last"}.get(int(kept[0])) if len(kept) == 1 else None
        told = (
            f"Along axis {axis} only {places_told(kept, length)} of {length} get a gradient, and the others get none."
        )
        yield Mistake(f"only the {which} of a loop" if which else "elements left out", told)
        return


def places_told(kept: Array, length: int) -> str:
    """Return which places along an axis get a gradient, in words."""
    if len(kept) == 1:
        return {0: "the first", length - 1: "the last"}.get(int(kept[0]), f"place {int(kept[0])}")
    return text.counted(len(kept), "place")


def wrong_mask(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise elements that get nothing where they should get something, or the other way round.

    That is a mask where both happen, or where forward itself holds some elements back.
    """
    scale = float(np.abs(evidence.numeric[evidence.seen]).max(initial=0))
    off, is_held_back = evidence.is_off, evidence.seen & (np.abs(evidence.numeric) <= 1e-9 * scale)
    lost, leaked = off & (evidence.analytic == 0), off & is_held_back
    if not off.any() or not (lost | leaked)[off].all() or not is_held_back.any():
        return
    if (evidence.seen & ~off).any() or (lost.any() and leaked.any()):
        parts = [f"{elements_told(lost)} none and should"] * bool(lost.any())
        parts += [f"{elements_told(leaked)} some and should not"] * bool(leaked.any())
        yield Mistake("wrong mask", f"Gradient reaches the wrong elements: {', and '.join(parts)}.")


def elements_told(chosen: NDArray[np.bool_]) -> str:
    """Return how many elements are meant, with a verb that fits: ``1 element gets``."""
    count = int(chosen.sum())
    return f"{text.counted(count, 'element')} {'gets' if count == 1 else 'get'}"
