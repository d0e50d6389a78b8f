"""What a name stood for at one time: enough of it to show and to compare, and nothing that later lines can change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from types import BuiltinFunctionType, FunctionType, NoneType
from typing import Any

import numpy as np

from bptui.core import text
from bptui.core.array_summary import summarise
from bptui.core.columns import freeze
from bptui.recording.array_record import DTYPES
from layers import Array

MOST_WHOLE = 1024
"""Elements up to which an array is kept whole; of a larger one, a corner."""

CORNER = 24
"""Places that are kept along each axis of a large array; along axes before its last two, one."""

MOST_SURVEYED = 1 << 24
"""Elements up to which an array's range is worked out."""

MOST_HASHED = 1 << 16
"""Bytes up to which the digest is of every byte; of more, it is of sums that cost no more than reading them."""

PERIODS = (4096, 4093)
"""Strides of those sums: a change that keeps all of them is not an accident."""

MOST_PARTS, DEEPEST = 8, 3
"""Entries of a list or tuple that are looked into, and how far lists within lists are."""

LONGEST_TEXT = 60

NUMBERS = "fiub"
"""The kinds of dtype that are shown as numbers."""

PLAIN = frozenset({bool, int, float, complex, str, bytes, NoneType})
"""Types whose values cannot change."""


