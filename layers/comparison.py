"""Layers that choose: elementwise, the input that was chosen gets ``dout``, and the others get nothing."""

from __future__ import annotations

import numpy as np

from layers.layer import Array, Layer, floating, unbroadcast
from layers.options import real


class Maximum(Layer):
    """Elementwise larger of two, ``out = max(x, y)``, with broadcasting. Shapes: any two that broadcast.

    The local derivative is 1 for the larger and 0 for the smaller. A tie is split half and half: the mean of the two
    ways to break it.
    """

    symbol = "max"
    formula = "max(x, y)"
    rules = {"x": "dout where x > y, half where equal", "y": "dout where y > x, half where equal"}

    def forward(self, x: Array, y: Array) -> Array:
        self.x, self.y = floating(x), floating(y)
        return np.maximum(self.x, self.y)

    def backward(self, dout: Array) -> tuple[Array, Array]:
        x, y = self.x, self.y
        half = np.where(x == y, dout / 2, 0)
        dx, dy = np.where(x > y, dout, half), np.where(y > x, dout, half)
        return unbroadcast(dx, x.shape), unbroadcast(dy, y.shape)

    def local(self) -> tuple[Array, Array]:
        x, y = self.x, self.y
        one = np.ones_like(np.maximum(x, y))
        half = np.where(x == y, one / 2, 0)
        return np.where(x > y, one, half), np.where(y > x, one, half)


class Minimum(Layer):
    """Elementwise smaller of two, ``out = min(x, y)``, with broadcasting. Shapes: any two that broadcast.

    The local derivative is 1 for the smaller and 0 for the larger. A tie is split half and half.
    """

    symbol = "min"
    formula = "min(x, y)"
    rules = {"x": "dout where x < y, half where equal", "y": "dout where y < x, half where equal"}

    def forward(self, x: Array, y: Array) -> Array:
        self.x, self.y = floating(x), floating(y)
        return np.minimum(self.x, self.y)

    def backward(self, dout: Array) -> tuple[Array, Array]:
        x, y = self.x, self.y
        half = np.where(x == y, dout / 2, 0)
        dx, dy = np.where(x < y, dout, half), np.where(y < x, dout, half)
        return unbroadcast(dx, x.shape), unbroadcast(dy, y.shape)

    def local(self) -> tuple[Array, Array]:
        x, y = self.x, self.y
        one = np.ones_like(np.minimum(x, y))
        half = np.where(x == y, one / 2, 0)
        return np.where(x < y, one, half), np.where(y < x, one, half)


class Where(Layer):
    """Elementwise choice, ``out = x where condition, else y``, with broadcasting. Shapes: any three that broadcast.

    A condition holds where it is not 0. The local derivative is 1 for what was chosen and 0 for the other; the
    condition takes no gradient, for out jumps with it or does not move at all.
    """

    symbol = "where"
    formula = "x where condition holds, else y"
    rules = {"x": "dout where condition holds, else 0", "y": "0 where condition holds, else dout"}
    targets = frozenset({"condition"})

    def forward(self, condition: Array, x: Array, y: Array) -> Array:
        self.holds, self.x, self.y = np.asarray(condition) != 0, floating(x), floating(y)
        return np.where(self.holds, self.x, self.y)[()]

    def backward(self, dout: Array) -> tuple[None, Array, Array]:
        dx, dy = np.where(self.holds, dout, 0), np.where(self.holds, 0, dout)
        return None, unbroadcast(dx, self.x.shape), unbroadcast(dy, self.y.shape)

    def local(self) -> tuple[None, Array, Array]:
        one = np.ones_like(np.where(self.holds, self.x, self.y))
        return None, np.where(self.holds, one, 0), np.where(self.holds, 0, one)


class Clip(Layer):
    """Elementwise limit to an interval, ``out = min(max(x, min), max)``. Shapes: any. Either bound may be None.

    The local derivative is 1 inside and on the bounds, and 0 beyond them, where out no longer follows x.
    Raises ValueError where a bound is not a finite number, both are None, or they are the wrong way round.
    """

    symbol = "clip"
    formula = "min(max(x, min), max)"
    rules = {"x": "dout where min <= x <= max, else 0"}

    def __init__(self, *, min: float | None = None, max: float | None = None) -> None:  # noqa: A002  (NumPy's names)
        self.min = -np.inf if min is None else real("min", min)
        self.max = np.inf if max is None else real("max", max)
        if min is None and max is None:
            raise ValueError("Clip needs min, max or both")
        if self.min > self.max:
            raise ValueError(f"min must not exceed max: {min!r} > {max!r}")

    def forward(self, x: Array) -> Array:
        self.x = floating(x)
        self.beyond = (self.x < self.min) | (self.x > self.max)
        return np.minimum(np.maximum(self.x, self.min), self.max)

    def backward(self, dout: Array) -> Array:
        return np.where(self.beyond, 0, dout)

    def local(self) -> tuple[Array]:
        return (np.where(self.beyond, 0, np.ones_like(self.x)),)
