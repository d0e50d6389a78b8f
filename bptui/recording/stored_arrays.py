"""A transcript stores each large array once: where it comes again, ``same`` stands for its bytes, by their digest."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, NamedTuple

from bptui.core.text import visible
from bptui.errors import TranscriptError
from bptui.recording.array_record import decode_array, decode_shape
from bptui.recording.json_line import DamagedTranscriptError, JsonObject
from layers import Array

BYTES, SAME = "base64", "same"

DIGEST_SIZE = 16
"""Bytes of the digest that an array is known by: no two arrays of a transcript have the same by accident."""

WITHOUT_ARRAYS = frozenset({"data", "options", "train", "versions", "machine", "files"})
"""What holds no arrays, and may be long, or be anything."""


class ArrayPlace(NamedTuple):
    """Where an array stands in a record: in ``holder`` under ``key``."""

    holder: Any
    key: Any

    @property
    def record(self) -> JsonObject:
        """The record of the array."""
        found: JsonObject = self.holder[self.key]
        return found


def store_once(record: JsonObject, known: set[str]) -> None:
    """Let each large array in a record that is ``known`` be told by its digest alone; others are known from now on."""
    for place in array_places(record, BYTES):
        digest = digest_of_array(place.record)
        if digest in known:
            place.record[SAME] = digest
            del place.record[BYTES]
        else:
            known.add(digest)


def restore_arrays(record: JsonObject, known: dict[str, Array]) -> None:
    """Put the arrays themselves in the place of their records: those that are told by their digest are ``known``.

    What comes again is the very same object. Raises TranscriptError where it is known from no line before.
    """
    for place in array_places(record, BYTES):
        digest = digest_of_array(place.record)
        known[digest] = place.holder[place.key] = decode_array(place.record)
    for place in array_places(record, SAME):
        place.holder[place.key] = known_array(place.record, known)


def known_array(record: JsonObject, known: dict[str, Array]) -> Array:
    """Return the array that a record tells of by its digest. Raises TranscriptError."""
    digest = record[SAME]
    array = known.get(digest) if isinstance(digest, str) else None
    if array is None:
        raise DamagedTranscriptError(f"no array before is the same as {visible(str(digest), limit=40)}")
    if array.dtype.name != record["dtype"] or array.shape != decode_shape(record["shape"]):
        raise TranscriptError("an array is not of the dtype and shape of the one that it is to be the same as")
    return array


def array_places(record: JsonObject, key: str) -> list[ArrayPlace]:
    """Return where the records of arrays stand that have a ``key``, in the order of writing."""
    return list(array_places_in(record, {"dtype", "shape", key}))


def array_places_in(part: Any, keys: set[str]) -> Iterator[ArrayPlace]:
    """Yield where objects with just these keys stand, however deep."""
    waiting = [part]
    while waiting:
        holder = waiting.pop()
        entries = list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder))
        for key, it in entries:
            if isinstance(it, dict) and it.keys() == keys:
                yield ArrayPlace(holder, key)
            elif key not in WITHOUT_ARRAYS and isinstance(it, dict | list):
                waiting.append(it)


def digest_of_array(record: JsonObject) -> str:
    """Return the digest of an array: of its dtype, its shape and its bytes."""
    head = f"{record['dtype']} {record['shape']} "
    return blake2b(f"{head}{record[BYTES]}".encode(errors="replace"), digest_size=DIGEST_SIZE).hexdigest()
