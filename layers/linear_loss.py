"""Losses that grow in a straight line, so that what is far off pulls no harder than what is nearly right."""

from __future__ import annotations

import numpy as np

from layers.layer import Array, Layer, Shape, floating
from layers.options import choice, positive, real
from layers.probability_loss import REDUCTIONS, reduced
from layers.targets import one_hot, require_same_shape


class L1Loss(Layer):
    """Mean absolute error, ``loss = Σ |y - t| / n``, over all n elements. Shapes: y and t alike, any; out a scalar.

    ``reduction`` "sum" leaves out the division, and "none" leaves one number per element. The local derivative for y
    is the sign of y - t, 0 where they are equal, divided by n for the mean; for t it is the opposite: both take a
    gradient. Raises ValueError where the shapes differ, even where they would broadcast.
    """

    symbol = "absolute error"
    formula = "Σ |y - t| / n"
    rules = {"y": "dout × sign(y - t) / n", "t": "-dout × sign(y - t) / n"}

    def __init__(self, *, reduction: str = "mean") -> None:
        self.reduction = choice("reduction", reduction, REDUCTIONS)

    def out_shape(self, y: Shape, t: Shape) -> Shape:
        require_same_shape(y, t, names="y and t")
        return y if self.reduction == "none" else ()

    def forward(self, y: Array, t: Array) -> Array:
        y, t = floating(y), floating(t)
        self.out_shape(y.shape, t.shape)
        self.error = y - t
        return reduced(np.abs(self.error), self.reduction, self.error.size)

    def backward(self, dout: Array) -> tuple[Array, Array]:
        dy, dt = self.local()
        return dout * dy, dout * dt

    def local(self) -> tuple[Array, Array]:
        dy = np.sign(self.error)
        dy = dy / max(self.error.size, 1) if self.reduction == "mean" else dy
        return dy, -dy


class Huber(Layer):
    """Squared error near 0 and absolute error beyond ``delta``, the mean over all n elements (Huber 1964).

    Shapes: y and t alike, any; out a scalar. With e = y - t an element costs e² / 2 where |e| <= delta, and
    delta × (|e| - delta / 2) beyond: the parabola goes on as its tangent. So the local derivative for y is e, limited
    to ±delta, divided by n for the mean; for t it is the opposite: both take a gradient. ``reduction`` "sum" leaves out
    the division, and "none" leaves one number per element. Raises ValueError where the shapes differ, and where
    ``delta`` is not a positive number.
    """

    symbol = "huber"
    formula = "Σ huber(y - t) / n"
    rules = {"y": "dout × min(max(y - t, -delta), delta) / n", "t": "-dout × min(max(y - t, -delta), delta) / n"}

    def __init__(self, *, delta: float = 1.0, reduction: str = "mean") -> None:
        self.delta = positive("delta", delta)
        self.reduction = choice("reduction", reduction, REDUCTIONS)

    def out_shape(self, y: Shape, t: Shape) -> Shape:
        require_same_shape(y, t, names="y and t")
        return y if self.reduction == "none" else ()

    def forward(self, y: Array, t: Array) -> Array:
        y, t = floating(y), floating(t)
        self.out_shape(y.shape, t.shape)
        error = y - t
        self.slope = np.clip(error, -self.delta, self.delta)
        return reduced(self.slope * (error - self.slope / 2), self.reduction, error.size)

    def backward(self, dout: Array) -> tuple[Array, Array]:
        dy, dt = self.local()
        return dout * dy, dout * dt

    def local(self) -> tuple[Array, Array]:
        dy = self.slope / max(self.slope.size, 1) if self.reduction == "mean" else self.slope
        return dy, -dy


class MulticlassHinge(Layer):
    """Support vector loss, ``loss = Σ max(0, x[j] - x[t] + margin)`` over the wrong classes j, the mean over samples.

    Shapes: x (..., classes), the scores; all axes before the last are the batch. t is labels, as integers of x's shape
    without its last axis. The loss is a scalar, or with ``reduction`` "none" one number per sample; "sum" adds them up.

    A wrong class that comes closer to the true one than ``margin`` gets 1 as its local derivative, and the true one -1
    for each of them; a term of exactly 0 counts as none (Weston and Watkins 1999, as in Stanford's CS231n). Targets
    take no gradient. Raises ValueError where t does not fit x, and for a label outside the classes.
    """

    symbol = "hinge"
    formula = "Σ max(0, x - x[t] + margin) over the wrong classes"
    rules = {"x": "dout for each wrong class within the margin, its opposite for the true one"}
    targets = frozenset({"t"})

    def __init__(self, *, margin: float = 1.0, reduction: str = "mean") -> None:
        self.margin = real("margin", margin)
        self.reduction = choice("reduction", reduction, REDUCTIONS)

    def out_shape(self, x: Shape, t: Shape) -> Shape:
        if not x:
            raise ValueError("x must have an axis of classes, and a scalar has none")
        if t != x[:-1]:
            raise ValueError(f"t of shape {t} is not labels {x[:-1]} for x of shape {x}")
        return x[:-1] if self.reduction == "none" else ()

    def forward(self, x: Array, t: Array) -> Array:
        x, t = floating(x), np.asarray(t)
        self.out_shape(x.shape, t.shape)
        if t.dtype.kind not in "iu":
            raise ValueError(f"labels must be integers, and t is {t.dtype}")
        self.hot, self.samples = one_hot(t, x)
        of_true = np.where(self.hot == 1, x, 0).sum(axis=-1, keepdims=True)
        self.excess = np.where(self.hot == 1, 0, np.maximum(x - of_true + self.margin, 0))
        return reduced(self.excess.sum(axis=-1), self.reduction, self.samples)

    def backward(self, dout: Array) -> tuple[Array, None]:
        if self.reduction == "none":
            dout = np.expand_dims(dout, -1)
        return dout * self.local()[0], None

    def local(self) -> tuple[Array, None]:
        wrong = (self.excess > 0).astype(self.excess.dtype)
        slope = wrong - self.hot * wrong.sum(axis=-1, keepdims=True)
        return (slope / max(self.samples, 1) if self.reduction == "mean" else slope), None
