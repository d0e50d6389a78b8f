"""Which axes of an input and of the output belong together, so that elements can be measured side by side.

An axis of an input is tied to one of the output where slice k of the input moves nothing but slice k of the output:
the batch axis of an affine layer, both axes of a ReLU. It is found out by trying, never taken for granted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from layers import Array

FEW = 24
"""As many elements are measured one by one without looking for a shorter way."""


@dataclass(frozen=True)
class Ties:
    """The tied axes of one input: ``inner[i]`` of the input goes with ``outer[i]`` of the output."""

    shape: tuple[int, ...]
    inner: tuple[int, ...] = ()
    outer: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        """How many elements can be measured at once."""
        return prod(self.shape[axis] for axis in self.inner)

    @cached_property
    def columns(self) -> NDArray[np.intp]:
        """The flat places of the input's elements; each column can be measured at once."""
        places = np.arange(prod(self.shape), dtype=np.intp).reshape(self.shape)
        ordered = np.moveaxis(places, self.inner, range(len(self.inner)))
        return ordered.reshape(self.width, -1) if places.size else ordered.reshape(0, 0)

    def total(self, out: Array) -> Array:
        """Return for each element of a column the sum over the part of the output that it reaches."""
        if not self.outer:
            return out.sum().reshape(1)
        kept = sorted(self.outer)
        summed = out.sum(axis=tuple([axis for axis in range(out.ndim) if axis not in kept]))
        return summed.transpose([kept.index(axis) for axis in self.outer]).reshape(-1)


def find_ties(
    forward: Callable[[tuple[Array, ...]], Array], inputs: tuple[Array, ...], position: int, out: Array
) -> Ties:
    """Return the tied axes of an input."""
    x = inputs[position]
    shape = x.shape
    if x.size <= FEW or not out.ndim:
        return Ties(shape)
    amounts = nudges(x)
    inner: list[int] = []
    outer: list[int] = []
    for axis in range(x.ndim):
        candidates = [b for b in range(out.ndim) if out.shape[b] == shape[axis] > 1 and b not in outer]
        for chosen in codes(shape[axis]) if candidates else ():
            moved = forward((*inputs[:position], nudged(x, amounts, axis, chosen), *inputs[position + 1 :]))
            candidates = [b for b in candidates if touches_only(out, moved, b, chosen)]
            if not candidates:
                break
        if candidates:
            inner.append(axis)
            outer.append(candidates[0])
    return Ties(shape, tuple(inner), tuple(outer))


def codes(size: int) -> Iterator[NDArray[np.bool_]]:
    """Yield choices among ``size`` slices such that any two are told apart both ways round."""
    numbers = np.arange(size)
    for bit in range(max(1, (size - 1).bit_length())):
        chosen = (numbers >> bit) & 1 == 1
        yield chosen
        yield ~chosen


def nudges(x: Array) -> Array:
    """Return by how much each element is moved: a little, and each by an amount of its own."""
    return np.random.default_rng(x.size).uniform(0.5, 1, x.shape) * 1e-3 * (np.abs(x) + 1e-3)


def nudged(x: Array, amounts: Array, axis: int, chosen: NDArray[np.bool_]) -> Array:
    """Return ``x`` with the chosen slices moved by ``amounts``."""
    shape = [1] * x.ndim
    shape[axis] = -1
    return x + np.where(chosen.reshape(shape), amounts, 0)


def touches_only(out: Array, moved: Array, axis: int, chosen: NDArray[np.bool_]) -> bool:
    """Return whether the output differs in chosen slices of an axis only."""
    if moved.shape != out.shape:
        return False
    others = np.compress(~chosen, out, axis=axis), np.compress(~chosen, moved, axis=axis)
    return bool(np.array_equal(*others, equal_nan=True))
