"""Slopes by differences: what the output does when an input moves a little, on both sides.

The outputs are subtracted first and multiplied by dout afterwards, so that a large output hides no small change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bptui.checking.numeric.directions import Bundle
from layers import Array

EPSILON = float(np.finfo(np.float64).eps)

SMALLEST = 2.0**-900
"""No number that is moved counts as smaller: below, floats lose their digits."""

UNDERFLOW = 2.0**-1022
"""What no float can tell from 0, or only roughly."""


@dataclass(frozen=True, eq=False)
class Point:
    """Where a layer is measured: its inputs, its output there and the dout that meets it.

    ``dout`` is 0 where the output is not a number: nothing can be measured there. ``forward`` gives the output
    elsewhere, and ``a_digit_away`` are the inputs with their last digits moved.
    """

    forward: Callable[[tuple[Array, ...]], Array]
    inputs: tuple[Array, ...]
    a_digit_away: tuple[Array, ...]
    out: Array
    dout: Array
    grain: Array | float = 0.0

    @cached_property
    def size(self) -> float:
        """The largest number about: rounding inside the layer goes by it, or by 1 where all are smaller."""
        return max([1.0, *(float(np.abs(x).max(initial=0)) for x in self.inputs if x.dtype.kind == "f")])

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
            return np.where(self.is_number, 2 * EPSILON * np.abs(self.out) + UNDERFLOW + np.nan_to_num(shift), 0)

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


@dataclass(frozen=True, eq=False)
class Moves:
    """What the outputs are after a step along each line of a bundle, forwards and back."""

    steps: Array
    above: Array
    below: Array

    def size(self, out: Array) -> Array:
        """Return the largest of the outputs' sizes on the way."""
        return np.fmax(np.abs(out), np.fmax(np.abs(self.above), np.abs(self.below)))


def move(point: Point, bundle: Bundle, steps: Array) -> Moves:
    """Go a step along each line of a bundle, both ways; an output that changes its shape is none."""
    above, below = point.forward(bundle.moved(steps)), point.forward(bundle.moved(-steps))
    if not above.shape == below.shape == point.out.shape:
        above = below = np.full(point.out.shape, np.nan)
    return Moves(steps, above, below)


def measure(point: Point, bundle: Bundle, steps: Array) -> Slopes:
    """Return the slopes along the lines of a bundle, with the rounding error that is usual."""
    moves = move(point, bundle, steps)
    return slopes(
        point, bundle, moves, propagated_error(point, bundle, 2 * EPSILON * moves.size(point.out) + point.grain) / steps
    )


def slopes(point: Point, bundle: Bundle, moves: Moves, noise: Array) -> Slopes:
    """Return the slopes that moves amount to."""
    right, left = point.change(moves.above, point.out), point.change(point.out, moves.below)
    steps = moves.steps
    return Slopes(
        steps,
        bundle.total(left) / steps,
        bundle.total(right) / steps,
        bundle.total(point.change(moves.above, moves.below)) / (2 * steps),
        bundle.total(np.minimum(left, right)) / steps,
        bundle.total(np.maximum(left, right)) / steps,
        noise,
    )


def propagated_error(point: Point, bundle: Bundle, error: Array) -> Array:
    """Return for each line what independent errors of the outputs add up to."""
    weighted = np.where(point.dout == 0, 0, np.abs(point.dout * error))
    largest = float(weighted.max(initial=0, where=np.isfinite(weighted))) or 1.0
    return largest * np.sqrt(bundle.total(np.square(weighted / largest)))


def power_of_two(size: Array) -> Array:
    """Return the powers of two next below sizes: steps of that kind add to most numbers without rounding."""
    return np.exp2(np.floor(np.log2(np.maximum(size, SMALLEST))))


def last_digit_moved(x: Array) -> Array:
    """Return ``x`` with each number moved by a few of its last digits, up or down as chance has it; 0 stays."""
    draw = np.random.default_rng(x.size + 1)
    digits = (draw.permutation(x.size) % 16 + 1).reshape(x.shape) * (draw.integers(0, 2, x.shape) * 2 - 1)
    return x * (1 + EPSILON * digits)
