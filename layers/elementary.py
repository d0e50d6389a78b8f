"""The elementary functions, elementwise: ``dx`` is ``dout`` times the derivative that every calculus book lists."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from layers.layer import Array, Layer, floating


class Exp(Layer):
    """Elementwise exponential, ``out = exp(x)``. Shapes: any.

    It is its own derivative, so ``dx = dout × out`` (Saito, ch. 5.5.2). From x = 710 on it is infinite in float64.
    """

    symbol = "exp"
    formula = "exp(x)"
    rules = {"x": "dout × out"}

    def forward(self, x: Array) -> Array:
        self.out = np.exp(floating(x))
        return self.out

    def backward(self, dout: Array) -> Array:
        return dout * self.out

    def local(self) -> tuple[Array]:
        return (self.out,)


class Log(Layer):
    """Elementwise natural logarithm, ``out = log(x)``. Shapes: any.

    The local derivative is 1 / x (Saito, appendix A). log(0) is -infinity; below 0 it is NaN.
    """

    symbol = "log"
    formula = "log(x)"
    rules = {"x": "dout / x"}

    def forward(self, x: Array) -> Array:
        self.x = floating(x)
        return np.log(self.x)

    def backward(self, dout: Array) -> Array:
        return dout / self.x

    def local(self) -> tuple[Array]:
        return (1 / self.x,)


class Sqrt(Layer):
    """Elementwise square root, ``out = √x``. Shapes: any.

    The local derivative is 1 / (2 √x): infinite at 0, where the curve stands upright. Below 0 both are NaN.
    """

    symbol = "√"
    formula = "√x"
    rules = {"x": "dout / (2 × out)"}

    def forward(self, x: Array) -> Array:
        self.out = np.sqrt(floating(x))
        return self.out

    def backward(self, dout: Array) -> Array:
        return dout / (2 * self.out)

    def local(self) -> tuple[Array]:
        return (1 / (2 * self.out),)


class Square(Layer):
    """Elementwise square, ``out = x²``. Shapes: any. The local derivative is 2 × x."""

    symbol = "²"
    formula = "x²"
    rules = {"x": "dout × 2 × x"}

    def forward(self, x: Array) -> Array:
        self.x = floating(x)
        return self.x * self.x

    def backward(self, dout: Array) -> Array:
        return dout * (2 * self.x)

    def local(self) -> tuple[Array]:
        return (2 * self.x,)


class Sin(Layer):
    """Elementwise sine of an angle in radians, ``out = sin(x)``. Shapes: any. The local derivative is cos(x)."""

    symbol = "sin"
    formula = "sin(x)"
    rules = {"x": "dout × cos(x)"}

    def forward(self, x: Array) -> Array:
        self.x = floating(x)
        return np.sin(self.x)

    def backward(self, dout: Array) -> Array:
        return dout * np.cos(self.x)

    def local(self) -> tuple[Array]:
        return (np.cos(self.x),)


class Cos(Layer):
    """Elementwise cosine of an angle in radians, ``out = cos(x)``. Shapes: any. The local derivative is -sin(x)."""

    symbol = "cos"
    formula = "cos(x)"
    rules = {"x": "-dout × sin(x)"}

    def forward(self, x: Array) -> Array:
        self.x = floating(x)
        return np.cos(self.x)

    def backward(self, dout: Array) -> Array:
        return -dout * np.sin(self.x)

    def local(self) -> tuple[Array]:
        return (-np.sin(self.x),)


class Abs(Layer):
    """Elementwise absolute value, ``out = |x|``. Shapes: any.

    The local derivative is the sign of x. At the kink, x = 0, it is taken to be 0, half way between -1 and 1.
    """

    symbol = "abs"
    formula = "|x|"
    rules = {"x": "dout × sign(x)"}

    def forward(self, x: Array) -> Array:
        self.x = floating(x)
        return np.abs(self.x)

    def backward(self, dout: Array) -> Array:
        return dout * np.sign(self.x)

    def local(self) -> tuple[Array]:
        return (np.sign(self.x),)


class Erf(Layer):
    """Elementwise error function, ``out = erf(x)``, 2/√π times the integral of exp(-t²) from 0 to x. Shapes: any.

    erf(x / √2) is the chance that a normal number lies within x standard deviations. The local derivative is the
    integrand, 2/√π × exp(-x²).
    """

    symbol = "erf"
    formula = "erf(x)"
    rules = {"x": "dout × 2 / √π × exp(-x²)"}

    def forward(self, x: Array) -> Array:
        self.x = floating(x)
        return erf(self.x)

    def backward(self, dout: Array) -> Array:
        return dout * self.local()[0]

    def local(self) -> tuple[Array]:
        return (2 / math.sqrt(math.pi) * np.exp(-self.x * self.x),)


erf_of_each: Any = np.frompyfunc(math.erf, 1, 1)
"""NumPy has no error function; the C library's is exact to the last digit or two."""


def erf(x: Array) -> Array:
    """Return the error function of each element of ``x``, in its dtype."""
    return np.asarray(erf_of_each(x), dtype=x.dtype)[()]
