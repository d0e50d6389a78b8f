"""Gradients that come back to a value from its uses, and how what is handed on is made of them, by the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from bptui.core.step import BackwardStep
from bptui.errors import Location
from layers import Array

MOST_USES = 6
"""Uses of a value of which all choices are tried."""

LOOSENESS = 64
"""Last digits, of the sum of all sizes, by which a sum may differ that was made in another order."""

NEAR = 1e-6
"""What two gradients may differ by, relatively, that are one times a number and back."""


@dataclass(frozen=True, eq=False)
class Contribution:
    """A gradient that has come back to a value from one of its uses: the ``position``-th input of a step's node."""

    step: BackwardStep
    position: int
    gradient: Array

    @property
    def place(self) -> Location | None:
        """Where the program has called for it, or the line that used the value without a layer."""
        return self.step.call or self.step.node.where


@dataclass(frozen=True, eq=False)
class HandedDout:
    """What is handed to a call back for one output of its node, whose slot it is."""

    step: BackwardStep
    slot: int
    dout: Array
    calls: int = 1


def total_of(gradients: Sequence[Array], like: Array) -> Array:
    """Return the sum of some gradients, zeros where there are none."""
    return np.add.reduce([np.asarray(it, np.float64) for it in gradients]) if gradients else np.zeros_like(like)


def same_shape(dout: Array, came: Sequence[Contribution]) -> bool:
    """Return whether gradients have the shape of a dout."""
    return all(it.gradient.shape == dout.shape for it in came)


def equals_sum(dout: Array, total: Array, came: Sequence[Contribution]) -> bool:
    """Return whether a dout is a sum, but for the rounding of its terms."""
    if dout.shape != total.shape:
        return False
    eps = max(float(np.finfo(it.dtype).eps) for it in (dout, *(one.gradient for one in came)) if it.dtype.kind == "f")
    size = np.add.reduce([np.abs(it.gradient) for it in came]) if came else np.abs(dout)
    with np.errstate(all="ignore"):
        is_same = np.abs(dout - total) <= LOOSENESS * eps * size
    return bool((is_same | (dout == total) | (np.isnan(dout) & np.isnan(total))).all())


def is_alike(dout: Array, other: Array) -> bool:
    """Return whether two gradients are the same but for rounding."""
    return dout.shape == other.shape and bool(np.allclose(dout, other, rtol=NEAR, atol=0))


def subset_left_out(dout: Array, came: Sequence[Contribution]) -> Sequence[Contribution] | None:
    """Return the fewest gradients without which the sum of the others is a dout; None where there are no such."""
    if not same_shape(dout, came):
        return None
    for count in range(1, len(came) if len(came) <= MOST_USES else 2):
        for left_out in combinations(came, count):
            kept = [it for it in came if it not in left_out]
            if kept and equals_sum(dout, total_of([it.gradient for it in kept], dout), came):
                return left_out
    return None


def added_twice(dout: Array, came: Sequence[Contribution]) -> Contribution | None:
    """Return the gradient that is in a dout twice, where there are others beside it."""
    if len(came) < 2 or not same_shape(dout, came):
        return None
    total = total_of([it.gradient for it in came], dout)
    return next((it for it in came if it.gradient.any() and equals_sum(dout, total + it.gradient, came)), None)


def exchanged(
    dout: Array, came: Sequence[Contribution], others: Sequence[Contribution] = ()
) -> tuple[Contribution, Contribution] | None:
    """Return the gradient that is missing from a sum, and that which stands there instead: one of ``others``.

    Without others, it is one of those that the sum is made of, which is there twice.
    """
    if len(came) < 2 or not same_shape(dout, came):
        return None
    total = total_of([it.gradient for it in came], dout)
    for missing in came:
        for it in others or came:
            is_fit = it is not missing and it.gradient.shape == dout.shape and it.gradient.any()
            if is_fit and equals_sum(dout, total - missing.gradient + it.gradient, [*came, it]):
                return missing, it
    return None


def factor_between(dout: Array, came: Sequence[Contribution]) -> float | None:
    """Return the number by which a dout is a multiple of the sum of what came back; None where it is none."""
    if not came or not same_shape(dout, came):
        return None
    total = total_of([it.gradient for it in came], dout)
    if not total.any() or not np.isfinite(total).all():
        return None
    place = int(np.abs(total).argmax())
    factor = float(dout.flat[place] / total.flat[place])
    return factor if factor and equals_sum(dout / factor, total, came) else None
