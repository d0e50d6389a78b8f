"""In the child: every array that is seen gets a number and a copy; one that is as it was before keeps both."""

from __future__ import annotations

import mmap
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from bptui.guest.wire import is_sendable
from bptui.programs.event import SeenArray

Array: TypeAlias = np.ndarray[Any, Any]

ALIGNMENT = 64

SHARED_INTEGERS = range(-5, 257)
"""Integers that are one object wherever they occur, so that the object tells nothing."""


LARGEST_SHARE = 16
"""The part of the memory that an array may take that an object merely holds."""

NUMBERS = (int, float, np.generic)


class SharedMemoryFullError(Exception):
    """There is no room for another copy."""


class Tracked(NamedTuple):
    """An object that is known by its id as long as ``alive`` returns it."""

    alive: Callable[[], Any]
    token: int


class Seen(NamedTuple):
    """What was last seen of an object: the value's number, and the copy of it."""

    number: int
    copy: Array


class ValueStore:
    """Copies values into the shared ``memory``; ``tell`` is told of each new one."""

    def __init__(self, memory: mmap.mmap, tell: Callable[[SeenArray], None]) -> None:
        self.memory = memory
        self.start = address_of(np.frombuffer(memory, np.uint8))
        self.tell = tell
        self.end = 0
        self.count = 0
        self.tokens = 0
        self.tracked: dict[int, Tracked] = {}
        self.seen: dict[int, Seen] = {}

    def see(self, it: Any) -> int | None:
        """Return the number of a value that goes into a call; None for what is neither an array nor a number.

        Raises SharedMemoryFullError.
        """
        array = as_value(it)
        if array is None:
            return None
        seen = self.seen.get(self.token(it)) if has_identity(it) else None
        if seen is not None and is_same(array, seen.copy):
            return seen.number
        return self.add(it, array, self.copy(array))

    def see_result(self, it: Any) -> int | None:
        """Return a new number for a value that comes out of a call, even where the object is known already."""
        array = as_value(it)
        if array is None:
            return None
        seen = self.seen.get(self.token(it)) if has_identity(it) else None
        is_known = seen is not None and is_same(array, seen.copy)
        return self.add(it, array, seen.copy if seen is not None and is_known else self.copy(array))

    def copy_of(self, it: Array) -> Array | None:
        """Return the copy of an array as it is now, None of what cannot be copied, or takes too much room."""
        if not self.has_room_for(it) or self.see(it) is None:
            return None
        return self.seen[self.token(it)].copy

    def has_room_for(self, it: Array) -> bool:
        """Return whether an array that nobody hands on is worth its room: a whole data set is not."""
        return it.nbytes <= len(self.memory) // LARGEST_SHARE

    def add(self, it: Any, array: Array, copy: Array) -> int:
        """Give a value a number, and tell of it."""
        self.count += 1
        token = self.token(it) if has_identity(it) else 0
        if token:
            self.seen[token] = Seen(self.count, copy)
        memory, address = self.place(it)
        self.tell(
            SeenArray(
                self.count,
                token,
                memory,
                address,
                array.strides,
                array.dtype.newbyteorder("=").str,
                array.shape,
                order_of(copy),
                address_of(copy) - self.start if copy.size else 0,
                scalar_kind(it),
            )
        )
        return self.count

    def place(self, it: Any) -> tuple[int, int]:
        """Return the token of the block of memory that an array lies in, and its address."""
        if not isinstance(it, np.ndarray):
            return 0, 0
        block: Any = it
        while (below := getattr(block, "base", None)) is not None:
            block = below
        return self.token(block), address_of(it)

    def token(self, it: Any) -> int:
        """Return what stands for an object as long as it lives."""
        tracked = self.tracked.get(id(it))
        if tracked is None or tracked.alive() is not it:
            self.tokens += 1
            tracked = self.tracked[id(it)] = Tracked(reference(it), self.tokens)
        return tracked.token

    def copy(self, array: Array) -> Array:
        """Return a copy of an array in the shared memory."""
        order = order_of(array)
        start = self.end
        if start + array.nbytes > len(self.memory):
            raise SharedMemoryFullError
        flat = np.frombuffer(self.memory, array.dtype.newbyteorder("="), array.size, start) if array.size else None
        self.end = start + array.nbytes + -array.nbytes % ALIGNMENT
        if flat is None:
            return np.empty(array.shape, array.dtype)
        copy = flat.reshape(array.shape[::-1]).T if order == "F" else flat.reshape(array.shape)
        copy[...] = array
        copy.flags.writeable = False
        return copy

    def forget_dead(self) -> None:
        """Forget the objects that are gone, and the numbers, which live as long as they are known."""
        objects = ((key, it, it.alive()) for key, it in self.tracked.items())
        self.tracked = {key: it for key, it, what in objects if what is not None and not isinstance(what, NUMBERS)}
        alive = {it.token for it in self.tracked.values()}
        self.seen = {token: it for token, it in self.seen.items() if token in alive}


def as_value(it: Any) -> Array | None:
    """Return an array or a number as an array, a list of numbers too; None for all else, and for what cannot cross."""
    if isinstance(it, list) and it:
        try:
            it = np.array(it)
        except ValueError:
            return None
    if isinstance(it, bool) or not isinstance(it, np.ndarray | np.generic | int | float):
        return None
    array = np.asarray(it)
    return array if is_sendable(array.dtype) else None


def has_identity(it: Any) -> bool:
    """Return whether being the same object says that two values are one."""
    return not (isinstance(it, int) and it in SHARED_INTEGERS) and not isinstance(it, list)


def scalar_kind(it: Any) -> str:
    """Return the type of a Python number, "" for all else."""
    return type(it).__name__ if isinstance(it, int | float) and not isinstance(it, np.generic) else ""


def order_of(array: Array) -> str:
    """Return in which order an array lies: F where only that is without gaps."""
    return "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"


def reference(it: Any) -> Callable[[], Any]:
    """Return what leads to an object without keeping it alive, or keeping it where nothing else does."""
    try:
        return weakref.ref(it)
    except TypeError:
        return lambda: it


def is_same(array: Array, copy: Array) -> bool:
    """Return whether an array has the very bytes of its copy."""
    if array.shape != copy.shape or array.dtype != copy.dtype:
        return False
    if not array.size:
        return True
    return bool(raw_bytes(array, copy) == raw_bytes(copy, copy))


def raw_bytes(array: Array, like: Array) -> memoryview:
    """Return an array's bytes in the order in which the elements of another lie, without a copy where they lie so."""
    lying: Any = np.ascontiguousarray(array.T if order_of(like) == "F" else array)
    return memoryview(lying.reshape(-1).view(np.uint8))


def address_of(array: Array) -> int:
    """Return where an array's first element lies."""
    return int(array.__array_interface__["data"][0])
