"""Smooth relatives of ReLU, and the logarithm of the sigmoid. All work elementwise, on any shapes.

None overflows, however large x is: what grows is taken out of the exponential first.
"""

from __future__ import annotations

import math

import numpy as np

from layers.elementary import erf
from layers.layer import Array, Layer, floating
from layers.options import one_of, positive, real


class Softplus(Layer):
    """Smooth ReLU, ``out = log(1 + exp(beta × x)) / beta``, elementwise. Shapes: any.

    The larger ``beta``, the closer to ReLU (Dugas et al. 2001). The local derivative is the sigmoid of beta × x.
    Computed as max(beta × x, 0) + log(1 + exp(-|beta × x|)), whose exponential never exceeds 1.
    Raises ValueError where ``beta`` is not a positive number.
    """

    symbol = "softplus"
    formula = "log(1 + exp(beta × x)) / beta"
    rules = {"x": "dout × σ(beta × x)"}

    def __init__(self, *, beta: float = 1.0) -> None:
        self.beta = positive("beta", beta)

    def forward(self, x: Array) -> Array:
        self.z = self.beta * floating(x)
        return (np.maximum(self.z, 0) + np.log1p(np.exp(-np.abs(self.z)))) / self.beta

    def backward(self, dout: Array) -> Array:
        return dout * logistic(self.z)

    def local(self) -> tuple[Array]:
        return (logistic(self.z),)


class LogSigmoid(Layer):
    """Logarithm of the sigmoid, ``out = -log(1 + exp(-x))``, elementwise. Shapes: any.

    Exact where the sigmoid itself is too small for a float: x itself far below 0. The local derivative is σ(-x).
    """

    symbol = "log σ"
    formula = "-log(1 + exp(-x))"
    rules = {"x": "dout × σ(-x)"}

    def forward(self, x: Array) -> Array:
        self.x = floating(x)
        return np.minimum(self.x, 0) - np.log1p(np.exp(-np.abs(self.x)))

    def backward(self, dout: Array) -> Array:
        return dout * logistic(-self.x)

    def local(self) -> tuple[Array]:
        return (logistic(-self.x),)


class Silu(Layer):
    """Sigmoid-weighted linear unit, or swish, ``out = x × σ(x)``, elementwise. Shapes: any.

    The local derivative is σ(x) × (1 + x × (1 - σ(x))) (Elfwing et al. 2017): a little below 0 for x below -1.28.
    """

    symbol = "silu"
    formula = "x × σ(x)"
    rules = {"x": "dout × σ(x) × (1 + x × (1 - σ(x)))"}

    def forward(self, x: Array) -> Array:
        self.x = floating(x)
        self.share = logistic(self.x)
        return self.x * self.share

    def backward(self, dout: Array) -> Array:
        return dout * self.local()[0]

    def local(self) -> tuple[Array]:
        return (self.share * (1 + self.x * (1 - self.share)),)


class Gelu(Layer):
    """Gaussian error linear unit, ``out = x × Φ(x)`` with ``Φ(x) = (1 + erf(x / √2)) / 2``, elementwise. Shapes: any.

    Φ is the share of the normal distribution below x, so the local derivative is Φ(x) + x × φ(x), φ being its density
    (Hendrycks and Gimpel 2016). With ``approximate``, true or "tanh", it is (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2,
    as in GPT-2, and the derivative is that of this formula. Raises ValueError for any other ``approximate``.
    """

    symbol = "gelu"
    formula = "x × (1 + erf(x / √2)) / 2"
    rules = {"x": "dout × (Φ(x) + x × φ(x))"}

    def __init__(self, *, approximate: bool | str = False) -> None:
        self.approximate = one_of("approximate", approximate, (False, True, "none", "tanh")) in {True, "tanh"}

    def forward(self, x: Array) -> Array:
        self.x = x = floating(x)
        self.share = (1 + (np.tanh(bent(x)) if self.approximate else erf(x / math.sqrt(2)))) / 2
        return x * self.share

    def backward(self, dout: Array) -> Array:
        return dout * self.local()[0]

    def local(self) -> tuple[Array]:
        x = np.clip(self.x, -FAR, FAR)
        if self.approximate:
            density = 2 * self.share * (1 - self.share) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
        else:
            density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        return (self.share + x * density,)


class Elu(Layer):
    """Exponential linear unit, ``out = x where x > 0, else alpha × (exp(x) - 1)``, elementwise. Shapes: any.

    Negative inputs saturate at -alpha (Clevert et al. 2015). The local derivative is 1 where x > 0 and alpha × exp(x)
    elsewhere, at x = 0 too, which is a kink unless ``alpha`` is 1. Raises ValueError where it is not a finite number.
    """

    symbol = "elu"
    formula = "x where x > 0, else alpha × (exp(x) - 1)"
    rules = {"x": "dout where x > 0, else dout × alpha × exp(x)"}

    def __init__(self, *, alpha: float = 1.0) -> None:
        self.alpha = real("alpha", alpha)

    def forward(self, x: Array) -> Array:
        self.x = floating(x)
        return np.where(self.x > 0, self.x, self.alpha * np.expm1(np.minimum(self.x, 0)))

    def backward(self, dout: Array) -> Array:
        return dout * self.local()[0]

    def local(self) -> tuple[Array]:
        return (np.where(self.x > 0, 1, self.alpha * np.exp(np.minimum(self.x, 0))),)


FAR = 40.0
"""Beyond it the normal density and what tanh lacks to 1 are 0 to the last digit, while x² could still overflow."""


def logistic(x: Array) -> Array:
    """Return the sigmoid of ``x``, computed as ``Sigmoid`` does it, without overflow."""
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, z) / (1 + z)


def bent(x: Array) -> Array:
    """Return what ``tanh`` is taken of in the approximation of Φ, of an x so far out that it no longer matters."""
    x = np.clip(x, -FAR, FAR)
    return math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
