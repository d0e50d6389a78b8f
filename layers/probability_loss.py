"""Losses of what is a probability already, or its logarithm: what a network says that ends in a softmax or sigmoid.

``SoftmaxWithLoss`` and ``SigmoidWithLoss`` do both in one, and are exact where a probability is too small for a float.
"""

from __future__ import annotations

from math import prod

import numpy as np

from layers.layer import Array, Layer, Shape, floating
from layers.options import choice, real, whole
from layers.targets import read_targets, require_same_shape, require_targets, require_yes_or_no

REDUCTIONS = ("mean", "sum", "none")


class NegativeLogLikelihood(Layer):
    """What the true class's probability costs, ``loss = -Σ t × logp``, the mean over the samples.

    Shapes: logp (..., classes), logarithms of probabilities as ``LogSoftmax`` gives them; all axes before the last are
    the batch. t is labels, as integers of logp's shape without its last axis, or distributions of logp's shape. The
    loss is a scalar, or with ``reduction`` "none" one number per sample; "sum" adds them up.

    The loss is linear in logp: its local derivative is -t, divided by the number of samples for the mean. Targets take
    none. Samples labelled ``ignore_index`` neither cost nor count. Raises ValueError where t fits neither form, and for
    a label outside the classes.
    """

    symbol = "nll"
    formula = "-Σ t × logp"
    rules = {"logp": "-dout × t / samples"}
    targets = frozenset({"t"})

    def __init__(self, *, reduction: str = "mean", ignore_index: int | None = None) -> None:
        self.reduction = choice("reduction", reduction, REDUCTIONS)
        self.ignore_index = None if ignore_index is None else whole("ignore_index", ignore_index)

    def out_shape(self, logp: Shape, t: Shape) -> Shape:
        require_targets(logp, t, name="logp")
        return logp[:-1] if self.reduction == "none" else ()

    def forward(self, logp: Array, t: Array) -> Array:
        logp, t = floating(logp), np.asarray(t)
        self.out_shape(logp.shape, t.shape)
        self.t, self.samples = read_targets(t, logp, ignore_index=self.ignore_index)
        losses = np.where(self.t == 0, 0, -self.t * logp).sum(axis=-1)
        return reduced(losses, self.reduction, self.samples)

    def backward(self, dout: Array) -> tuple[Array, None]:
        if self.reduction == "none":
            dout = np.expand_dims(dout, -1)
        return dout * self.local()[0], None

    def local(self) -> tuple[Array, None]:
        return (-self.t / max(self.samples, 1) if self.reduction == "mean" else -self.t), None


class CrossEntropy(Layer):
    """Cross-entropy of probabilities, ``loss = -Σ t × log(p + eps)``, the mean over the samples (Saito, ch. 4.2.2).

    Shapes: p (..., classes); all axes before the last are the batch. t is labels, as integers of p's shape without its
    last axis, or distributions of p's shape. The loss is a scalar, or with ``reduction`` "none" one number per sample;
    "sum" adds them up. ``eps`` keeps log(0) away, at the price of a loss that is a little too small; the book's 1e-7 if
    not said, and 0 for the exact logarithm.

    The local derivative is -t / (p + eps), divided by the number of samples for the mean: only the true class's
    probability gets a gradient, and the smaller it is, the larger. Targets take none. Raises ValueError where t fits
    neither form, for a label outside the classes, and where ``eps`` is not a finite number.
    """

    symbol = "cross entropy"
    formula = "-Σ t × log(p + eps)"
    rules = {"p": "-dout × t / (p + eps) / samples"}
    targets = frozenset({"t"})

    def __init__(self, *, eps: float = 1e-7, reduction: str = "mean") -> None:
        self.eps = real("eps", eps)
        self.reduction = choice("reduction", reduction, REDUCTIONS)

    def out_shape(self, p: Shape, t: Shape) -> Shape:
        require_targets(p, t, name="p")
        return p[:-1] if self.reduction == "none" else ()

    def forward(self, p: Array, t: Array) -> Array:
        p, t = floating(p), np.asarray(t)
        self.out_shape(p.shape, t.shape)
        self.p = p + self.eps
        self.t, self.samples = read_targets(t, p)
        losses = np.where(self.t == 0, 0, -self.t * np.log(self.p)).sum(axis=-1)
        return reduced(losses, self.reduction, self.samples)

    def backward(self, dout: Array) -> tuple[Array, None]:
        if self.reduction == "none":
            dout = np.expand_dims(dout, -1)
        return dout * self.local()[0], None

    def local(self) -> tuple[Array, None]:
        slope = np.where(self.t == 0, 0, -self.t / self.p)
        return (slope / max(self.samples, 1) if self.reduction == "mean" else slope), None


