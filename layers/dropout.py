"""Layers that draw random numbers: whoever runs them says which, so that a run can be repeated and checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from layers.layer import Array, Layer, floating
from layers.options import flag, real


class Stochastic(Layer):
    """A layer that draws at random. From the same ``seed`` every forward draws the same numbers.

    So a gradient check, which goes forward again and again, sees one function. A run gives each node a seed of its own
    in each iteration.
    """

    seed: Sequence[int] = (0,)

    def generator(self) -> np.random.Generator:
        """Return what a forward draws from, at its beginning."""
        return np.random.default_rng(self.seed)


class Dropout(Stochastic):
    """Some elements of x switched off at random, ``out = x × mask / (1 - ratio)``, elementwise. Shapes: any.

    In training an element is dropped with the chance ``ratio``, so no unit can rely on another (Srivastava et al. 2014;
    Saito, ch. 6.4.3). What is kept is divided by 1 - ratio, so that the mean stays what it was; the book multiplies by
    1 - ratio afterwards instead. The local derivative is mask / (1 - ratio). With ``train`` false, out is x.
    Raises ValueError where ``ratio`` is not from 0 up and below 1.
    """

    symbol = "dropout"
    formula = "x × mask / (1 - ratio)"
    rules = {"x": "dout × mask / (1 - ratio)"}

    def __init__(self, *, ratio: float = 0.5, train: bool = True) -> None:
        self.ratio = real("ratio", ratio)
        self.train = flag("train", train)
        if not 0 <= self.ratio < 1:
            raise ValueError(f"ratio must be from 0 up and below 1, not {ratio!r}")

    def forward(self, x: Array) -> Array:
        x = floating(x)
        if self.train:
            mask = self.generator().random(x.shape) >= self.ratio
            self.scale = np.asarray(mask, dtype=x.dtype) / (1 - self.ratio)
        else:
            self.scale = np.ones_like(x)
        return x * self.scale

    def backward(self, dout: Array) -> Array:
        return dout * self.scale

    def local(self) -> tuple[Array]:
        return (self.scale,)
