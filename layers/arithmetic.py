"""The operators of a formula, elementwise with NumPy broadcasting: ``+ - * / **`` and unary ``-``.

Each gradient is the local derivative times ``dout``, summed back to the shape of its input.
"""

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
        return unbroadcast(dout, self.x.shape), unbroadcast(dout, self.y.shape)

    def local(self) -> tuple[Array, Array]:
        return np.ones_like(self.x), np.ones_like(self.y)


class Sub(Layer):
    """Elementwise difference, ``out = x - y``, with broadcasting. Shapes: any two that broadcast.

    The local derivatives are 1 and -1: what is taken away gets ``dout`` with its sign turned.
    """

    symbol = "-"
    formula = "x - y"
    rules = {"x": "dout", "y": "-dout"}

    def forward(self, x: Array, y: Array) -> Array:
        self.x, self.y = floating(x), floating(y)
        return self.x - self.y

    def backward(self, dout: Array) -> tuple[Array, Array]:
        return unbroadcast(dout, self.x.shape), unbroadcast(-dout, self.y.shape)

    def local(self) -> tuple[Array, Array]:
        return np.ones_like(self.x), -np.ones_like(self.y)


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
        return unbroadcast(dout * self.y, self.x.shape), unbroadcast(dout * self.x, self.y.shape)

    def local(self) -> tuple[Array, Array]:
        return self.y, self.x


class Div(Layer):
    """Elementwise quotient, ``out = x / y``, with broadcasting. Shapes: any two that broadcast.

    The local derivatives are 1 / y and -x / y² (for 1 / x: Saito, ch. 5.5.2). A division by zero is infinite, or
    NaN for 0 / 0.
    """

    symbol = "/"
    formula = "x / y"
    rules = {"x": "dout / y", "y": "-dout × x / y²"}

    def forward(self, x: Array, y: Array) -> Array:
        self.x, self.y = floating(x), floating(y)
        return self.x / self.y

    def backward(self, dout: Array) -> tuple[Array, Array]:
        dx = dout / self.y
        dy = -dx * (self.x / self.y)
        return unbroadcast(dx, self.x.shape), unbroadcast(dy, self.y.shape)

    def local(self) -> tuple[Array, Array]:
        return 1 / self.y, -(self.x / self.y) / self.y


class Neg(Layer):
    """Elementwise change of sign, ``out = -x``. Shapes: any. The local derivative is -1."""

    symbol = "-"
    formula = "-x"
    rules = {"x": "-dout"}

    def forward(self, x: Array) -> Array:
        self.x = floating(x)
        return -self.x

    def backward(self, dout: Array) -> Array:
        return -dout

    def local(self) -> tuple[Array]:
        return (-np.ones_like(self.x),)


class Pow(Layer):
    """Elementwise power, ``out = x ** y``, with broadcasting. Shapes: any two that broadcast.

    The local derivatives are y × x ** (y - 1) and out × log(x). A constant power, y = 0, has derivative 0 at every x;
    and 0 ** y is taken to be constant in y from y = 0 upwards, as PyTorch does. A negative base has real powers at
    whole exponents only, so it is NaN elsewhere, and so is the exponent's gradient.
    """

    symbol = "^"
    formula = "x ** y"
    rules = {"x": "dout × y × x ** (y - 1)", "y": "dout × out × log(x)"}

    def forward(self, x: Array, y: Array) -> Array:
        self.x, self.y = floating(x), floating(y)
        self.out = self.x**self.y
        return self.out

    def backward(self, dout: Array) -> tuple[Array, Array]:
        dx, dy = self.local()
        return unbroadcast(dout * dx, self.x.shape), unbroadcast(dout * dy, self.y.shape)

    def local(self) -> tuple[Array, Array]:
        x, y = self.x, self.y
        dx = np.where(y == 0, 0, y * x ** (y - 1))
        dy = np.where((x == 0) & (y >= 0), 0, self.out * np.log(x))
        return dx, dy