class BinaryCrossEntropy(Layer):
    """Cross-entropy of yes-or-no answers, ``loss = -(t × log p + (1 - t) × log(1 - p))``, the mean over all elements.

    Shapes: p and t alike, any. p is the probability of yes, t is 1 for yes, 0 for no, or a probability between. The
    loss is a scalar, or with ``reduction`` "none" of p's shape; "sum" adds up. The local derivative is
    (p - t) / (p × (1 - p)), divided by the number of elements for the mean. A wrong answer that was given for certain
    costs infinity; a right one costs 0. t takes no gradient. Raises ValueError where the shapes differ, and for a t
    outside 0 to 1.
    """

    symbol = "binary cross entropy"
    formula = "-(t × log(p) + (1 - t) × log(1 - p))"
    rules = {"p": "dout × (p - t) / (p × (1 - p)) / n"}
    targets = frozenset({"t"})

    def __init__(self, *, reduction: str = "mean") -> None:
        self.reduction = choice("reduction", reduction, REDUCTIONS)

    def out_shape(self, p: Shape, t: Shape) -> Shape:
        require_same_shape(p, t, names="p and t")
        return p if self.reduction == "none" else ()

    def forward(self, p: Array, t: Array) -> Array:
        self.p, t = floating(p), np.asarray(t)
        self.out_shape(self.p.shape, t.shape)
        require_yes_or_no(t)
        self.t = t.astype(self.p.dtype)
        yes = np.where(self.t == 0, 0, -self.t * np.log(self.p))
        no = np.where(self.t == 1, 0, (self.t - 1) * np.log1p(-self.p))
        return reduced(yes + no, self.reduction, self.p.size)

    def backward(self, dout: Array) -> tuple[Array, None]:
        return dout * self.local()[0], None

    def local(self) -> tuple[Array, None]:
        yes = np.where(self.t == 0, 0, -self.t / self.p)
        no = np.where(self.t == 1, 0, (1 - self.t) / (1 - self.p))
        return ((yes + no) / max(self.p.size, 1) if self.reduction == "mean" else yes + no), None


class KLDivergence(Layer):
    """Kullback-Leibler divergence of q from p, ``loss = Σ q × (log q - logp)``. Shapes: logp and q alike, any.

    What it costs to take p for the true distribution q, whose logarithms ``LogSoftmax`` gives. The mean over all
    elements; with ``reduction`` "batchmean" over the samples, which are the axes before the last, "sum" adds up, and
    "none" leaves one number per element (PyTorch has these words). The local derivative is -q, divided by what the mean
    is over; an element with q = 0 costs nothing. q takes no gradient. Raises ValueError where the shapes differ.
    """

    symbol = "KL"
    formula = "Σ q × (log(q) - logp)"
    rules = {"logp": "-dout × q / n"}
    targets = frozenset({"q"})

    def __init__(self, *, reduction: str = "mean") -> None:
        self.reduction = choice("reduction", reduction, ("mean", "batchmean", "sum", "none"))

    def out_shape(self, logp: Shape, q: Shape) -> Shape:
        require_same_shape(logp, q, names="logp and q")
        return logp if self.reduction == "none" else ()

    def forward(self, logp: Array, q: Array) -> Array:
        logp, q = floating(logp), np.asarray(q)
        self.out_shape(logp.shape, q.shape)
        self.q = q.astype(logp.dtype)
        self.count = prod(logp.shape[:-1]) if self.reduction == "batchmean" else logp.size
        losses = np.where(self.q == 0, 0, self.q * (np.log(self.q) - logp))
        return reduced(losses, self.reduction.removeprefix("batch"), self.count)

    def backward(self, dout: Array) -> tuple[Array, None]:
        return dout * self.local()[0], None

    def local(self) -> tuple[Array, None]:
        return (-self.q / max(self.count, 1) if "mean" in self.reduction else -self.q), None


def reduced(losses: Array, reduction: str, count: int) -> Array:
    """Return the mean over ``count``, the sum, or the losses themselves; the mean over none is NaN."""
    match reduction:
        case "mean":
            return losses.sum() / count
        case "sum":
            return losses.sum()
    return losses
