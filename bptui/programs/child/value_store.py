"""In the child: every array that is seen gets a number and a copy; one that is as it was before keeps both."""

from __future__ import annotations

import ctypes
import mmap
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from bptui.guest.wire import is_sendable
from bptui.programs.event import SeenArray

Array: TypeAlias = np.ndarray[Any, Any]

ALIGNMENT = 64

compare_memory = ctypes.CDLL(None).memcmp
compare_memory.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
"""NumPy takes ten times as long to compare two arrays, as it makes a third of them."""

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


class StoreMark(NamedTuple):
    """How far the memory is full, and the number of the last value."""

    end: int
    latest: int


class Seen(NamedTuple):
    """What was last seen of an object: the value's number, and the copy of it."""

    number: int
    copy: Array


class ValueStore:
    """Copies values into the shared ``memory``; ``tell`` is told of each new one.

    Whoever uses it counts the ``moment``s between which the program may change an array.
    """

    def __init__(self, memory: mmap.mmap, tell: Callable[[SeenArray], None]) -> None:
        self.memory = memory
        self.start = address_of(np.frombuffer(memory, np.uint8))
        self.tell = tell
        self.end = 0
        self.count = 0
        self.tokens = 0
        self.moment = 0
        self.looked_at: dict[int, int] = {}
        self.tracked: dict[int, Tracked] = {}
        self.at_address: dict[tuple[int, int, str], Array] = {}
        self.seen: dict[int, Seen] = {}

    def see(self, it: Any) -> int | None:
        """Return the number of a value that goes into a call; None for what is neither an array nor a number.

        Raises SharedMemoryFullError.
        """
        array = seen_as_array(it)
        if array is None:
            return None
        seen = self.unchanged(it, array)
        return seen.number if seen else self.add(it, array, self.copy(array))

    def see_result(self, it: Any) -> int | None:
        """Return a new number for a value that comes out of a call, even where the object is known already."""
        array = seen_as_array(it)
        if array is None:
            return None
        seen = self.unchanged(it, array)
        return self.add(it, array, seen.copy if seen else self.copy(array))

    def unchanged(self, it: Any, array: Array) -> Seen | None:
        """Return what was seen of an object, None where it is new, or another now; it is compared once a moment."""
        if not has_identity(it):
            return None
        token = self.token(it)
        seen = self.seen.get(token)
        if seen is None or self.looked_at.get(token) == self.moment:
            return seen
        if not has_same_bytes(array, seen.copy):
            return None
        self.looked_at[token] = self.moment
        return seen

    def copy_of(self, it: Array) -> Array | None:
        """Return the copy of an array as it is now, None of what cannot be copied, or takes too much room."""
        if not self.has_room_for(it) or self.see(it) is None:
            return None
        return self.seen[self.token(it)].copy

    def is_known(self, it: Array) -> bool:
        """Return whether an array was seen before."""
        return self.token(it) in self.seen

    def has_room_for(self, it: Array) -> bool:
        """Return whether an array that nobody hands on is worth its room: a whole data set is not."""
        return it.nbytes <= len(self.memory) // LARGEST_SHARE

    def add(self, it: Any, array: Array, copy: Array) -> int:
        """Give a value a number, and tell of it."""
        self.count += 1
        token = self.token(it) if has_identity(it) else 0
        if token:
            self.seen[token] = Seen(self.count, copy)
            self.looked_at[token] = self.moment
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
        """Return a copy of an array in the shared memory; of a reshaped view, that of what it is a view of."""
        place = (address_of(array), array.nbytes, array.dtype.str)
        order = order_of(array)
        known = self.at_address.get(place) if array.flags.c_contiguous and array.size else None
        if known is not None and known.flags.c_contiguous and not compare_memory(place[0], address_of(known), place[1]):
            return known.reshape(array.shape)
        start = self.end
        if start + array.nbytes > len(self.memory):
            raise SharedMemoryFullError
        self.end = start + array.nbytes + -array.nbytes % ALIGNMENT
        if not array.size:
            return np.empty(array.shape, array.dtype)
        flat = np.frombuffer(self.memory, array.dtype.newbyteorder("="), array.size, start)
        copy = flat.reshape(array.shape[::-1]).T if order == "F" else flat.reshape(array.shape)
        copy[...] = array
        copy.flags.writeable = False
        self.at_address[place] = copy
        return copy

    def mark(self) -> StoreMark:
        """Return how far it is filled, to come back to."""
        return StoreMark(self.end, self.count)

    def rewind(self, mark: StoreMark) -> None:
        """Forget all values since a mark; their numbers are not given again."""
        self.end = mark.end
        self.seen = {token: it for token, it in self.seen.items() if it.number <= mark.latest}
        self.at_address.clear()
        self.looked_at.clear()

    def forget_dead(self) -> None:
        """Forget the objects that are gone, and the numbers, which live as long as they are known."""
        objects = ((key, it, it.alive()) for key, it in self.tracked.items())
        self.tracked = {key: it for key, it, what in objects if what is not None and not isinstance(what, NUMBERS)}
        alive = {it.token for it in self.tracked.values()}
        self.seen = {token: it for token, it in self.seen.items() if token in alive}
        self.looked_at.clear()
        self.at_address.clear()


def seen_as_array(it: Any) -> Array | None:
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


def has_same_bytes(array: Array, copy: Array) -> bool:
    """Return whether an array has the very bytes of its copy."""
    if array.shape != copy.shape or array.dtype != copy.dtype:
        return False
    lying = array if is_contiguous_as(array, copy) else np.array(array, order="F" if order_of(copy) == "F" else "C")
    return not compare_memory(address_of(lying), address_of(copy), copy.nbytes)


def is_contiguous_as(array: Array, copy: Array) -> bool:
    """Return whether an array's elements lie in memory without gaps, in the order of its copy's, byte for byte."""
    flags = array.flags
    return flags.f_contiguous if order_of(copy) == "F" else flags.c_contiguous


def address_of(array: Array) -> int:
    """Return where an array's first element lies."""
    return int(array.__array_interface__["data"][0])
