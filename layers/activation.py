"""Activation functions: what makes a network more than one big matrix product. All but two work elementwise.

Their smooth relatives, from softplus to GELU, are in ``smooth_activation``.
"""

from __future__ import annotations

import numpy as np

from layers.layer import Array, Layer, Shape, floating, unbroadcast
from layers.options import axes_of, real, whole


class Relu(Layer):
    """Rectified linear unit, ``out = max(x, 0)``, elementwise. Shapes: any.

    A switch: where x > 0 ``dout`` passes, elsewhere, the kink x = 0 included, nothing does (Saito, ch. 5.5.1).
    The book's backward writes the zeros into ``dout`` itself, which others may still need; this one makes an array.
    """

    symbol = "relu"
    formula = "max(x, 0)"
    rules = {"x": "dout where x > 0, else 0"}

    def forward(self, x: Array) -> Array:
        self.x = floating(x)
        self.mask = self.x <= 0
        return np.where(self.mask, 0, self.x)

    def backward(self, dout: Array) -> Array:
        return np.where(self.mask, 0, dout)

    def local(self) -> tuple[Array]:
        return (np.where(self.mask, 0, np.ones_like(self.x)),)


class LeakyRelu(Layer):
    """ReLU that leaks, ``out = x where x > 0, else slope × x``, elementwise. Shapes: any.

    Negative inputs keep a small gradient, so a unit cannot die (Maas et al. 2013). The local derivative is 1 where
    x > 0 and ``slope`` elsewhere, at the kink x = 0 too. Raises ValueError where ``slope`` is not a finite number.
    """

    symbol = "leaky"
    formula = "x where x > 0, else slope × x"
    rules = {"x": "dout where x > 0, else slope × dout"}

    def __init__(self, *, slope: float = 0.01) -> None:
        self.slope = real("slope", slope)

    def forward(self, x: Array) -> Array:
        self.x = floating(x)
        self.mask = self.x <= 0
        return np.where(self.mask, self.slope * self.x, self.x)

    def backward(self, dout: Array) -> Array:
        return np.where(self.mask, self.slope * dout, dout)

    def local(self) -> tuple[Array]:
        return (np.where(self.mask, self.slope, np.ones_like(self.x)),)


class PRelu(Layer):
    """Leaky ReLU whose slope is learnt, ``out = x where x > 0, else slope × x``. Shapes: any two that broadcast.

    For one slope a channel, ``slope`` needs the shape that broadcasts so: (channels, 1, 1) for images. Its local
    derivative is x where x is below 0, and 0 elsewhere; that of x is 1 where x > 0 and ``slope`` elsewhere, at the
    kink x = 0 too (He et al. 2015).
    """

    symbol = "prelu"
    formula = "x where x > 0, else slope × x"
    rules = {"x": "dout where x > 0, else dout × slope", "slope": "0 where x > 0, else dout × x"}

    def forward(self, x: Array, slope: Array) -> Array:
        self.x, self.slope = x, slope = floating(x), floating(slope)
        return np.where(x > 0, x, slope * x)

    def backward(self, dout: Array) -> tuple[Array, Array]:
        dx, dslope = self.local()
        return unbroadcast(dout * dx, self.x.shape), unbroadcast(dout * dslope, self.slope.shape)

    def local(self) -> tuple[Array, Array]:
        return np.where(self.x > 0, 1, self.slope), np.where(self.x > 0, 0, self.x)


class Sigmoid(Layer):
    """Logistic function, ``out = 1 / (1 + exp(-x))``, elementwise. Shapes: any.

    The local derivative is out × (1 - out) (Saito, ch. 5.5.2). The book's formula overflows at x = -1000. With
    z = exp(-|x|), which never exceeds 1, the same value is 1 / (1 + z) for x >= 0 and z / (1 + z) below.
    """

    symbol = "σ"
    formula = "1 / (1 + exp(-x))"
    rules = {"x": "dout × out × (1 - out)"}

    def forward(self, x: Array) -> Array:
        x = floating(x)
        z = np.exp(-np.abs(x))
        self.out = np.where(x >= 0, 1, z) / (1 + z)
        return self.out

    def backward(self, dout: Array) -> Array:
        return dout * self.out * (1 - self.out)

    def local(self) -> tuple[Array]:
        return (self.out * (1 - self.out),)


class Tanh(Layer):
    """Hyperbolic tangent, ``out = tanh(x)``, elementwise. Shapes: any. The local derivative is 1 - out²."""

    symbol = "tanh"
    formula = "tanh(x)"
    rules = {"x": "dout × (1 - out²)"}

    def forward(self, x: Array) -> Array:
        self.out = np.tanh(floating(x))
        return self.out

    def backward(self, dout: Array) -> Array:
        return dout * (1 - self.out * self.out)

    def local(self) -> tuple[Array]:
        return (1 - self.out * self.out,)


class Softmax(Layer):
    """Shares that sum to 1 along an axis, ``out = exp(x) / Σ exp(x)``. Shapes: any with it; the last if not said.

    Subtracting the maximum first changes no share and keeps exp from overflowing (Saito, ch. 3.5.2). Every input moves
    every share along the axis, ∂outᵢ/∂xⱼ = outᵢ (δᵢⱼ - outⱼ), so the local derivative is not a single array.
    Raises ValueError where x lacks the axis.
    """

    symbol = "softmax"
    formula = "exp(x) / Σ exp(x)"
    rules = {"x": "out × (dout - Σ dout × out)"}

    def __init__(self, *, axis: int = -1) -> None:
        self.axis = whole("axis", axis)

    def out_shape(self, x: Shape) -> Shape:
        axes_of(x, (self.axis,))
        return x

    def forward(self, x: Array) -> Array:
        x = floating(x)
        axes = axes_of(x.shape, (self.axis,))
        e = np.exp(x - x.max(axis=axes, keepdims=True, initial=-np.inf))
        self.out = e / e.sum(axis=axes, keepdims=True)
        return self.out

    def backward(self, dout: Array) -> Array:
        return self.out * (dout - (dout * self.out).sum(axis=self.axis, keepdims=True))


class LogSoftmax(Layer):
    """Logarithm of the softmax, ``out = x - log Σ exp(x)``, along an axis. Shapes: any with it; the last if not said.

    Exact where the softmax itself is too small for a float. With ∂outᵢ/∂xⱼ = δᵢⱼ - exp(outⱼ) the local derivative is
    not a single array. Raises ValueError where x lacks the axis.
    """

    symbol = "log softmax"
    formula = "x - log Σ exp(x)"
    rules = {"x": "dout - exp(out) × Σ dout"}

    def __init__(self, *, axis: int = -1) -> None:
        self.axis = whole("axis", axis)

    def out_shape(self, x: Shape) -> Shape:
        axes_of(x, (self.axis,))
        return x

    def forward(self, x: Array) -> Array:
        x = floating(x)
        axes = axes_of(x.shape, (self.axis,))
        shifted = x - x.max(axis=axes, keepdims=True, initial=-np.inf)
        self.out = shifted - np.log(np.exp(shifted).sum(axis=axes, keepdims=True))
        return self.out

    def backward(self, dout: Array) -> Array:
        return dout - np.exp(self.out) * dout.sum(axis=self.axis, keepdims=True)
