"""How a layer reads its options: each function returns the value it was given, in one form, or says what is wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from operator import index
from typing import Any


def choice(name: str, value: Any, known: Sequence[str]) -> str:
    """Return ``value``, which is one of the ``known`` words. Raises ValueError for any other."""
    if value not in known:
        raise ValueError(f"{name} must be {' or '.join(map(repr, known))}, not {value!r}")
    return str(value)


def one_of(name: str, value: Any, known: Sequence[Any]) -> Any:
    """Return ``value``, which is one of the ``known`` words and truth values. Raises ValueError for any other."""
    if not isinstance(value, bool | str) or value not in known:
        words = [str(it).lower() if isinstance(it, bool) else repr(it) for it in known]
        raise ValueError(f"{name} must be {' or '.join(words)}, not {value!r}")
    return value


def flag(name: str, value: Any) -> bool:
    """Return ``value``, which is true or false. Raises ValueError for anything else."""
    if not isinstance(value, bool):
        # A bad option is a bad value, whatever its type.
        raise ValueError(f"{name} must be true or false, not {value!r}")  # noqa: TRY004
    return value


def real(name: str, value: Any) -> float:
    """Return ``value``, a finite number, as a Python float, which leaves the dtype of arrays as it is.

    Raises ValueError for anything else.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, not {value!r}")
    return float(value)


def positive(name: str, value: Any) -> float:
    """Return ``value``, a finite number above 0, as a Python float. Raises ValueError for anything else."""
    if (number := real(name, value)) <= 0:
        raise ValueError(f"{name} must be above 0, not {value!r}")
    return number


def whole(name: str, value: Any) -> int:
    """Return ``value``, a whole number, as a Python int. Raises ValueError for anything else."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ValueError(f"{name} must be a whole number, not {value!r}")
    return index(value)


def wholes(name: str, value: Any) -> tuple[int, ...]:
    """Return ``value``, one whole number or a list of them, as a tuple."""
    if isinstance(value, list | tuple):
        return tuple([whole(f"each number of {name}", number) for number in value])
    return (whole(name, value),)


def stretches(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Return whether NumPy broadcasts an array of ``shape`` to exactly ``target``."""
    pairs = zip(reversed(shape), reversed(target), strict=False)
    return len(shape) <= len(target) and all(size in {1, wanted} for size, wanted in pairs)


def axes_of(shape: tuple[int, ...], axes: tuple[int, ...] | None) -> tuple[int, ...]:
    """Return ``axes`` of an array of ``shape``, counted from the front; None means all of them.

    Raises ValueError for an axis that the shape does not have, and for one that is named twice.
    """
    if axes is None:
        return tuple(range(len(shape)))
    for axis in axes:
        if not -len(shape) <= axis < len(shape):
            raise ValueError(f"axis {axis} does not exist in the shape {shape}")
    counted = tuple([axis % len(shape) for axis in axes])
    if len(set(counted)) < len(counted):
        raise ValueError(f"axes {list(axes)} name one axis of the shape {shape} twice")
    return counted
