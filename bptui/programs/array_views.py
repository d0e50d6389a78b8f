"""How a view was made of another array, from where the two lay in memory: transposed, reshaped, or a part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bptui.programs.seen_values import SeenValue
from layers import Array

Index = tuple[slice | int, ...]


class Derived(NamedTuple):
    """What the person's code made of values without a layer: ``layer`` is the name of what it did, with its options."""

    layer: str
    options: Mapping[str, Any]
    sources: Sequence[SeenValue]


def view_of(source: SeenValue, view: SeenValue) -> Derived | None:
    """Return how ``view`` was made of ``source``, None where it lies elsewhere or has other numbers."""
    if source.event.memory != view.event.memory or not source.event.memory or source.array.dtype != view.array.dtype:
        return None
    if source.array.size == view.array.size:
        return rearranged(source, view)
    index = index_of(source, view)
    if index is None or not is_equal(source.array[index], view.array):
        return None
    return Derived("Slice", {"index": written_index(index, source.array.shape)}, [source])


def rearranged(source: SeenValue, view: SeenValue) -> Derived | None:
    """Return how a view of all elements was made: transposed, or reshaped."""
    if source.event.address != view.event.address:
        return None
    axes = transposed_axes(source, view)
    if axes is not None and is_equal(source.array.transpose(axes), view.array):
        return Derived("Transpose", {"axes": list(axes)}, [source])
    if is_equal(source.array.reshape(view.array.shape), view.array):
        return Derived("Reshape", {"shape": list(view.array.shape)}, [source])
    return None


def transposed_axes(source: SeenValue, view: SeenValue) -> tuple[int, ...] | None:
    """Return the axes of the source in the order of the view's, None where they are not the same."""
    steps = list(zip(source.array.shape, source.event.strides, strict=True))
    axes: list[int] = []
    for step in zip(view.array.shape, view.event.strides, strict=True):
        free = [axis for axis, it in enumerate(steps) if it == step and axis not in axes]
        if not free:
            return None
        axes.append(free[0])
    return tuple(axes) if len(axes) == len(steps) and axes != sorted(axes) else None


def index_of(source: SeenValue, view: SeenValue) -> Index | None:
    """Return the index by which a part was taken: along each axis a slice, or one place where the axis is gone."""
    offset = view.event.address - source.event.address
    left = list(zip(view.array.shape, view.event.strides, strict=True))
    found: dict[int, slice | int] = {}
    for axis in sorted(range(source.array.ndim), key=lambda it: -abs(source.event.strides[it])):
        stride, length = source.event.strides[axis], source.array.shape[axis]
        if stride <= 0:
            return None
        start, offset = divmod(offset, stride)
        if not 0 <= start < length:
            return None
        taken = next(
            (it for it in left if it[1] and it[1] % stride == 0 and start + (it[0] - 1) * (it[1] // stride) < length),
            None,
        )
        if taken is None:
            found[axis] = start
            continue
        left.remove(taken)
        step = taken[1] // stride
        found[axis] = slice(start, start + (taken[0] - 1) * step + 1, step if step > 1 else None)
    if offset or left:
        return None
    return tuple(found[axis] for axis in range(source.array.ndim))


def written_index(index: Index, shape: Sequence[int]) -> str:
    """Return an index into an array of a shape as it is written in Python."""
    return f"[{', '.join(map(part_text, index, shape))}]"


def part_text(part: slice | int, length: int) -> str:
    """Return a part of an index, along an axis of a length, as it is written in Python."""
    if isinstance(part, int):
        return str(part)
    first, last = part.start or "", "" if part.stop >= length else part.stop
    return f"{first}:{last}" if part.step is None else f"{first}:{last}:{part.step}"


def parse_index(text: str) -> Index:
    """Return the index that ``written_index`` has written."""
    return tuple(map(parse_part, text.strip("[]").split(", ")))


def parse_part(text: str) -> slice | int:
    """Return a part of an index as it is written in Python."""
    return slice(*[int(it) if it else None for it in text.split(":")]) if ":" in text else int(text)


def is_equal(one: Array, other: Array) -> bool:
    """Return whether two arrays have the same shape and the same bytes."""
    return one.shape == other.shape and (np.array_equal(one, other) or one.tobytes() == other.tobytes())
