"""The values that a program's process has told of, as arrays: read where they lie, in the memory that both share."""

from __future__ import annotations

import math
import mmap
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bptui.core.columns import Value, freeze
from bptui.guest.wire import WireError, checked_array_header
from bptui.programs.event import SeenArray
from layers import Array


@dataclass(frozen=True, eq=False)
class SeenValue:
    """A value as it was seen. ``event`` says what object it was, and where in memory that lay."""

    event: SeenArray
    array: Array

    @property
    def number(self) -> int:
        """What the process calls it."""
        return self.event.number

    @property
    def recorded(self) -> Value:
        """The value as a tape has it: a number of Python's is a float, as in a scenario."""
        return np.float64(self.array) if self.event.scalar else self.array[()]

    @cached_property
    def content(self) -> bytes:
        """Its elements in row-major order, as bytes."""
        return self.array.tobytes()

    @cached_property
    def is_constant(self) -> bool:
        """Whether all its elements are the same: such a value may be like another by chance."""
        return self.array.size < 2 or bool((self.array == self.array.flat[0]).all())

    @cached_property
    def is_whole(self) -> bool:
        """Whether all its elements are whole numbers: such values are like others by chance now and then."""
        return self.array.dtype.kind != "f" or bool((self.array == np.floor(self.array)).all())

    def equals(self, other: SeenValue) -> bool:
        """Return whether another value has the same shape, dtype and bytes."""
        return self.array.shape == other.array.shape and self.array.dtype == other.array.dtype and self.has_bytes(other)

    def has_bytes(self, other: SeenValue) -> bool:
        """Return whether another value has the same bytes in row-major order."""
        if self.event.offset == other.event.offset and self.array.nbytes == other.array.nbytes:
            return self.event.order == other.event.order or self.content == other.content
        return ends_agree(self.array, other.array) and self.content == other.content


def ends_agree(one: Array, other: Array) -> bool:
    """Return whether two arrays may have the same bytes, from a look at their ends."""
    if one.nbytes != other.nbytes or one.dtype != other.dtype:
        return False
    return not one.size or (
        one.flat[0].tobytes() == other.flat[0].tobytes() and one.flat[-1].tobytes() == other.flat[-1].tobytes()
    )


def read_value(memory: mmap.mmap, event: SeenArray) -> SeenValue:
    """Return the value that an event tells of. Raises WireError where it cannot lie there."""
    dtype, shape = checked_array_header([event.dtype, list(event.shape)])
    count, offset = math.prod(shape), event.offset
    if not isinstance(offset, int) or offset < 0 or offset + count * dtype.itemsize > len(memory):
        raise WireError("an array outside of the memory")
    flat: Any = np.frombuffer(memory, dtype, count, offset) if count else np.empty(0, dtype)
    return SeenValue(event, freeze(flat.reshape(shape, order="F" if event.order == "F" else "C")))
