"""Layers that move numbers about without changing them: backward moves ``dout`` the same way back.

Moving is not a multiplication by an array, so none of them has a local derivative to show.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from layers.layer import Array, Layer, Shape, floating, unbroadcast
from layers.options import axes_of, real, stretches, whole, wholes


class Transpose(Layer):
    """Axes in another order, ``out = x`` with axis ``axes[i]`` as its i-th. Shapes: any; without ``axes``, reversed.

    The gradient's axes go back by the inverse permutation. Raises ValueError where ``axes`` do not permute x's.
    """

    symbol = "ᵀ"
    formula = "xᵀ"
    rules = {"x": "doutᵀ"}

    def __init__(self, *, axes: Sequence[int] | None = None) -> None:
        self.axes = None if axes is None else wholes("axes", axes)

    def out_shape(self, x: Shape) -> Shape:
        return tuple([x[axis] for axis in self.order_of(x)])

    def order_of(self, shape: Shape) -> tuple[int, ...]:
        """Return which axis comes when. Raises ValueError where that does not permute those of ``shape``."""
        order = axes_of(shape, self.axes) if self.axes is not None else tuple(reversed(range(len(shape))))
        if len(order) != len(shape):
            raise ValueError(f"axes {list(order)} are not all axes of the shape {shape}")
        return order

    def forward(self, x: Array) -> Array:
        x = floating(x)
        self.order = self.order_of(x.shape)
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

    def out_shape(self, x: Shape) -> Shape:
        count, known = prod(x), prod([size for size in self.shape if size != -1])
        fits = known and not count % known if -1 in self.shape else count == known
        if not fits:
            raise ValueError(f"x of shape {x} has {count} elements, which do not fill {list(self.shape)}")
        return tuple([count // known if size == -1 else size for size in self.shape])

    def forward(self, x: Array) -> Array:
        x = floating(x)
        self.x_shape = x.shape
        return x.reshape(self.out_shape(x.shape))

    def backward(self, dout: Array) -> Array:
        return np.reshape(dout, self.x_shape)


class Flatten(Layer):
    """Each sample as one row, ``out = x`` of shape (batch, everything else). Shapes: any with a batch axis, the first.

    As between a convolution and an affine layer. The gradient gets x's shape back. Raises ValueError for a scalar.
    """

    symbol = "flatten"
    formula = "x, each sample in one row"
    rules = {"x": "dout in x's shape"}

    def out_shape(self, x: Shape) -> Shape:
        if not x:
            raise ValueError("Flatten keeps the batch axis, and a scalar has none")
        return (x[0], prod(x[1:]))

    def forward(self, x: Array) -> Array:
        x = floating(x)
        self.x_shape = x.shape
        return x.reshape(self.out_shape(x.shape))

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

    def out_shape(self, x: Shape) -> Shape:
        if not stretches(x, self.shape):
            raise ValueError(f"x of shape {x} does not broadcast to {list(self.shape)}")
        return self.shape

    def forward(self, x: Array) -> Array:
        x = floating(x)
        self.x_shape = x.shape
        return np.broadcast_to(x, self.out_shape(x.shape))

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

    def out_shape(self, x: Shape) -> Shape:
        (axis,) = axes_of(x, (self.axis,))
        return (*x[:axis], len(range(x[axis])[self.range]), *x[axis + 1 :])

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

    def out_shape(self, *xs: Shape) -> Shape:
        if not xs:
            raise ValueError("Concat takes at least one input")
        (axis,) = axes_of(xs[0], (self.axis,))
        others = {x[:axis] + x[axis + 1 :] for x in xs}
        if len(others) > 1 or any(len(x) != len(xs[0]) for x in xs):
            raise ValueError(f"shapes {', '.join(map(str, xs))} differ by more than axis {self.axis}")
        return (*xs[0][:axis], sum([x[axis] for x in xs]), *xs[0][axis + 1 :])

    def forward(self, *xs: Array) -> Array:
        arrays = [floating(x) for x in xs]
        self.out_shape(*[x.shape for x in arrays])
        self.sizes = [x.shape[self.axis] for x in arrays]
        return np.concatenate(arrays, axis=self.axis)

    def backward(self, dout: Array) -> tuple[Array, ...]:
        return tuple(np.split(dout, np.cumsum(self.sizes)[:-1], axis=self.axis))

    def local(self) -> tuple[None, ...]:
        return (None,) * len(self.sizes)


class Stack(Layer):
    """Any number of arrays side by side along a new axis, the first if not said. Shapes: all alike.

    Each input gets back its own part of ``dout``. Raises ValueError for no input, and where shapes or axis do not fit.
    """

    symbol = "stack"
    formula = "all inputs, side by side"
    rules = {"x": "the part of dout that x filled"}

    def __init__(self, *, axis: int = 0) -> None:
        self.axis = whole("axis", axis)

    def out_shape(self, *xs: Shape) -> Shape:
        if not xs:
            raise ValueError("Stack takes at least one input")
        if len(set(xs)) > 1:
            raise ValueError(f"shapes {', '.join(map(str, xs))} are not all alike")
        (axis,) = axes_of((*xs[0], len(xs)), (self.axis,))
        return (*xs[0][:axis], len(xs), *xs[0][axis:])

    def forward(self, *xs: Array) -> Array:
        arrays = [floating(x) for x in xs]
        self.out_shape(*[x.shape for x in arrays])
        self.count = len(arrays)
        return np.stack(arrays, axis=self.axis)

    def backward(self, dout: Array) -> tuple[Array, ...]:
        return tuple(np.moveaxis(dout, self.axis, 0))

    def local(self) -> tuple[None, ...]:
        return (None,) * self.count


class Pad(Layer):
    """x with a margin around it, ``value`` everywhere in it. Shapes: any.

    ``widths`` is one number for both ends of all axes, [before, after] for all axes, or a list of such pairs, one for
    each axis. The margin does not depend on x, so ``dx`` is ``dout`` without it. Raises ValueError for widths that are
    negative or do not fit x.
    """

    symbol = "pad"
    formula = "x with a margin"
    rules = {"x": "dout without the margin"}

    def __init__(self, *, widths: int | Sequence[int] | Sequence[Sequence[int]], value: float = 0.0) -> None:
        self.widths = margins(widths)
        self.value = real("value", value)

    def out_shape(self, x: Shape) -> Shape:
        return tuple([before + size + after for size, (before, after) in zip(x, self.widths_of(x), strict=True)])

    def widths_of(self, shape: Shape) -> list[tuple[int, int]]:
        """Return the margin of each axis of ``shape``. Raises ValueError where there is one for other axes."""
        if isinstance(self.widths, tuple):
            return [self.widths] * len(shape)
        if len(self.widths) != len(shape):
            raise ValueError(f"widths for {len(self.widths)} axes do not fit the shape {shape}")
        return self.widths

    def forward(self, x: Array) -> Array:
        x = floating(x)
        widths = self.widths_of(x.shape)
        self.inside = tuple([slice(before, before + size) for size, (before, _) in zip(x.shape, widths, strict=True)])
        out = np.full(self.out_shape(x.shape), self.value, dtype=x.dtype)
        out[self.inside] = x
        return out

    def backward(self, dout: Array) -> Array:
        return np.asarray(dout)[self.inside]


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

    def out_shape(self, x: Shape) -> Shape:
        if not x:
            raise ValueError("Gather takes rows, and a scalar has none")
        rows = x[0]
        outside = self.indices[(self.indices < -rows) | (self.indices >= rows)]
        if outside.size:
            raise ValueError(f"index {outside[0]} is outside the {rows} rows of x, of shape {x}")
        return self.indices.shape + x[1:]

    def forward(self, x: Array) -> Array:
        x = floating(x)
        self.out_shape(x.shape)
        self.x_shape = x.shape
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


def margins(widths: Any) -> tuple[int, int] | list[tuple[int, int]]:
    """Return ``widths`` as one pair for all axes, or as a list with one for each. Raises ValueError for others."""
    if isinstance(widths, list | tuple) and any(isinstance(it, list | tuple) for it in widths):
        return [margin(pair) for pair in widths]
    return margin(widths)


def margin(widths: Any) -> tuple[int, int]:
    """Return ``widths``, one number or two, as the width before and the one after."""
    pair = wholes("widths", widths)
    if len(pair) not in {1, 2} or min(pair) < 0:
        raise ValueError(f"widths must be one or two numbers from 0 up, not {widths!r}")
    return pair[0], pair[-1]
