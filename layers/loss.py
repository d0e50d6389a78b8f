"""Losses: how wrong the network is, as one number, and the gradient from which everything on the left follows.

Losses of probabilities, which come after a softmax of its own, are in ``probability_loss``; those that grow in a
straight line are in ``linear_loss``.
"""

from __future__ import annotations

import numpy as np

from layers.layer import Array, Layer, Shape, floating
from layers.options import choice, whole
from layers.targets import read_targets, require_same_shape, require_targets, require_yes_or_no


class SoftmaxWithLoss(Layer):
    """Softmax and cross-entropy in one, ``loss = -Σ t × log softmax(x)``, the mean over the samples.

    Shapes: x (..., classes); all axes before the last are the batch, and a 1-D x is one sample. t is either labels, as
    integers of x's shape without its last axis, or distributions of x's shape, one-hot or soft. The loss is a scalar,
    or with ``reduction`` "none" one number per sample, of the labels' shape; "sum" adds them up.

    Together the two have the gradient ``(softmax(x) × Σt - t) × dout``, divided by the number of samples for the mean
    (Saito, ch. 5.6.3 and appendix A, where Σt is 1). Targets take none. Samples labelled ``ignore_index`` neither cost
    nor count; the mean over no samples is NaN, its gradient 0. Working with log softmax, the loss is exact at any x.

    Raises ValueError where t fits neither form, and for a label outside the classes; its row counts from 0.
    """

    symbol = "softmax loss"
    formula = "-Σ t × log softmax(x)"
    rules = {"x": "dout × (softmax(x) × Σt - t) / samples"}
    targets = frozenset({"t"})

    def __init__(self, *, reduction: str = "mean", ignore_index: int | None = None) -> None:
        self.reduction = choice("reduction", reduction, ("mean", "sum", "none"))
        self.ignore_index = None if ignore_index is None else whole("ignore_index", ignore_index)

    def out_shape(self, x: Shape, t: Shape) -> Shape:
        require_targets(x, t)
        return x[:-1] if self.reduction == "none" else ()

    def forward(self, x: Array, t: Array) -> Array:
        x, t = floating(x), np.asarray(t)
        self.out_shape(x.shape, t.shape)
        self.t, self.samples = read_targets(t, x, ignore_index=self.ignore_index)
        shifted = x - x.max(axis=-1, keepdims=True, initial=-np.inf)
        log_y = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        self.y = np.exp(log_y)
        losses = np.where(self.t == 0, 0, -self.t * log_y).sum(axis=-1)
        match self.reduction:
            case "mean":
                return losses.sum() / self.samples
            case "sum":
                return losses.sum()
        return losses

    def backward(self, dout: Array) -> tuple[Array, None]:
        if self.reduction == "none":
            dout = np.expand_dims(dout, -1)
        return dout * self.local()[0], None

    def local(self) -> tuple[Array, None]:
        slope = self.y * self.t.sum(axis=-1, keepdims=True) - self.t
        return (slope / max(self.samples, 1) if self.reduction == "mean" else slope), None


class SigmoidWithLoss(Layer):
    """Sigmoid and binary cross-entropy in one, the mean over all elements. Shapes: x and t alike, any; out a scalar.

    With y = sigmoid(x), ``loss = -(t log y + (1 - t) log(1 - y))``, computed as max(x, 0) - x t + log(1 + exp(-|x|)),
    which neither overflows nor takes the logarithm of 0. Each element is a yes-or-no question of its own: t is 1 or 0,
    or a probability between. The gradient is ``(y - t) × dout / n`` for n elements (Saito, vol. 2, ch. 4.2), and t
    takes none. Raises ValueError where the shapes differ, and for a t outside 0 to 1; its row counts from 0.
    """

    symbol = "sigmoid loss"
    formula = "-(t × log σ(x) + (1 - t) × log(1 - σ(x)))"
    rules = {"x": "dout × (σ(x) - t) / n"}
    targets = frozenset({"t"})

    def out_shape(self, x: Shape, t: Shape) -> Shape:
        require_same_shape(x, t, names="x and t")
        return ()

    def forward(self, x: Array, t: Array) -> Array:
        x, t = floating(x), np.asarray(t)
        self.out_shape(x.shape, t.shape)
        require_yes_or_no(t)
        self.t = t.astype(x.dtype)
        z = np.exp(-np.abs(x))
        self.y = np.where(x >= 0, 1, z) / (1 + z)
        losses = np.maximum(x, 0) - x * self.t + np.log1p(z)
        return losses.sum() / losses.size

    def backward(self, dout: Array) -> tuple[Array, None]:
        return dout * self.local()[0], None

    def local(self) -> tuple[Array, None]:
        return (self.y - self.t) / self.t.size, None


class MeanSquaredError(Layer):
    """Mean squared error, ``loss = Σ (y - t)² / n``, over all n elements. Shapes: y and t alike, any; out a scalar.

    ``reduction`` "sum" leaves out the division, and "half_sum" is the book's Σ (y - t)² / 2 (Saito, ch. 4.2.1). The
    local derivative for y is 2 (y - t) / n, 2 (y - t) or y - t, and the same with its sign turned for t: both take a
    gradient. Shapes that differ raise a ValueError even where they would broadcast, for an (n, 1) against an (n,) would
    silently compare every prediction with every target.
    """

    symbol = "squared error"
    formula = "Σ (y - t)² / n"
    rules = {"y": "dout × 2 (y - t) / n", "t": "-dout × 2 (y - t) / n"}

    def __init__(self, *, reduction: str = "mean") -> None:
        self.reduction = choice("reduction", reduction, ("mean", "sum", "half_sum"))

    def out_shape(self, y: Shape, t: Shape) -> Shape:
        require_same_shape(y, t, names="y and t")
        return ()

    def forward(self, y: Array, t: Array) -> Array:
        y, t = floating(y), floating(t)
        self.out_shape(y.shape, t.shape)
        self.error = y - t
        total = (self.error * self.error).sum()
        match self.reduction:
            case "mean":
                return total / self.error.size
            case "half_sum":
                return total / 2
        return total

    def backward(self, dout: Array) -> tuple[Array, Array]:
        dy, dt = self.local()
        return dout * dy, dout * dt

    def local(self) -> tuple[Array, Array]:
        match self.reduction:
            case "mean":
                dy = 2 * self.error / self.error.size
            case "half_sum":
                dy = self.error
            case _:
                dy = 2 * self.error
        return dy, -dy
