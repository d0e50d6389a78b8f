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
    return Derived("Slice", {"index": index_text(index)}, [source])


def rearranged(source: SeenValue, view: SeenValue) -> Derived | None:
    """Return how a view of all elements was made: transposed, or reshaped."""
    if source.event.address != view.event.address:
        return None
    axes = axes_of(source, view)
    if axes is not None and is_equal(source.array.transpose(axes), view.array):
        return Derived("Transpose", {"axes": list(axes)}, [source])
    if is_equal(source.array.reshape(view.array.shape), view.array):
        return Derived("Reshape", {"shape": list(view.array.shape)}, [source])
    return None


def axes_of(source: SeenValue, view: SeenValue) -> tuple[int, ...] | None:
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


def index_text(index: Index) -> str:
    """Return an index as it is written in Python."""
    return f"[{', '.join(part_text(part) for part in index)}]"


def part_text(part: slice | int) -> str:
    """Return a part of an index as it is written in Python."""
    if isinstance(part, int):
        return str(part)
    step = "" if part.step is None else f":{part.step}"
    return f"{part.start}:{part.stop}{step}"


def parse_index(text: str) -> Index:
    """Return the index that ``index_text`` has written."""
    parts = text.strip("[]").split(", ")
    return tuple(slice(*(map(int, part.split(":")))) if ":" in part else int(part) for part in parts)


def is_equal(one: Array, other: Array) -> bool:
    """Return whether two arrays have the same shape and the same bytes."""
    return one.shape == other.shape and (np.array_equal(one, other) or one.tobytes() == other.tobytes())
