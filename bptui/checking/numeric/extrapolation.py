"""A ladder of steps, each an eighth of the one before, and what its slopes tend to.

Richardson's extrapolation takes out the error of the step squared and to the fourth; Ridders' choice among its
results (Numerical Recipes, ch. 5.7) is the one that disagrees least with its neighbours, which is also its error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bptui.checking.finding import Rung
from bptui.checking.numeric.directions import Bundle
from bptui.checking.numeric.finite_differences import (
    EPSILON,
    Moves,
    Point,
    Slopes,
    move,
    power_of_two,
    propagated_error,
    slopes,
)
from layers import Array

RUNGS = 8
RATIO = 8
FIRST = 2.0**-4
"""The largest step, compared with the size of what moves."""

COARSEST = 1e3 * EPSILON
"""Rounding inside a layer makes no larger jumps than this, compared with the numbers about."""

INSIDE = EPSILON / 2
"""What rounding does to numbers about 1, of which there may be some inside a layer whose output is small."""

AT_ZERO = 2.0**-13
"""The size that a zero is taken to have on the ladder of small steps."""

STEADY = 0.5
"""One-sided slopes that stay apart keep more than this of their distance when the step becomes an eighth."""


@dataclass(frozen=True, eq=False)
class Ladder:
    """The slopes along the lines of a bundle, from the largest step to the smallest. Arrays are rungs by lines."""

    rungs: Sequence[Slopes]

    def column(self, name: str) -> Array:
        """Return one of the slopes' fields."""
        return np.array([getattr(rung, name) for rung in self.rungs])

    @cached_property
    def limit(self) -> tuple[Array, Array]:
        """What the slopes tend to, and the error of that."""
        central, right, left = self.column("central"), self.column("right"), self.column("left")
        value, error = best(central, self.column("noise"), order=2)
        for side in (right, left):
            one_sided, its_error = best(side, 2 * self.column("noise"), order=1)
            lacking = ~np.isfinite(central[-1]) & np.isfinite(side[-1])
            value, error = np.where(lacking, one_sided, value), np.where(lacking, its_error, error)
        return value, error

    @cached_property
    def gap(self) -> Array:
        """How far the two sides are apart."""
        return np.abs(self.column("high") - self.column("low"))

    @cached_property
    def finest(self) -> NDArray[np.intp]:
        """For each line the rung with the smallest step at which the widest gap would still be seen."""
        with np.errstate(all="ignore"):
            is_known = np.isfinite(self.gap) & (self.gap > 4 * self.column("noise"))
            widest = np.max(np.where(is_known, self.gap, 0), axis=0)
            seen = (self.column("noise") <= 0.01 * widest) & np.isfinite(self.gap)
        return np.where(seen.any(axis=0), len(self.rungs) - 1 - np.argmax(seen[::-1], axis=0), 0)

    @cached_property
    def is_kink(self) -> NDArray[np.bool_]:
        """Where the one-sided slopes stay apart as the step shrinks."""
        lines = np.arange(self.gap.shape[1])
        at = np.maximum(self.finest, 2)
        last, middle, first = (self.gap[at - back, lines] for back in range(3))
        with np.errstate(all="ignore"):
            size = np.abs(self.column("low")[at, lines]) + np.abs(self.column("high")[at, lines])
            steady = (last > STEADY * middle) & (middle > STEADY * first) & (last < 4 * middle)
            return steady & (last > 1e-6 * size) & (self.finest >= 2) & ~self.is_steep

    @cached_property
    def is_steep(self) -> NDArray[np.bool_]:
        """Where the slope grows without end as the step shrinks."""
        sizes = np.fmax(np.abs(self.column("left")), np.abs(self.column("right")))
        certain = self.column("noise") < 0.01 * sizes
        with np.errstate(all="ignore"):
            grows = (sizes[1:] > 1.4 * sizes[:-1]) & certain[1:]
        return np.asarray(grows[-3:].all(axis=0) & (sizes[-1] > 100 * sizes[0]))

    @cached_property
    def is_blind(self) -> NDArray[np.bool_]:
        """Where neither side has a slope at small steps."""
        return ~(np.isfinite(self.column("left")[-1]) | np.isfinite(self.column("right")[-1]))

    def hull(self) -> tuple[Array, Array, Array]:
        """Return the bounds of what a kink allows, and their error."""
        lines = np.arange(self.gap.shape[1])
        low, high = self.column("low"), self.column("high")
        at, before = self.finest, np.maximum(self.finest - 1, 0)
        drift = np.abs(low[at, lines] - low[before, lines]) + np.abs(high[at, lines] - high[before, lines])
        return low[at, lines], high[at, lines], drift + 4 * self.column("noise")[at, lines]

    def allows(self, analytic: Array) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return where a slope lies between the two sides at the smallest step whose noise does not excuse it.

        And second, where there is such a step.
        """
        low, high, noise = self.column("low"), self.column("high"), 4 * self.column("noise")
        quiet = noise <= 0.05 * np.maximum(np.abs(analytic), np.maximum(np.abs(low), np.abs(high)))
        at = len(self.rungs) - 1 - np.argmax(quiet[::-1], axis=0)
        lines = np.arange(low.shape[1])
        low, high, noise = (it[at, lines] for it in (low, high, noise))
        slack = noise + 1e-4 * np.maximum(np.abs(low), np.abs(high))
        inside = (analytic >= low - slack) & (analytic <= high + slack)
        return np.asarray(inside), np.asarray(quiet.any(axis=0))

    def of(self, line: int) -> tuple[Rung, ...]:
        """Return one line's slopes as plain numbers."""
        return tuple(
            Rung(*(float(column[line]) for column in (rung.steps, rung.left, rung.right, rung.central)))
            for rung in self.rungs
        )


