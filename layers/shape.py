"""Layers that move numbers about without changing them: backward moves ``dout`` the same way back.

Moving is not a multiplication by an array, so none of them has a local derivative to show.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.layer import Array, Gradients, Layer, Shape, floating, unbroadcast
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


class Split(Layer):
    """x cut into parts along an axis, the first if not said, each an output: ``"a, b" = "Split(x)"``.

    Shapes: any with that axis. ``parts`` is how many there are, all of one size, two if not said; or a list of their
    sizes. ``dx`` is the parts' gradients put together again. Raises ValueError where the axis cannot be cut so.
    """

    symbol = "split"
    formula = "the parts of x"
    rules = {"x": "the gradients of the parts, joined"}
    outputs: tuple[str, ...] = ("part1", "part2")

    def __init__(self, *, axis: int = 0, parts: int | Sequence[int] = 2) -> None:
        self.axis = whole("axis", axis)
        self.sizes = wholes("parts", parts) if isinstance(parts, list | tuple) else None
        self.count = whole("parts", parts) if self.sizes is None else len(self.sizes)
        if self.count < 1 or min(self.sizes or (0,)) < 0:
            raise ValueError(f"parts must be a number from 1 up or a list of sizes, not {parts!r}")
        self.outputs = tuple([f"part{place}" for place in range(1, self.count + 1)])

    def out_shape(self, x: Shape) -> Any:
        (axis,) = axes_of(x, (self.axis,))
        sizes = self.sizes or (x[axis] // self.count,) * self.count
        if sum(sizes) != x[axis]:
            how = f"parts of the sizes {list(sizes)}" if self.sizes else f"{self.count} equal parts"
            raise ValueError(f"axis {self.axis} of the shape {x} cannot be cut into {how}")
        shapes = tuple([(*x[:axis], size, *x[axis + 1 :]) for size in sizes])
        return shapes if self.count > 1 else shapes[0]

    def forward(self, x: Array) -> Any:
        x = floating(x)
        self.out_shape(x.shape)
        bounds = self.count if self.sizes is None else np.cumsum(self.sizes)[:-1]
        parts = tuple(np.split(x, bounds, axis=self.axis))
        return parts if self.count > 1 else parts[0]

    def backward(self, *douts: Array) -> Array:
        return np.concatenate(douts, axis=self.axis)


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
        self.widths = pad_widths(widths)
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

    ``indices`` are whole numbers, nested as one likes, either an option or a value of their own; their shape takes the
    place of x's first axis. Negative ones count from the end. A row's gradients add up where it was taken several
    times; one never taken gets 0. Raises ValueError for indices outside the rows, and where they are not whole numbers
    or are ragged.
    """

    symbol = "gather"
    formula = "x[indices]"
    rules = {"x": "dout, added up where it was taken"}

    targets = frozenset({"rows"})

    def __init__(self, *, indices: Any = None) -> None:
        self.option: Any = None if indices is None else whole_numbers(indices)

    def out_shape(self, x: Shape, rows: Any = None) -> Shape:
        if not x:
            raise ValueError("Gather takes rows, and a scalar has none")
        if (self.option is None) == (rows is None):
            raise ValueError("Gather takes indices once: Gather(x, indices) or Gather(x, indices=[0, 2])")
        if self.option is not None:
            check_indices(self.option, x)
        return (rows if self.option is None else self.option.shape) + x[1:]

    def forward(self, x: Array, rows: Array | None = None) -> Array:
        x = floating(x)
        self.out_shape(x.shape, None if rows is None else np.shape(rows))
        self.indices = self.option if rows is None else whole_numbers(rows)
        check_indices(self.indices, x.shape)
        self.x_shape = x.shape
        return x[self.indices]

    def backward(self, dout: Array) -> Gradients:
        dx = np.zeros(self.x_shape, dtype=dout.dtype)
        np.add.at(dx, self.indices, dout)
        return dx if self.option is not None else (dx, None)

    def local(self) -> tuple[Array | None, ...]:
        return (None,) if self.option is not None else (None, None)


def whole_numbers(indices: Any) -> NDArray[Any]:
    """Return ``indices`` as an array. Raises ValueError where they are not whole numbers, or ragged."""
    try:
        numbers = np.asarray(indices)
    except ValueError:
        raise ValueError(f"indices must be a list of equally long lists, not {indices!r}") from None
    if numbers.size == 0:
        return numbers.astype(np.intp)
    if numbers.dtype.kind not in "iu":
        raise ValueError(f"indices must be whole numbers, not {indices!r}")
    return numbers


def check_indices(indices: NDArray[Any], x: Shape) -> None:
    """Raise ValueError for one of ``indices`` that is outside the rows of ``x``."""
    rows = x[0]
    outside = indices[(indices < -rows) | (indices >= rows)]
    if outside.size:
        raise ValueError(f"index {outside[0]} is outside the {rows} rows of x, of shape {x}")


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


def pad_widths(widths: Any) -> tuple[int, int] | list[tuple[int, int]]:
    """Return ``widths`` as one pair for all axes, or as a list with one for each. Raises ValueError for others."""
    if isinstance(widths, list | tuple) and any(isinstance(it, list | tuple) for it in widths):
        return [pad_width(pair) for pair in widths]
    return pad_width(widths)


def pad_width(widths: Any) -> tuple[int, int]:
    """Return ``widths``, one number or two, as the width before and the one after."""
    pair = wholes("widths", widths)
    if len(pair) not in {1, 2} or min(pair) < 0:
        raise ValueError(f"widths must be one or two numbers from 0 up, not {widths!r}")
    return pair[0], pair[-1]
