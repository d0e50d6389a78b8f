"""What an expression may cost: numbers are counted before they are computed, so that the bound holds on any machine."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from math import prod
from typing import Any

import numpy as np

from bptui.core.text import shape_in_words
from bptui.deferred_dataclass import dataclass
from layers import Array, Shape
from layers.layer import broadcast

MOST_BYTES = 10 * 2**20
"""Of one result."""

MOST_WORK = 10_000_000
"""Numbers added or multiplied in one evaluation: on a slow machine some 50 ms."""

SLOW = 10
"""How many additions a root, an exponential or a logarithm takes."""


class CostError(Exception):
    """What is asked for is too large, or would take too long."""


@dataclass
class Budget:
    """The work that an evaluation may still do."""

    left: float = MOST_WORK

    def spend(self, work: float) -> None:
        """Take note of work that comes next. Raises CostError where it is too much."""
        self.left -= work
        if self.left < 0:
            raise CostError("this takes too long to compute")

    def make(self, shape: Sequence[int], *, work: float = 1) -> None:
        """Take note of an array that is made next, with ``work`` for each element. Raises CostError."""
        size = prod(shape)
        if size * 8 > MOST_BYTES:
            raise CostError(f"the result would be {shape_in_words(tuple(shape))}, more than 10 MB")
        self.spend(1 + size * work)

    def combine(self, *arrays: Array, work: float = 1) -> None:
        """Take note of an elementwise operation. Raises CostError, and ValueError for shapes that do not fit."""
        self.make(broadcast(*[it.shape for it in arrays]), work=work)

    def multiply(self, x: Array, y: Array) -> None:
        """Take note of a matrix product. Raises CostError, and ValueError for shapes that do not fit."""
        if not x.ndim or not y.ndim or x.shape[-1] != y.shape[max(0, y.ndim - 2)]:
            raise ValueError(f"{shape_in_words(x.shape)} @ {shape_in_words(y.shape)} is not a matrix product")
        self.make(product_shape(x.shape, y.shape), work=x.shape[-1])


def product_shape(x: Shape, y: Shape) -> Shape:
    """Return the shape of a matrix product, of shapes that fit."""
    return (*broadcast(x[:-2], y[:-2]), *x[-2:-1], *(y[-1:] if len(y) > 1 else ()))


def indexed_size(shape: Shape, index: Sequence[Any]) -> int:
    """Return at least how many elements an index copies out of an array of this shape; a slice copies none."""
    arrays = [part for part in index if isinstance(part, np.ndarray)]
    if not arrays:
        return 0
    taken = sum(part.ndim if is_mask(part) else 1 for part in index if part is not ...)
    rest = [slice(None)] * max(0, len(shape) - taken)
    at = next((at for at, part in enumerate(index) if part is ...), len(index))
    axes = iter(shape)
    size = prod(broadcast(*[(part.size,) if is_mask(part) else part.shape for part in arrays]))
    for part in (*index[:at], *rest, *index[at + 1 :]):
        lengths = list(islice(axes, part.ndim if is_mask(part) else 1))
        if isinstance(part, slice):
            size *= len(range(*part.indices(lengths[0]))) if lengths else 1
    return size


def is_mask(part: object) -> bool:
    """Return whether a part of an index is an array of true and false."""
    return isinstance(part, np.ndarray) and part.dtype.kind == "b"
