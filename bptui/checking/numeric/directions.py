"""Lines through the inputs along which a layer is measured, many at once where they cannot disturb each other.

A *line* moves some elements of one input. The lines of a bundle reach different parts of the output, so that one
forward measures all of them: all elements of a ReLU together, or one column of a batch with all its rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bptui.checking.numeric.independent_axes import Ties
from layers import Array

Places: TypeAlias = NDArray[np.intp]


class Bundle(Protocol):
    """Lines that are measured together; ``reach`` has for each the size of what it moves, and ``places`` where."""

    @property
    def reach(self) -> Array: ...
    @property
    def places(self) -> Places: ...
    def moved(self, steps: Array) -> tuple[Array, ...]:
        """Return the inputs after a step along each line."""

    def total(self, out: Array) -> Array:
        """Return for each line the sum of what it reaches of an array of the output's shape."""

    def slope(self, gradient: Array) -> Array:
        """Return for each line what a gradient of the input says of its slope."""


@dataclass(frozen=True, eq=False)
class Elements:
    """Single elements of one input, by their flat ``places``, each reaching a part of the output of its own."""

    inputs: tuple[Array, ...]
    position: int
    places: Places
    ties: Ties

    @property
    def reach(self) -> Array:
        """The sizes of the elements."""
        return np.abs(self.inputs[self.position].reshape(-1)[self.places])

    def moved(self, steps: Array) -> tuple[Array, ...]:
        x = self.inputs[self.position].copy()
        x.reshape(-1)[self.places] += steps
        return (*self.inputs[: self.position], x, *self.inputs[self.position + 1 :])

    def total(self, out: Array) -> Array:
        return self.ties.total(out)

    def slope(self, gradient: Array) -> Array:
        return gradient.reshape(-1)[self.places]


@dataclass(frozen=True, eq=False)
class Direction:
    """One line along which several inputs move at once: ``directions`` has for each input how, or None."""

    inputs: tuple[Array, ...]
    directions: tuple[Array | None, ...]

    @property
    def reach(self) -> Array:
        """The direction carries its own size."""
        return np.ones(1)

    @property
    def places(self) -> Places:
        """It is not an element."""
        return np.zeros(1, np.intp)

    def moved(self, steps: Array) -> tuple[Array, ...]:
        step = float(steps[0])
        pairs = zip(self.inputs, self.directions, strict=True)
        return tuple([x if v is None else shifted(x, step * v) for x, v in pairs])

    def total(self, out: Array) -> Array:
        return np.sum(out).reshape(1)

    def slope(self, gradient: Array) -> Array:
        return gradient.reshape(1)


def shifted(x: Array, shift: Array) -> Array:
    """Return ``x + shift``, in the place of ``shift`` where that has one: large arrays take their time to come by."""
    return np.add(x, shift, out=shift) if isinstance(shift, np.ndarray) and shift.ndim else np.asarray(x + shift)


def along(directions: tuple[Array | None, ...], gradients: tuple[Any, ...]) -> tuple[float, float]:
    """Return the slope along a direction that the gradients promise, and the size of the parts it is summed from."""
    slope = square = 0.0
    for v, gradient in zip(directions, gradients, strict=True):
        if v is not None and gradient is not None:
            parts = (v * gradient).reshape(-1)
            slope += float(parts.sum())
            square += float(parts @ parts)
    return slope, float(np.sqrt(square))
