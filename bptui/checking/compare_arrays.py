"""What a layer was given and has handed back: copies of it, and how two of them differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, TypeAlias

import numpy as np

from layers import Array

Gradients: TypeAlias = "tuple[Array | None, ...]"
"""A gradient for each input, as float64; None where there is none."""


AS_INTEGERS = "integers instead of floats"


def copies(inputs: tuple[Array, ...]) -> tuple[Array, ...]:
    """Return arrays that a layer may damage."""
    return tuple([x.copy() for x in inputs])


def copied(handed: tuple[Any, ...]) -> Gradients:
    """Return gradients as float64, copied."""
    return tuple([None if it is None else np.array(it, np.float64) for it in handed])


def wrong_kind(gradient: Any) -> str | None:
    """Return what a gradient is made of if that is not floats, in words."""
    if isinstance(gradient, list | tuple):
        return f"a {type(gradient).__name__} instead of an array"
    dtype = np.asarray(gradient).dtype
    if dtype.kind == "f":
        return None
    return AS_INTEGERS if dtype.kind in "iub" else f"{dtype.name} instead of floats"


def misshapen(got: tuple[int, ...], wanted: tuple[int, ...], dout: tuple[int, ...]) -> str | None:
    """Return what went wrong with a gradient's shape, if that can be told."""
    if got == wanted[::-1]:
        return "transposed"
    if (
        got == dout
        and len(wanted) <= len(dout)
        and all(a in {1, b} for a, b in zip(wanted[::-1], dout[::-1], strict=False))
    ):
        return "missing sum over the axes that broadcasting stretched"
    if [size for size in got if size != 1] == [size for size in wanted if size != 1]:
        return "an axis of size 1 too many or too few (keepdims?)"
    return None


def summed_to(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Return a gradient summed over the axes that broadcasting stretched ``shape`` along; itself if there are none."""
    extra = gradient.ndim - len(shape)
    padded = (1,) * extra + shape
    if extra < 0 or any(small not in {1, large} for small, large in zip(padded, gradient.shape, strict=True)):
        return gradient
    pairs = enumerate(zip(padded, gradient.shape, strict=True))
    stretched = tuple([at for at, (small, large) in pairs if at < extra or small != large])
    return np.asarray(gradient.sum(axis=stretched, keepdims=True)).reshape(shape)


def same(one: Array, two: Array) -> bool:
    """Return whether two arrays hold the same numbers, bit for bit."""
    return np.shape(one) == np.shape(two) and np.array_equal(one, two, equal_nan=True)


def alike(one: Array | None, two: Array | None, tolerance: float) -> bool:
    """Return whether two gradients agree, or both are none."""
    if one is None or two is None:
        return one is two
    return one.shape == two.shape and np.allclose(one, two, rtol=tolerance, atol=0, equal_nan=True)


def first_difference(one: Gradients, two: Gradients) -> int | None:
    """Return the first position at which gradients differ by more than the last digits."""
    return first_true(not alike(a, b, 1e-10) for a, b in zip(one, two, strict=True))


def without(gradients: Gradients, positions: Collection[int]) -> Gradients:
    """Return gradients but for those of some inputs."""
    return tuple([None if at in positions else it for at, it in enumerate(gradients)])


def first_true(flags: Iterator[bool]) -> int | None:
    """Return the position of the first that holds."""
    return next((position for position, flag in enumerate(flags) if flag), None)


def finite(x: Array) -> bool:
    """Return whether all numbers of an array are finite."""
    return bool(np.isfinite(x).all())
