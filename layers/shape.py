"""Layers that move numbers about without changing them: backward moves ``dout`` the same way back.

Moving is not a multiplication by an array, so none of them has a local derivative to show.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from layers.layer import Array, Layer, floating, unbroadcast
from layers.options import axes_of, stretches, whole, wholes


class Transpose(Layer):
    """Axes in another order, ``out = x`` with axis ``axes[i]`` as its i-th. Shapes: any; without ``axes``, reversed.

    The gradient's axes go back by the inverse permutation. Raises ValueError where ``axes`` do not permute x's.
    """

    symbol = "ᵀ"
    formula = "xᵀ"
    rules = {"x": "doutᵀ"}

    def __init__(self, *, axes: Sequence[int] | None = None) -> None:
        self.axes = None if axes is None else wholes("axes", axes)

    def forward(self, x: Array) -> Array:
        x = floating(x)
        self.order = axes_of(x.shape, self.axes) if self.axes is not None else tuple(reversed(range(x.ndim)))
        if len(self.order) != x.ndim:
            raise ValueError(f"axes {list(self.order)} are not all axes of the shape {x.shape}")
        return x.transpose(self.order)

    def backward(self, dout: Array) -> Array:
        return np.transpose(dout, np.argsort(self.order))


class Reshape(Layer):
    """The same numbers in the same row-major order, in another shape. One size may be -1: what is left for it.

    The gradient gets x's shape back. Raises ValueError where the shape cannot hold exactly x's elements.
    """

    symbol = "reshape"
    formula = "x in another shape"
    rules = {"x": "dout in x's shape"}

    def __init__(self, *, shape: int | Sequence[int]) -> None:
        self.shape = wholes("shape", shape)
        if min(self.shape, default=0) < -1 or self.shape.count(-1) > 1:
            raise ValueError(f"shape must be sizes, of which one may be -1, not {list(self.shape)}")

    def forward(self, x: Array) -> Array:
        x = floating(x)
        self.x_shape = x.shape
        known = prod([size for size in self.shape if size != -1])
        fits = known and not x.size % known if -1 in self.shape else x.size == known
        if not fits:
            raise ValueError(f"x of shape {x.shape} has {x.size} elements, which do not fill {list(self.shape)}")
        return x.reshape(self.shape)

    def backward(self, dout: Array) -> Array:
        return np.reshape(dout, self.x_shape)


class BroadcastTo(Layer):
    """x repeated until it fills a shape, as NumPy broadcasts: along axes of size 1, and along new axes in front.

    Each repeat is one more use of an element, so its gradients add up: ``dx`` is ``dout`` summed back to x's shape.
    Raises ValueError where x does not broadcast to the shape.
    """

    symbol = "repeat"
    formula = "x, repeated"
    rules = {"x": "Σ dout over the repeats"}

    def __init__(self, *, shape: int | Sequence[int]) -> None:
        self.shape = wholes("shape", shape)
        if min(self.shape, default=0) < 0:
            raise ValueError(f"shape must be sizes, not {list(self.shape)}")

    def forward(self, x: Array) -> Array:
        x = floating(x)
        self.x_shape = x.shape
        if not stretches(x.shape, self.shape):
            raise ValueError(f"x of shape {x.shape} does not broadcast to {list(self.shape)}")
        return np.broadcast_to(x, self.shape)

    def backward(self, dout: Array) -> Array:
        return unbroadcast(dout, self.x_shape)


class Slice(Layer):
    """A range along one axis, ``out = x[start:stop]``. Shapes: any with that axis; the first if not said.

    Bounds count as in Python: from the end where negative, the axis's own ends where None, cut off where they lie
    beyond it. What was left out had no influence, so its gradient is 0. Raises ValueError where x lacks the axis.
    """

    symbol = "slice"
    formula = "x[start:stop]"
    rules = {"x": "dout within start:stop, else 0"}

    def __init__(self, *, axis: int = 0, start: int | None = None, stop: int | None = None) -> None:
        self.axis = whole("axis", axis)
        self.range = slice(
            None if start is None else whole("start", start),
            None if stop is None else whole("stop", stop),
        )

    def forward(self, x: Array) -> Array:
        x = floating(x)
        (axis,) = axes_of(x.shape, (self.axis,))
        self.x_shape = x.shape
        self.index = (slice(None),) * axis + (self.range,)
        return x[self.index]

    def backward(self, dout: Array) -> Array:
        dx = np.zeros(self.x_shape, dtype=dout.dtype)
        dx[self.index] = dout
        return dx


class Concat(Layer):
    """Any number of arrays joined along an axis, the first if not said. Shapes: alike but for that axis.

    Each input gets back the part of ``dout`` that it filled. Raises ValueError for no input, and where shapes or axis
    do not fit.
    """

    symbol = "concat"
    formula = "all inputs, joined"
    rules = {"x": "the part of dout that x filled"}

    def __init__(self, *, axis: int = 0) -> None:
        self.axis = whole("axis", axis)

    def forward(self, *xs: Array) -> Array:
        arrays = [floating(x) for x in xs]
        if not arrays:
            raise ValueError("Concat takes at least one input")
        (axis,) = axes_of(arrays[0].shape, (self.axis,))
        others = [x.shape[:axis] + x.shape[axis + 1 :] for x in arrays]
        if any(x.ndim != arrays[0].ndim for x in arrays) or len(set(others)) > 1:
            shapes = ", ".join(str(x.shape) for x in arrays)
            raise ValueError(f"shapes {shapes} differ by more than axis {self.axis}")
        self.sizes = [x.shape[axis] for x in arrays]
        return np.concatenate(arrays, axis=axis)

    def backward(self, dout: Array) -> tuple[Array, ...]:
        return tuple(np.split(dout, np.cumsum(self.sizes)[:-1], axis=self.axis))

    def local(self) -> tuple[None, ...]:
        return (None,) * len(self.sizes)


class Gather(Layer):
    """Rows of x by number, ``out = x[indices]``: an embedding (Saito, vol. 2, ch. 4.1). Shapes: any with an axis.

    ``indices`` is a list of whole numbers, nested as one likes; its shape takes the place of x's first axis. Negative
    ones count from the end. A row's gradients add up where it was taken several times; one never taken gets 0.
    Raises ValueError for indices outside the rows, and where they are not whole numbers or are ragged.
    """

    symbol = "gather"
    formula = "x[indices]"
    rules = {"x": "dout, added up at the rows taken"}

    def __init__(self, *, indices: Any) -> None:
        try:
            self.indices = np.asarray(indices)
        except ValueError:
            raise ValueError(f"indices must be a list of equally long lists, not {indices!r}") from None
        if self.indices.size == 0:
            self.indices = self.indices.astype(np.intp)
        if self.indices.dtype.kind not in "iu":
            raise ValueError(f"indices must be whole numbers, not {indices!r}")

    def forward(self, x: Array) -> Array:
        x = floating(x)
        if not x.ndim:
            raise ValueError("Gather takes rows, and a scalar has none")
        self.x_shape = x.shape
        rows = len(x)
        outside = self.indices[(self.indices < -rows) | (self.indices >= rows)]
        if outside.size:
            raise ValueError(f"index {outside[0]} is outside the {rows} rows of x, of shape {x.shape}")
        return x[self.indices]

    def backward(self, dout: Array) -> Array:
        dx = np.zeros(self.x_shape, dtype=dout.dtype)
        np.add.at(dx, self.indices, dout)
        return dx


class Detach(Layer):
    """The value alone, ``out = x``: no gradient goes back through it, so to its left it is a constant. Shapes: any."""

    symbol = "detach"
    formula = "x"
    rules = {}

    def forward(self, x: Array) -> Array:
        return floating(x)

    def backward(self, dout: Array) -> tuple[None]:  # noqa: ARG002  (stopping it is the point)
        return (None,)

    def local(self) -> tuple[None]:
        return (None,)
