"""The forms in which a scenario writes an array: a number, nested lists, a recipe, or a file beside it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from bptui.scenario.formula import LARGEST_INTEGER
from layers import Array

KINDS = {
    bool: "a boolean",
    str: "text",
    dict: "a table",
    list: "a list",
    int: "an integer",
    float: "a number",
}


class ValueFormError(Exception):
    """A value is not an array. ``index`` leads to the element that is wrong."""

    def __init__(self, message: str, index: tuple[int, ...] = (), hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.index = index
        self.hint = hint


def toml_kind(value: object) -> str:
    """Return what a TOML value is, in words."""
    return KINDS.get(type(value), "a date or time")


def from_lists(value: object, dtype: np.dtype[Any], *, keep_integers: bool = False) -> Array:
    """Return a number or nested lists of numbers as an array, read-only.

    It is of ``dtype``, or of int64 where only integers stand in it and ``keep_integers`` asks for that.
    Raises ValueFormError for what is ragged, is not a number, or does not fit.
    """
    shape, numbers = flatten(value)
    kinds = set(map(type, numbers))
    if not kinds <= {int, float}:
        place, wrong = next((place, it) for place, it in enumerate(numbers) if type(it) not in {int, float})
        raise ValueFormError(f"expected a number, got {toml_kind(wrong)}", index_at(place, shape))
    for place, number in enumerate(numbers) if int in kinds else ():
        if type(number) is int and not -LARGEST_INTEGER <= number <= LARGEST_INTEGER:
            raise ValueFormError(
                "an integer beyond 2**53, up to which every integer is exact",
                index_at(place, shape),
                "write it with a decimal point if its nearest float64 will do",
            )
    if keep_integers and kinds <= {int} and numbers:
        return as_read_only(np.array(numbers, dtype=np.int64).reshape(shape))
    return as_read_only(floats_of(numbers, dtype, shape))


def floats_of(numbers: Sequence[Any] | Array, dtype: np.dtype[Any], shape: Sequence[int]) -> Array:
    """Return numbers as an array of ``dtype``; one that only a larger dtype holds is an error, not an infinity.

    Raises ValueFormError.
    """
    exact = np.array(numbers, dtype=np.float64)
    with np.errstate(over="ignore"):
        array = exact.astype(dtype, copy=False)
    if lost := np.flatnonzero(np.isinf(array) & np.isfinite(exact)).tolist():
        raise ValueFormError(f"{exact[lost[0]]!s} is beyond the largest {dtype.name}", index_at(lost[0], shape))
    return array.reshape(shape)


def flatten(value: object) -> tuple[tuple[int, ...], list[Any]]:
    """Return the shape of nested lists and their elements, row-major. Raises ValueFormError where they are ragged."""
    shape: list[int] = []
    level: list[Any] = [value]
    while set(map(type, level)) == {list}:
        lengths = list(map(len, level))
        for place, length in enumerate(lengths):
            if length != lengths[0]:
                first = ", ".join(map(str, index_at(0, shape)))
                raise ValueFormError(
                    f"ragged: {length} elements here, {lengths[0]} in the first list",
                    index_at(place, shape),
                    f"all lists at one depth have the length of [{first}]" if first else None,
                )
        shape.append(lengths[0])
        level = list(chain.from_iterable(level))
    for place, element in enumerate(level):
        if (type(element) is list) != (type(level[0]) is list):
            raise ValueFormError(
                f"ragged: {toml_kind(element)} here, {toml_kind(level[0])} in the first place", index_at(place, shape)
            )
    return tuple(shape), level


def index_at(place: int, shape: Sequence[int]) -> tuple[int, ...]:
    """Return the index of the ``place``-th element of an array of ``shape``, row-major."""
    index = []
    for size in reversed(shape):
        place, last = divmod(place, size)
        index.append(last)
    return tuple(reversed(index))


def as_read_only(array: Array) -> Array:
    """Return ``array``, sealed."""
    array.setflags(write=False)
    return array
