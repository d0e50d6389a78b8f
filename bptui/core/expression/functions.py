"""The functions of an expression, each with what it costs. All work on whole arrays, most along an ``axis``, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bptui.core.expression.bounds import SLOW, Budget
from bptui.deferred_dataclass import dataclass
from layers import Array, Shape


@dataclass(frozen=True)
class Function:
    """A function: what it computes, how many arguments it takes, which by name, and how its cost is noted before."""

    compute: Callable[..., Any]
    fewest: int = 1
    most: int = 1
    options: tuple[str, ...] = ()
    note_cost: Callable[..., None] | None = None


def elementwise(compute: Callable[..., Any], *, work: float = 1) -> Function:
    """Return a function of one array that keeps its shape."""
    return Function(compute, note_cost=lambda budget, x: budget.combine(x, work=work))


def reduction(compute: Callable[..., Any]) -> Function:
    """Return a function that an array, or each row of it along ``axis``, has one number for."""
    return Function(compute, options=("axis",), note_cost=lambda budget, x: budget.spend(1 + x.size))


def norm_along(x: Array, axis: Any = None) -> Array:
    """Return the root of the sum of squares, of finite numbers without overflow."""
    largest = np.max(np.abs(x), axis=axis, keepdims=True, initial=0.0)
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    norms = np.sqrt(np.sum((x / scale) ** 2, axis=axis, keepdims=True)) * scale
    return np.sum(norms, axis=axis)


def as_shape(sizes: Sequence[Array]) -> Shape:
    """Return sizes as a shape. Raises ValueError for what is not a whole number, or is negative."""
    flat = [size for part in sizes for size in np.atleast_1d(part).tolist()]
    if not all(isinstance(size, int) and size >= -1 for size in flat):
        raise ValueError("a shape is of whole numbers")
    return tuple(flat)


def filling(value: float) -> Function:
    """Return a function that makes an array of one number in a shape, which is given as numbers or as a list."""

    def compute(*sizes: Array) -> Array:
        return np.full(closed_shape(sizes), value)

    return Function(compute, most=8, note_cost=lambda budget, *sizes: budget.make(closed_shape(sizes)))


def closed_shape(sizes: Sequence[Array]) -> Shape:
    """Return sizes as a shape. Raises ValueError where one is left open."""
    shape = as_shape(sizes)
    if any(size < 0 for size in shape):
        raise ValueError("a size is negative")
    return shape


def reshape(x: Array, *sizes: Array) -> Array:
    """Return ``x`` in another shape, in which one size may be -1."""
    return np.reshape(x, as_shape(sizes))


def transpose(x: Array, axes: Array | None = None) -> Array:
    """Return ``x`` with its axes in another order, by default the reverse."""
    return np.transpose(x, None if axes is None else as_shape([axes]))


def arange_bounds(*bounds: Array) -> tuple[float, float, float]:
    """Return start, stop and step, of which the first and the last may be left out. Raises ValueError."""
    numbers = [bound.item() for bound in bounds]
    start, stop, step = {1: [0, *numbers, 1], 2: [*numbers, 1]}.get(len(numbers), numbers)
    if not np.all(np.isfinite([start, stop, step])) or not step:
        raise ValueError("arange counts from a finite number to another, by steps that are not 0")
    return start, stop, step


def note_arange(budget: Budget, *bounds: Array) -> None:
    """Take note of what arange will make."""
    start, stop, step = arange_bounds(*bounds)
    budget.make((max(0, int(min((stop - start) / step, 1e18)) + 1),))


def concatenate(parts: Sequence[Array], axis: Any = 0) -> Array:
    """Return arrays joined along an axis."""
    return np.concatenate(list(parts), axis=axis)


FUNCTIONS: Mapping[str, Function] = {
    "abs": elementwise(np.abs),
    "sign": elementwise(np.sign),
    "sqrt": elementwise(np.sqrt, work=SLOW),
    "exp": elementwise(np.exp, work=SLOW),
    "log": elementwise(np.log, work=SLOW),
    "tanh": elementwise(np.tanh, work=SLOW),
    "isnan": elementwise(np.isnan),
    "isinf": elementwise(np.isinf),
    "isfinite": elementwise(np.isfinite),
    "round": Function(
        lambda x, digits=0: np.round(x, int(digits)),
        most=2,
        note_cost=lambda budget, x, digits=0: budget.combine(x, work=SLOW),  # noqa: ARG005
    ),
    "min": reduction(np.min),
    "max": reduction(np.max),
    "sum": reduction(np.sum),
    "mean": reduction(np.mean),
    "std": reduction(np.std),
    "norm": reduction(norm_along),
    "argmin": reduction(np.argmin),
    "argmax": reduction(np.argmax),
    "any": reduction(np.any),
    "all": reduction(np.all),
    "count_nonzero": reduction(np.count_nonzero),
    "shape": Function(lambda x: x.shape),
    "size": Function(lambda x: x.size),
    "zeros": filling(0.0),
    "ones": filling(1.0),
    "arange": Function(lambda *bounds: np.arange(*arange_bounds(*bounds)), most=3, note_cost=note_arange),
    "where": Function(np.where, fewest=3, most=3, note_cost=lambda budget, *arrays: budget.combine(*arrays)),
    "dot": Function(
        lambda x, y: x * y if not x.ndim or not y.ndim else np.matmul(x, y),
        fewest=2,
        most=2,
        note_cost=lambda budget, x, y: budget.multiply(x, y) if x.ndim and y.ndim else budget.combine(x, y),
    ),
    "outer": Function(np.outer, fewest=2, most=2, note_cost=lambda budget, x, y: budget.make((x.size, y.size))),
    "transpose": Function(transpose, most=2),
    "reshape": Function(reshape, fewest=2, most=9, note_cost=lambda budget, x, *_: budget.combine(x)),
    "concatenate": Function(
        concatenate,
        options=("axis",),
        note_cost=lambda budget, parts: budget.make((sum(part.size for part in parts),)),
    ),
}
"""Every function by its name. Arguments are arrays, but for concatenate's, which is a list of them."""
