"""The operators of a formula, elementwise with NumPy broadcasting: ``+ - * /`` and unary ``-``."""

from __future__ import annotations

import numpy as np

from layers.layer import Array, Layer, floating, unbroadcast


class Add(Layer):
    """Elementwise sum, ``out = x + y``, with broadcasting. Shapes: any two that broadcast.

    The local derivative is 1 for both: an addition node passes ``dout`` on unchanged (Saito, ch. 5.3.1).
    """

    symbol = "+"
    formula = "x + y"
    rules = {"x": "dout", "y": "dout"}
    aliases = ("AddLayer",)

    def forward(self, x: Array, y: Array) -> Array:
        self.x, self.y = floating(x), floating(y)
        return self.x + self.y

    def backward(self, dout: Array) -> tuple[Array, Array]:
        return unbroadcast(dout, np.shape(self.x)), unbroadcast(dout, np.shape(self.y))

    def local(self) -> tuple[Array, Array]:
        return np.ones_like(self.x), np.ones_like(self.y)


class Mul(Layer):
    """Elementwise product, ``out = x × y``, with broadcasting. Shapes: any two that broadcast.

    Each input's local derivative is the other input: a multiplication node hands ``dout`` back multiplied by
    the values swapped (Saito, ch. 5.3.2).
    """

    symbol = "×"
    formula = "x × y"
    rules = {"x": "dout × y", "y": "dout × x"}
    aliases = ("MulLayer",)

    def forward(self, x: Array, y: Array) -> Array:
        self.x, self.y = floating(x), floating(y)
        return self.x * self.y

    def backward(self, dout: Array) -> tuple[Array, Array]:
        return unbroadcast(dout * self.y, np.shape(self.x)), unbroadcast(dout * self.x, np.shape(self.y))

    def local(self) -> tuple[Array, Array]:
        return self.y, self.x
