"""What the person's code made of values seen lately, recognised by its numbers, bit for bit: sums, joins, copies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from bptui.programs.array_views import Derived, is_equal
from bptui.programs.seen_values import SeenValue
from layers import Array

LATELY = 24
"""Values that are looked at, the latest."""

MOST_ADDENDS = 3
MOST_PARTS = 64
"""Along the axis by which arrays are stacked."""


def recognise_array(value: SeenValue, known: Sequence[SeenValue]) -> Iterator[Derived]:
    """Yield how a value can have been made of ``known`` ones, which stand in the order in which they were seen.

    A value whose elements are all the same is like others by chance, and is never recognised.
    """
    if value.is_constant:
        return
    alike = [it for it in known if it.array.size == value.array.size and not it.is_constant][-LATELY:]
    yield from find_copies(value, alike)
    yield from find_sums(value, [it for it in alike if it.array.shape == value.array.shape])
    yield from find_long_sums(value, alike)
    yield from find_stretched_sums(value, known)
    yield from find_joins(value, [it for it in known if it.array.ndim == value.array.ndim])
    yield from find_stacks(value, known)


def find_copies(value: SeenValue, known: Sequence[SeenValue]) -> Iterator[Derived]:
    """Yield the values that it is a copy of, in its shape, another, transposed, or in another dtype."""
    for it in reversed(known):
        if it.array.size != value.array.size:
            continue
        if it.array.dtype != value.array.dtype:
            if it.array.shape == value.array.shape and is_cast(it.array, value.array):
                yield Derived("Cast", {"dtype": value.array.dtype.name}, [it])
        elif it.has_bytes(value):
            is_alike = it.array.shape == value.array.shape
            yield (
                Derived("Copy", {}, [it]) if is_alike else Derived("Reshape", {"shape": list(value.array.shape)}, [it])
            )
        elif it.array.ndim == 2 and is_equal(it.array.T, value.array):
            yield Derived("Transpose", {"axes": [1, 0]}, [it])


def is_cast(source: Array, value: Array) -> bool:
    """Return whether a value is another in its own dtype."""
    with np.errstate(all="ignore"):
        return source.dtype.kind == value.dtype.kind == "f" and is_equal(source.astype(value.dtype), value)


def find_sums(value: SeenValue, known: Sequence[SeenValue]) -> Iterator[Derived]:
    """Yield the values of its shape that it is the sum of, in the order in which they were seen, and the fewest."""
    with np.errstate(all="ignore"):
        for count in range(2, MOST_ADDENDS + 1):
            found = [it for it in addend_choices(known, count) if is_sum_of([one.array for one in it], value.array)]
            yield from (Derived("Add", {}, addends) for addends in found)
            if found:
                return


def find_long_sums(value: SeenValue, known: Sequence[SeenValue]) -> Iterator[Derived]:
    """Yield the longer sums that it is of values which were seen one after the other, as a loop adds them up."""
    with np.errstate(all="ignore"):
        for addends in runs_like(value, known):
            if len(addends) > MOST_ADDENDS and is_sum_of([one.array for one in addends], value.array):
                yield Derived("Add", {}, addends)


def runs_like(value: SeenValue, known: Sequence[SeenValue]) -> Iterator[Sequence[SeenValue]]:
    """Yield the values of the same shape and dtype that were seen one after the other, the latest and longest first."""
    alike = [it for it in known if it.array.shape == value.array.shape and it.array.dtype == value.array.dtype]
    alike = alike[-LATELY:]
    for last in range(len(alike), 0, -1):
        yield from (alike[first:last] for first in range(last))


def find_stretched_sums(value: SeenValue, known: Sequence[SeenValue]) -> Iterator[Derived]:
    """Yield the values that it is the sum of, one of its shape, and one that broadcasting stretches to it."""
    lately = [it for it in known if it.array.dtype == value.array.dtype and not it.is_constant][-LATELY:]
    for one in (it for it in lately if it.array.shape == value.array.shape):
        for other in (it for it in lately if is_stretched_to(it.array.shape, value.array.shape)):
            is_near = np.isclose(one.array.flat[0] + other.array.flat[0], value.array.flat[0], rtol=1e-5)
            if is_near and is_equal(one.array + other.array, value.array):
                yield Derived("Add", {}, sorted([one, other], key=lambda it: it.number))


def is_stretched_to(small: Sequence[int], large: Sequence[int]) -> bool:
    """Return whether broadcasting makes a smaller shape a larger one."""
    padded = (1,) * (len(large) - len(small)) + tuple(small)
    pairs = zip(padded, large, strict=False)
    return len(padded) == len(large) and padded != tuple(large) and all(it in (1, length) for it, length in pairs)


def addend_choices(known: Sequence[SeenValue], count: int) -> Iterator[tuple[SeenValue, ...]]:
    """Yield what may be added up: values that differ, and of two also one taken twice."""
    yield from combinations(known, count)
    if count == 2:
        yield from ((it, it) for it in known)


def is_sum_of(addends: Sequence[Array], total: Array) -> bool:
    """Return whether a sum from left to right, or from right to left, has the bytes of ``total``."""
    if any(it.dtype != total.dtype for it in addends):
        return False
    first = sum(it.flat[0] for it in addends)
    if not np.isclose(first, total.flat[0], rtol=1e-5, equal_nan=True):
        return False
    left = addends[0]
    for it in addends[1:]:
        left = left + it
    right = addends[-1]
    for it in reversed(addends[:-1]):
        right = it + right
    return is_equal(left, total) or is_equal(right, total)


def find_joins(value: SeenValue, known: Sequence[SeenValue]) -> Iterator[Derived]:
    """Yield the values that it is a concatenation of."""
    for axis in range(value.array.ndim):
        parts = joined_along(value.array, known, axis)
        if len(parts) > 1:
            yield Derived("Concat", {"axis": axis}, parts)


def joined_along(whole: Array, known: Sequence[SeenValue], axis: int) -> list[SeenValue]:
    """Return the values that follow each other along an axis; none where they do not fill it."""
    parts: list[SeenValue] = []
    start = 0
    while start < whole.shape[axis]:
        part = next((it for it in reversed(known) if is_part(whole, it.array, axis, start)), None)
        if part is None:
            return []
        parts.append(part)
        start += part.array.shape[axis]
    return parts


def is_part(whole: Array, part: Array, axis: int, start: int) -> bool:
    """Return whether a part stands in the whole from ``start`` on along an axis, and is smaller."""
    if part.ndim != whole.ndim or part.dtype != whole.dtype or not 0 < part.shape[axis] < whole.shape[axis]:
        return False
    span = [slice(None)] * whole.ndim
    span[axis] = slice(start, start + part.shape[axis])
    return is_equal(whole[tuple(span)], part)


def find_stacks(value: SeenValue, known: Sequence[SeenValue]) -> Iterator[Derived]:
    """Yield the values that it is made of, one behind the other along an axis of its own.

    Of several that are the same, the latest are meant, in their order.
    """
    for axis, length in enumerate(value.array.shape):
        shape = value.array.shape[:axis] + value.array.shape[axis + 1 :]
        fitting = [it for it in known if it.array.shape == shape and it.array.dtype == value.array.dtype]
        if not 1 < length <= MOST_PARTS or len(fitting) < length:
            continue
        contents = [value.array.take(at, axis).tobytes() for at in range(length)]
        waiting = {content: [it for it in fitting if it.content == content] for content in set(contents)}
        waiting = {content: found[-contents.count(content) :] for content, found in waiting.items()}
        if all(len(waiting[content]) == contents.count(content) for content in waiting):
            yield Derived("Stack", {"axis": axis}, [waiting[content].pop(0) for content in contents])
