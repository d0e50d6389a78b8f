"""Slopes by differences: what the output does when an input moves a little, on both sides.

The outputs are subtracted first and multiplied by dout afterwards, so that a large output hides no small change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bptui.core.check.lines import Bundle
from layers import Array

EPSILON = float(np.finfo(np.float64).eps)

SMALLEST = 2.0**-1000
"""No step is smaller: below, floats lose their digits."""


@dataclass(frozen=True, eq=False)
class Point:
    """Where a layer is measured: its inputs, its output there and the dout that meets it.

    ``dout`` is 0 where the output is no number: nothing can be measured there. ``forward`` gives the output elsewhere,
    and ``a_digit_away`` are the inputs with their last digits moved.
    """

    forward: Callable[[tuple[Array, ...]], Array]
    inputs: tuple[Array, ...]
    a_digit_away: tuple[Array, ...]
    out: Array
    dout: Array

    @cached_property
    def is_number(self) -> NDArray[np.bool_]:
        """Where the output is finite."""
        return np.isfinite(self.out)

    @cached_property
    def rounding(self) -> Array:
        """How far rounding may have moved each output: found by moving all inputs by their last digit."""
        with np.errstate(all="ignore"):
            moved = self.forward(self.a_digit_away)
            shift = 0.5 * np.abs(moved - self.out) if moved.shape == self.out.shape else 0
            return np.where(self.is_number, 2 * EPSILON * np.abs(self.out) + np.nan_to_num(shift), 0)

    def change(self, minuend: Array, subtrahend: Array) -> Array:
        """Return the difference of two outputs times dout; NaN where it is none, but 0 where dout is."""
        return np.where(self.dout == 0, 0, self.dout * (minuend - subtrahend))


@dataclass(frozen=True, eq=False)
class Slopes:
    """Per line of a bundle, for one size of step: slopes left, right and right through, and their rounding error.

    ``low`` and ``high`` bound what a kink allows: every output may take either of its two sides.
    """

    steps: Array
    left: Array
    right: Array
    central: Array
    low: Array
    high: Array
    noise: Array


def measure(point: Point, bundle: Bundle, steps: Array, *, is_rough: bool = False) -> Slopes:
    """Return the slopes along the lines of a bundle. Rough ones go by the usual rounding error, not by one tried."""
    with np.errstate(all="ignore"):
        above, below = point.forward(bundle.moved(steps)), point.forward(bundle.moved(-steps))
        if not above.shape == below.shape == point.out.shape:
            above = below = np.full(point.out.shape, np.nan)
        right, left = point.change(above, point.out), point.change(point.out, below)
        both = point.change(above, below)
        rounding = 2 * EPSILON * np.abs(point.out) if is_rough else point.rounding
        error = np.where(point.dout == 0, 0, point.dout * rounding)
        return Slopes(
            steps,
            bundle.total(left) / steps,
            bundle.total(right) / steps,
            bundle.total(both) / (2 * steps),
            bundle.total(np.minimum(left, right)) / steps,
            bundle.total(np.maximum(left, right)) / steps,
            np.sqrt(bundle.total(error * error)) / steps,
        )


def power_of_two(size: Array) -> Array:
    """Return the powers of two next below sizes: steps of that kind add to most numbers without rounding."""
    return np.exp2(np.floor(np.log2(np.maximum(size, SMALLEST))))


def last_digit_moved(x: Array) -> Array:
    """Return ``x`` with each number moved by its last digit, up or down as chance has it; 0 stays."""
    up = np.random.default_rng(x.size + 1).integers(0, 2, x.shape) * 2 - 1
    return x * (1 + EPSILON * up)
