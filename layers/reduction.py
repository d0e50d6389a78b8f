"""Reductions: many numbers in, one out, over all axes or over those that ``axis`` names (one number or a list).

Shapes: any x; the named axes vanish, or stay with size 1 under ``keepdims``. On the way back every element of x gets
the ``dout`` of the number that it went into, times its local derivative. All raise ValueError where x lacks an axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TypeAlias

import numpy as np

from layers.layer import Array, Layer, Shape, floating
from layers.options import axes_of, flag, wholes

Axis: TypeAlias = "int | Sequence[int] | None"
"""Which axes to reduce: one, several, or None for all."""


class Reduction(Layer):
    """What all of them share: which axes they reduce, and which shape that leaves."""

    def __init__(self, *, axis: Axis = None, keepdims: bool = False) -> None:
        self.axis = None if axis is None else wholes("axis", axis)
        self.keepdims = flag("keepdims", keepdims)

    def out_shape(self, x: Shape) -> Shape:
        axes = axes_of(x, self.axis)
        if self.keepdims:
            return tuple([1 if axis in axes else size for axis, size in enumerate(x)])
        return tuple([size for axis, size in enumerate(x) if axis not in axes])


class Sum(Reduction):
    """Sum, ``out = Σ x``. The local derivative is 1: every term gets ``dout``.

    Shapes, of all reductions: x any, out x's without the axes that ``axis`` names, by default all; with ``keepdims``
    they stay, of size 1. Raises ValueError for an axis that x does not have.
    """

    symbol = "Σ"
    formula = "Σ x"
    rules = {"x": "dout, repeated"}

    def forward(self, x: Array) -> Array:
        self.x = x = floating(x)
        axes = axes_of(x.shape, self.axis)
        total = x.sum(axis=axes, keepdims=True)
        self.kept_shape = total.shape
        return total if self.keepdims else total.squeeze(axes)[()]

    def backward(self, dout: Array) -> Array:
        return np.reshape(dout, self.kept_shape) * np.ones_like(self.x)

    def local(self) -> tuple[Array]:
        return (np.ones_like(self.x),)


class Mean(Reduction):
    """Arithmetic mean, ``out = Σ x / n``. The local derivative is 1 / n: each of the n terms has an equal share.

    Shapes: as Sum's. The mean of no elements is NaN.
    """

    symbol = "mean"
    formula = "Σ x / n"
    rules = {"x": "dout / n, repeated"}

    def forward(self, x: Array) -> Array:
        self.x = x = floating(x)
        axes = axes_of(x.shape, self.axis)
        self.n = prod([x.shape[axis] for axis in axes])
        mean = x.sum(axis=axes, keepdims=True) / self.n
        self.kept_shape = mean.shape
        return mean if self.keepdims else mean.squeeze(axes)[()]

    def backward(self, dout: Array) -> Array:
        return np.reshape(dout, self.kept_shape) * (np.ones_like(self.x) / self.n)

    def local(self) -> tuple[Array]:
        return (np.ones_like(self.x) / self.n,)


class Var(Reduction):
    """Population variance, ``out = Σ (x - mean)² / n``: n, not n - 1, as in batch normalisation (Saito, ch. 6.3).

    The local derivative is 2 × (x - mean) / n; that x also moves the mean cancels out, for the deviations sum to 0.
    Shapes: as Sum's. The variance of no elements is NaN.
    """

    symbol = "var"
    formula = "Σ (x - mean)² / n"
    rules = {"x": "dout × 2 × (x - mean) / n"}

    def forward(self, x: Array) -> Array:
        x = floating(x)
        axes = axes_of(x.shape, self.axis)
        self.n = prod([x.shape[axis] for axis in axes])
        self.deviation = x - x.sum(axis=axes, keepdims=True) / self.n
        variance = (self.deviation**2).sum(axis=axes, keepdims=True) / self.n
        self.kept_shape = variance.shape
        return variance if self.keepdims else variance.squeeze(axes)[()]

    def backward(self, dout: Array) -> Array:
        return np.reshape(dout, self.kept_shape) * (2 * self.deviation / self.n)

    def local(self) -> tuple[Array]:
        return (2 * self.deviation / self.n,)


class Norm(Reduction):
    """Euclidean length, ``out = √Σ x²``. The local derivative is x / out, the unit vector that x points along.

    At 0, where the length has a corner, it is taken to be 0. Divided by its largest element first, no square overflows
    or vanishes. Shapes: as Sum's.
    """

    symbol = "‖x‖"
    formula = "√Σ x²"
    rules = {"x": "dout × x / out where out > 0, else 0"}

    def forward(self, x: Array) -> Array:
        x = floating(x)
        axes = axes_of(x.shape, self.axis)
        largest = np.abs(x).max(axis=axes, keepdims=True, initial=0)
        scale = np.where((largest == 0) | np.isinf(largest), 1, largest)
        shrunk = x / scale
        shrunk_length = np.sqrt((shrunk * shrunk).sum(axis=axes, keepdims=True))
        self.direction = shrunk / np.where(shrunk_length == 0, 1, shrunk_length)
        length = scale * shrunk_length
        self.kept_shape = length.shape
        return length if self.keepdims else length.squeeze(axes)[()]

    def backward(self, dout: Array) -> Array:
        return np.reshape(dout, self.kept_shape) * self.direction

    def local(self) -> tuple[Array]:
        return (self.direction,)


class Prod(Reduction):
    """Product, ``out = Π x``. The local derivative is the product of all the others.

    That is out / x only where x is not 0, so it is computed as what comes before times what comes after: a single 0
    gets a gradient, and with two of them nobody does. The product of no elements is 1.
    Shapes: as Sum's.
    """

    symbol = "Π"
    formula = "Π x"
    rules = {"x": "dout × the product of the others"}

    def forward(self, x: Array) -> Array:
        x = floating(x)
        axes = axes_of(x.shape, self.axis)
        product = x.prod(axis=axes, keepdims=True)
        self.others = product_of_others(x, axes)
        self.kept_shape = product.shape
        return product if self.keepdims else product.squeeze(axes)[()]

    def backward(self, dout: Array) -> Array:
        return np.reshape(dout, self.kept_shape) * self.others

    def local(self) -> tuple[Array]:
        return (self.others,)


class Max(Reduction):
    """Largest element, ``out = max x``. The local derivative is 1 for it and 0 for the others.

    Elements that tie for it share evenly: 1/2 each for two, 1/3 for three. Shapes: as Sum's. Raises ValueError where
    there is none.
    """

    symbol = "max"
    formula = "max x"
    rules = {"x": "dout for the largest, shared evenly in a tie"}

    def out_shape(self, x: Shape) -> Shape:
        require_elements(x, axes_of(x, self.axis))
        return super().out_shape(x)

    def forward(self, x: Array) -> Array:
        x = floating(x)
        axes = axes_of(x.shape, self.axis)
        require_elements(x.shape, axes)
        largest = x.max(axis=axes, keepdims=True)
        ties = x == largest
        self.share = ties / ties.sum(axis=axes, keepdims=True, dtype=x.dtype)
        self.kept_shape = largest.shape
        return largest if self.keepdims else largest.squeeze(axes)[()]

    def backward(self, dout: Array) -> Array:
        return np.reshape(dout, self.kept_shape) * self.share

    def local(self) -> tuple[Array]:
        return (self.share,)


class Min(Reduction):
    """Smallest element, ``out = min x``. The local derivative is 1 for it and 0 for the others.

    Elements that tie for it share evenly. Shapes: as Sum's. Raises ValueError where there is none.
    """

    symbol = "min"
    formula = "min x"
    rules = {"x": "dout for the smallest, shared evenly in a tie"}

    def out_shape(self, x: Shape) -> Shape:
        require_elements(x, axes_of(x, self.axis))
        return super().out_shape(x)

    def forward(self, x: Array) -> Array:
        x = floating(x)
        axes = axes_of(x.shape, self.axis)
        require_elements(x.shape, axes)
        smallest = x.min(axis=axes, keepdims=True)
        ties = x == smallest
        self.share = ties / ties.sum(axis=axes, keepdims=True, dtype=x.dtype)
        self.kept_shape = smallest.shape
        return smallest if self.keepdims else smallest.squeeze(axes)[()]

    def backward(self, dout: Array) -> Array:
        return np.reshape(dout, self.kept_shape) * self.share

    def local(self) -> tuple[Array]:
        return (self.share,)


def require_elements(shape: Shape, axes: tuple[int, ...]) -> None:
    """Raise ValueError where a reduction of ``shape`` over ``axes`` would have nothing to choose from."""
    if not all(shape[axis] for axis in axes):
        raise ValueError(f"x of shape {shape} has no elements along the axes {list(axes)}")


def product_of_others(x: Array, axes: tuple[int, ...]) -> Array:
    """Return for each element of ``x`` the product of the others along ``axes``, without dividing by any."""
    last = tuple(range(x.ndim - len(axes), x.ndim))
    moved = np.moveaxis(x, axes, last)
    rows = moved.reshape(*moved.shape[: x.ndim - len(axes)], prod(moved.shape[x.ndim - len(axes) :]))
    one = np.ones_like(rows[..., :1])
    before = np.concatenate([one, rows[..., :-1]], axis=-1).cumprod(axis=-1)
    after = np.concatenate([one, rows[..., :0:-1]], axis=-1).cumprod(axis=-1)[..., ::-1]
    return np.moveaxis((before * after).reshape(moved.shape), last, axes)[()]
