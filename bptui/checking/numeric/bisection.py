"""One direction through all elements of a large input, and the search for the element that is off.

A gradient that is wrong in one element out of a hundred thousand, by a thousandth, shows in the slope along a random
direction. Halving the elements that move finds which one it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bptui.checking.numeric.directions import Direction, along
from bptui.checking.numeric.extrapolation import climb
from bptui.checking.numeric.finite_differences import measure
from bptui.checking.numeric.independent_axes import Ties
from bptui.checking.numeric.judge import FAIL, KINK, ElementVerdicts, Judge
from layers import Array

TRIES = 4
"""How often the search starts again without the kinks that it has found."""

PRECISION = 1e-7
"""How far a slope along a direction may be off, compared with the root of the sum of its parts' squares."""

STEP = np.array([2.0**-17])


AMOUNTS = np.concatenate([np.linspace(-1, -0.5, 128), np.linspace(0.5, 1, 128)])
"""How far an element may move, compared with its size; a table makes the draw cheap."""


def random_direction(x: Array, seed: int) -> Array:
    """Return a direction that moves every element by about its own size, either way."""
    flat = x.reshape(-1)
    typical = float(np.sqrt(flat @ flat / max(x.size, 1)))
    amounts = AMOUNTS.take(np.frombuffer(np.random.default_rng(seed).bytes(x.size), np.uint8)).reshape(x.shape)
    amounts *= np.clip(np.abs(x), 0.1 * typical or 1.0, max(typical, 1))
    return amounts


@dataclass(frozen=True, eq=False)
class Search:
    """Looks for elements of one input whose gradient is off; columns of ``ties`` are measured when one is found."""

    judge: Judge
    position: int
    ties: Ties

    def results(self) -> Iterator[ElementVerdicts]:
        """Yield the verdicts on the elements that stand out, if any do."""
        x = self.judge.point.inputs[self.position]
        moving = np.ones(x.size, np.bool_)
        direction = random_direction(x, 7).reshape(-1)
        for _ in range(TRIES):
            if not self.is_off(direction * moving):
                return
            place = self.narrow(direction, np.flatnonzero(moving))
            column = int(np.argmax((self.ties.columns == place).any(axis=0)))
            (found,) = self.judge.judge_columns(self.position, self.ties, [column])
            yield found
            if FAIL in found.codes:
                return
            moving[found.places if KINK in found.codes else place] = False

    def narrow(self, direction: Array, places: NDArray[np.intp]) -> int:
        """Return the element on which the disagreement rests, by halving those that move."""
        while len(places) > 1:
            halves = np.array_split(places, 2)
            sizes = [self.disagreement(only(direction, half)) for half in halves]
            places = halves[int(np.argmax(sizes))]
        return int(places[0])

    def is_off(self, direction: Array) -> bool:
        """Return whether the gradient disagrees with the slope along a direction."""
        if self.disagreement(direction) <= 1:
            return False
        line, slope, size = self.line(direction)
        ladder = climb(self.judge.point, line, np.ones(1))
        value, error = ladder.limit
        return not abs(slope - value[0]) <= 20 * error[0] + PRECISION * size

    def disagreement(self, direction: Array) -> float:
        """Return how far the gradient is off, in multiples of what one step allows."""
        line, slope, size = self.line(direction)
        rough = measure(self.judge.point, line, STEP)
        off = abs(slope - float(rough.central[0])) / (PRECISION * size + 8 * float(rough.noise[0]) + 1e-300)
        return off if np.isfinite(off) else np.inf

    def line(self, direction: Array) -> tuple[Direction, float, float]:
        """Return the line along a direction, and what the gradient says of its slope and of the parts of that."""
        inputs = self.judge.point.inputs
        shaped = direction.reshape(inputs[self.position].shape)
        directions = tuple([shaped if i == self.position else None for i in range(len(inputs))])
        gradients = tuple([self.judge.gradient if i == self.position else None for i in range(len(inputs))])
        return Direction(inputs, directions), *along(directions, gradients)


def only(direction: Array, places: NDArray[np.intp]) -> Array:
    """Return a direction that moves the elements at ``places`` alone."""
    part = np.zeros_like(direction)
    part[places] = direction[places]
    return part