def climb(point: Point, bundle: Bundle, sizes: Array) -> Ladder:
    """Return the ladder whose largest steps are a sixteenth of ``sizes``."""
    first = power_of_two(sizes * FIRST)
    steps = [first * float(RATIO) ** -rung for rung in range(RUNGS)]
    moves = [move(point, bundle, step) for step in steps]
    still, quantum = reach(point, moves)
    usual = point.rounding + INSIDE + point.grain
    beyond = propagated_error(point, bundle, np.where(still, usual, 0)) / steps[0]
    rungs = []
    for it in moves:
        rounding = np.fmax(usual + EPSILON * it.size(point.out), quantum)
        noise = propagated_error(point, bundle, np.where(still, 0, rounding)) / it.steps
        rungs.append(slopes(point, bundle, it, noise + beyond))
    return Ladder(rungs)


def reach(point: Point, moves: Sequence[Moves]) -> tuple[NDArray[np.bool_], Array]:
    """Return which outputs stay as they are on every rung, and the smallest change of those that do so on some.

    Floats come in steps of their own: where an output stands still although larger steps do move it, it may be off
    by as much as the smallest move that was seen.
    """
    changes = np.array([np.fmax(np.abs(it.above - point.out), np.abs(it.below - point.out)) for it in moves])
    stands = changes == 0
    smallest = np.where(stands | ~np.isfinite(changes), np.inf, changes).min(axis=0)
    is_rounding = stands.any(axis=0) & (smallest <= COARSEST * np.fmax(point.size, np.abs(point.out)))
    return stands.all(axis=0), np.where(is_rounding, smallest, 0)


def sizes_of(reach: Array) -> tuple[Array, Array]:
    """Return the two sizes that a function may live on: that of the numbers, and 1; the larger of them first."""
    small = np.where(reach == 0, AT_ZERO, np.minimum(reach, 1))
    return np.maximum(reach, 1), small


def best(measured: Array, noise: Array, *, order: int) -> tuple[Array, Array]:
    """Return the extrapolated slopes and their errors; ``order`` is the power of the step that the error goes by."""
    values, errors = [measured[-1:]], [np.full((1, *measured.shape[1:]), np.inf)]
    column = measured
    with np.errstate(all="ignore"):
        for level in range(1, 4):
            power = float(RATIO) ** (order * level)
            refined = column[1:] + (column[1:] - column[:-1]) / (power - 1)
            spread = np.maximum(np.abs(refined - column[1:]), np.abs(refined - column[:-1]))
            values.append(refined)
            errors.append(spread + 2 * noise[level:])
            column = refined
    every = np.concatenate(errors)
    every[np.isnan(every)] = np.inf
    least = np.argmin(every, axis=0)[None]
    return np.take_along_axis(np.concatenate(values), least, 0)[0], np.take_along_axis(every, least, 0)[0]
