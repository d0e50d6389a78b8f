"""Rule ``linear``: the gradient is a linear function of dout."""

from __future__ import annotations

import numpy as np

from bptui.checking.compare_arrays import Gradients, alike, first_true
from bptui.checking.contract.lint_point import PAUSE, Faults, LintPoint
from bptui.checking.fault import FaultError

LARGE = 2.0**20
"""What dout is multiplied by to see that nothing is clipped on the way."""

LARGEST = 1e100
"""Gradients beyond this are left alone: their sums may overflow on the way."""

IGNORES_DOUT = "ignores dout"
PART_WITHOUT_DOUT = "a part without dout"


def linear_faults(point: LintPoint, first: Gradients) -> Faults:
    """Rule ``linear``: the gradient follows dout: none for none, twice for twice, sums for sums."""
    nothing = point.gradients(np.zeros_like(point.dout))
    position = first_true(it is not None and bool(np.nan_to_num(it).any()) for it in nothing)
    if position is not None:
        ignored = all(alike(one, two, 0.0) for one, two in zip(nothing, first, strict=True))
        told = "backward ignores dout: with dout = 0 it gives the same gradient"
        if not ignored:
            told = "dout = 0 gives a gradient: a part of it is not multiplied by dout"
        yield FaultError("linear", told, position, IGNORES_DOUT if ignored else PART_WITHOUT_DOUT)
        return
    yield PAUSE
    second = point.gradients(point.other)
    for a, b, what in (
        (0.75, -1.25, "a sum of two douts"),
        (LARGE, 0.0, "a large dout"),
        (1 / LARGE, 0.0, "a small dout"),
    ):
        yield PAUSE
        mixed = point.gradients(a * point.dout + b * point.other)
        position = first_bent(point, mixed, (a, b), (first, second))
        if position is not None:
            reason = f"the gradient does not follow dout: {what} does not give what it should"
            yield FaultError("linear", reason, position, "not linear in dout")
            return


def first_bent(
    point: LintPoint, mixed: Gradients, weights: tuple[float, float], parts: tuple[Gradients, Gradients]
) -> int | None:
    """Return the first position whose gradient is not the weighted sum of two others."""
    a, b = weights
    loss = point.loss
    floor = 1e-12 * loss * (abs(a) + abs(b)) * float(np.abs(point.dout).max(initial=0))
    for position, (got, one, two) in enumerate(zip(mixed, *parts, strict=True)):
        if got is None or one is None or two is None or not np.abs(one).max(initial=0) < LARGEST:
            continue
        with np.errstate(all="ignore"):
            allowed = 1e-9 * loss * (abs(a) * np.abs(one) + abs(b) * np.abs(two)) + floor
            allowed += 1e-11 * loss * float(np.abs(np.nan_to_num(a * one)).max(initial=0))
            off = np.abs(got - (a * one + b * two)) > allowed
        if (off & np.isfinite(one) & np.isfinite(two) & np.isfinite(a * one)).any():
            return position
    return None