@dataclass(frozen=True, eq=False, slots=True)
class Snapshot:
    """A value in words and, where it is an array of numbers, its numbers: all of them or a corner.

    ``digest`` tells different values apart, ``shape`` is None for what is not an array, ``parts`` are the first entries
    of a list or tuple.
    """

    text: str
    digest: str
    shape: tuple[int, ...] | None = None
    dtype: str = ""
    array: Array | None = None
    parts: tuple[Snapshot, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every number of it is kept."""
        return self.array is not None and self.array.shape == self.shape

    def is_same(self, other: Snapshot | None) -> bool:
        """Return whether both are of one value, as far as anybody looked."""
        return other is not None and self.digest == other.digest


class LineSnapshots:
    """Takes snapshots, line after line. What cannot have changed since the line before is not looked at again."""

    def __init__(self) -> None:
        self.before: dict[int, tuple[object, Snapshot]] = {}
        self.now: dict[int, tuple[object, Snapshot]] = {}

    def advance(self) -> None:
        """Begin another line. Objects that were not seen on the last one are let go of."""
        self.before, self.now = self.now, {}

    def take(self, value: object) -> Snapshot:
        """Return a snapshot of ``value``, on this line."""
        if (known := self.now.get(id(value))) is None:
            _, last = self.before.get(id(value), (None, None))
            known = self.now[id(value)] = value, retake(value, last)
        return known[1]


def retake(value: object, last: Snapshot | None) -> Snapshot:
    """Return ``last``, an earlier snapshot of the very same object, where that still holds, or else a new one."""
    if last is None:
        return snapshot(value)
    if is_settled(value):
        return last
    if not isinstance(value, np.ndarray):
        return snapshot(value)
    digest = array_digest(value)
    return last if digest == last.digest else array_snapshot(value, digest)


def is_settled(value: object) -> bool:
    """Return whether nobody can change ``value``: for an array, neither through it nor through what it is a view of."""
    if type(value) in PLAIN or isinstance(value, np.generic):
        return True
    if not isinstance(value, np.ndarray):
        return False
    while isinstance(value, np.ndarray):
        if value.flags.writeable:
            return False
        value = value.base
    return value is None


def snapshot(value: Any, depth: int = 0) -> Snapshot:
    """Return a snapshot of anything. It calls none of an object's own methods, which might do anything."""
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        return array_snapshot(array, array_digest(array))
    kind = type(value)
    if kind in PLAIN:
        return Snapshot(plain_text(value), content_digest(kind.__name__, plain_bytes(value)), dtype=kind.__name__)
    if kind in {list, tuple}:
        return sequence_snapshot(value, depth)
    if kind is dict:
        return mapping_snapshot(value, depth)
    is_named = isinstance(value, FunctionType | BuiltinFunctionType | np.ufunc | type)
    written = text.visible(value.__name__ if is_named else f"<{kind.__name__}>", limit=LONGEST_TEXT)
    return Snapshot(written, content_digest(kind.__name__, str(id(value)).encode()), dtype=kind.__name__)


def array_snapshot(array: Array, digest: str) -> Snapshot:
    """Return a snapshot of an array, with a copy of its numbers or of a corner of them."""
    kept = None
    if array.dtype.name in DTYPES:
        kept = freeze(np.array(array if array.size <= MOST_WHOLE else first_elements(array), order="C", subok=False))
    return Snapshot(snapshot_text(array), digest, array.shape, str(array.dtype), kept)


def first_elements(array: Array) -> Array:
    """Return the first numbers along the last two axes."""
    leading = (slice(0, 1),) * max(0, array.ndim - 2)
    return array[(*leading, *(slice(0, CORNER),) * min(array.ndim, 2))]


def snapshot_text(array: Array) -> str:
    """Return a number as such, and an array as its shape and range: ``[2, 3] -0.5 … 2``."""
    shape = text.shape(array)
    if array.dtype.kind not in NUMBERS:
        return f"{shape} of {array.dtype.kind if array.dtype.names else array.dtype}"
    if not array.ndim:
        return str(bool(array)) if array.dtype.kind == "b" else text.number(array.item())
    if not array.size or array.size > MOST_SURVEYED or array.dtype.kind == "b":
        return shape
    with np.errstate(all="ignore"):
        return f"{shape} {range_text(array)}"


def range_text(array: Array) -> str:
    """Return the smallest and the largest number, and how many are none: ``-0.5 … 2, 3 NaN``."""
    limits, strange = [float(array.min()), float(array.max())], []
    if not np.isfinite(limits).all():
        summary = summarise(array)
        limits = [] if summary.smallest != summary.smallest else [summary.smallest, summary.largest]
        strange = [f"{count} {name}" for count, name in ((summary.nans, "NaN"), (summary.infinities, "Inf")) if count]
    span = " … ".join(map(text.number, limits if len(set(limits)) > 1 else limits[:1]))
    return ", ".join([span, *strange] if span else strange)


def array_digest(array: Array) -> str:
    """Return what tells arrays of different dtypes, shapes or elements apart."""
    kind = f"{array.dtype}{array.shape}"
    if array.nbytes <= MOST_HASHED or array.dtype.hasobject:
        return content_digest(kind, array.tobytes())
    return content_digest(kind, *sums(np.ascontiguousarray(array).reshape(-1).view(np.uint8)))


def sums(contents: Array) -> Iterator[bytes]:
    """Yield sums over bytes, taken eight at a time: of each stretch, and of each place in a stretch; and the rest."""
    words = contents[: contents.size // 8 * 8].view(np.uint64)
    yield contents[words.nbytes :].tobytes()
    for period in PERIODS:
        whole = words.size // period * period
        stretches = words[:whole].reshape(-1, period)
        yield stretches.sum(axis=0).tobytes()
        yield stretches.sum(axis=1).tobytes() + words[whole:].tobytes()


def sequence_snapshot(value: list[Any] | tuple[Any, ...], depth: int) -> Snapshot:
    """Return a snapshot of a list or tuple, and of its first entries."""
    parts = inner_snapshots(value, depth)
    more = ", …" if len(parts) < len(value) else "," if isinstance(value, tuple) and len(value) == 1 else ""
    left, right = "[]" if isinstance(value, list) else "()"
    written = f"{left}{', '.join(part.text for part in parts)}{more}{right}"
    return Snapshot(written, content_digest(written, *(part.digest.encode() for part in parts)), parts=parts)


def mapping_snapshot(value: dict[Any, Any], depth: int) -> Snapshot:
    """Return a snapshot of a dictionary, in words."""
    keys = inner_snapshots(list(islice(value, MOST_PARTS)), depth)
    parts = inner_snapshots(list(islice(value.values(), MOST_PARTS)), depth)
    entries = [f"{key.text}: {part.text}" for key, part in zip(keys, parts, strict=True)]
    written = f"{{{', '.join([*entries, '…'] if len(parts) < len(value) else entries)}}}"
    return Snapshot(written, content_digest(written, *(part.digest.encode() for part in parts)))


def inner_snapshots(value: list[Any] | tuple[Any, ...], depth: int) -> tuple[Snapshot, ...]:
    """Return snapshots of the first entries, unless this is too far inside already."""
    return tuple([snapshot(part, depth + 1) for part in value[:MOST_PARTS]]) if depth < DEEPEST else ()


def plain_text(value: Any) -> str:
    """Return a Python value as Python writes it, within reason."""
    match value:
        case bool() | None:
            return str(value)
        case int():
            return str(value) if value.bit_length() <= 200 else f"an integer of {value.bit_length()} bits"
        case str() | bytes():
            return text.visible(repr(value[: LONGEST_TEXT + 1]), limit=LONGEST_TEXT)
        case _:
            return repr(value)


def plain_bytes(value: Any) -> bytes:
    """Return what tells two values of one plain type apart."""
    match value:
        case bytes():
            return value
        case str():
            return value.encode("utf-8", "surrogatepass")
        case int():
            return value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
        case _:
            return repr(value).encode()


def content_digest(kind: str, *contents: bytes) -> str:
    """Return a short text that differs for different contents."""
    digest = blake2b(kind.encode("utf-8", "surrogatepass"), digest_size=8)
    for content in contents:
        digest.update(b"|")
        digest.update(content)
    return digest.hexdigest()
