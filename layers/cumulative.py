"""Running totals along an axis: each output sums what came before it, so each input is used by all that come after."""

from __future__ import annotations

import numpy as np

from layers.layer import Array, Layer, Shape, floating
from layers.options import axes_of, whole


class CumSum(Layer):
    """Running sum along an axis, the first if not said: ``out[i] = x[0] + ... + x[i]``. Shapes: any with that axis.

    Element i goes into every sum from the i-th on, so ``dx[i] = dout[i] + dout[i + 1] + ...``: the running sum from
    the other end. The local derivative is not a single array. Raises ValueError where x lacks the axis.
    """

    symbol = "cumsum"
    formula = "running Σ x"
    rules = {"x": "running Σ dout, from the end"}

    def __init__(self, *, axis: int = 0) -> None:
        self.axis = whole("axis", axis)

    def out_shape(self, x: Shape) -> Shape:
        axes_of(x, (self.axis,))
        return x

    def forward(self, x: Array) -> Array:
        x = floating(x)
        axes_of(x.shape, (self.axis,))
        return x.cumsum(axis=self.axis)

    def backward(self, dout: Array) -> Array:
        return np.flip(np.flip(dout, self.axis).cumsum(axis=self.axis), self.axis)
