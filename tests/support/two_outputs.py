"""Layers with two outputs, for tests: there are networks of elementary ones that say the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from layers import Array, Layer, Shape


class SumAndProduct(Layer):
    """The sum and the product of two arrays of one shape."""

    symbol = "+×"
    formula = "s = x + y; p = x × y"
    rules = {"x": "ds + dp × y", "y": "ds + dp × x"}
    outputs = ("s", "p")

    def forward(self, x: Array, y: Array) -> tuple[Array, Array]:
        self.x, self.y = x, y
        return x + y, x * y

    def backward(self, ds: Array, dp: Array) -> tuple[Array, Array]:
        return ds + dp * self.y, ds + dp * self.x

    def out_shape(self, x: Shape, y: Shape) -> tuple[Shape, ...]:
        return (super().out_shape(x, y),) * 2


class Parts(Layer):
    """As many equal parts of a vector as an option says."""

    symbol = "|"
    formula = "parts of x"
    rules = {"x": "the douts in a row"}

    def __init__(self, *, parts: int) -> None:
        self.outputs = tuple(f"part{at}" for at in range(1, parts + 1))

    def forward(self, x: Array) -> tuple[Array, ...]:
        return tuple(np.split(x, len(self.outputs)))

    def backward(self, *douts: Any) -> Array:
        return np.concatenate(douts)

    def out_shape(self, x: Shape) -> tuple[Shape, ...]:
        return ((x[0] // len(self.outputs),),) * len(self.outputs)


LIBRARY: dict[str, type[Layer]] = {"SumAndProduct": SumAndProduct, "Parts": Parts}
