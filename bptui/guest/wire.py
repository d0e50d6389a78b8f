"""What the two processes say to each other: a JSON header, and the raw bytes of the arrays that it speaks of.

Nothing that comes from the child is taken on trust: no pickle, and every size and dtype is looked at before it is used.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

import numpy as np

PREFIX = struct.Struct(">IQ")
"""In front of each message: the bytes of its header, and of its arrays."""

MOST_HEADER = 1 << 20
MOST_PAYLOAD = 1 << 30
"""Bytes of a message's arrays: a value of 128 million float64 numbers."""

ALIGNMENT = 16
DTYPES: Mapping[str, np.dtype[Any]] = {
    np.dtype(name).str: np.dtype(name)
    for name in ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?")
}
"""What can cross: floats, integers and truth values that any machine has. A long double differs between machines."""

MOST_AXES = 64

LONGEST = 1 << 40
"""Along one axis, be it of an array without elements."""

Message: TypeAlias = "dict[str, Any]"
"""Plain JSON, and the arrays under the key ``arrays``: a list of arrays or None."""


class WireError(Exception):
    """What has arrived is not a message."""


def encode_message(message: Message) -> bytes:
    """Return a message as bytes. Raises WireError, before anything is copied, for one that is too large."""
    arrays = [None if array is None else native(array) for array in message.get("arrays", ())]
    specs = [None if array is None else (array.dtype.str, array.shape) for array in arrays]
    header = json.dumps({**message, "arrays": specs}).encode("ascii")
    payload = sum(array.nbytes + -array.nbytes % ALIGNMENT for array in arrays if array is not None)
    if len(header) > MOST_HEADER or payload > MOST_PAYLOAD:
        raise WireError(f"{len(header) + payload:,} bytes are more than can be handed over")
    return b"".join([PREFIX.pack(len(header), payload), header, *chain.from_iterable(map(padded, arrays))])


def padded(array: np.ndarray[Any, Any] | None) -> tuple[bytes, ...]:
    """Return an array's bytes, and those that fill it up to where the next one may begin."""
    return () if array is None else (array.tobytes(), bytes(-array.nbytes % ALIGNMENT))


def native(array: Any) -> np.ndarray[Any, Any]:
    """Return an array or a number as an array in this machine's byte order."""
    content = np.asarray(array)
    return content if content.dtype.isnative else content.astype(content.dtype.newbyteorder("="))


def is_sendable(dtype: np.dtype[Any]) -> bool:
    """Return whether arrays of a dtype, in either byte order, can cross."""
    return dtype.newbyteorder("=").str in DTYPES


def message_sizes(prefix: bytes) -> tuple[int, int]:
    """Return the bytes of the header and of the arrays that follow ``prefix``. Raises WireError for too many."""
    header, payload = PREFIX.unpack(prefix)
    if header > MOST_HEADER or payload > MOST_PAYLOAD:
        raise WireError(f"a message of {header + payload:,} bytes")
    return header, payload


def decode_message(header: bytes, payload: bytes) -> Message:
    """Return the message; its arrays are read-only views of ``payload``, those without axes NumPy scalars.

    Raises WireError where it is not one.
    """
    try:
        message = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise WireError("a header that is not JSON") from error
    if not isinstance(message, dict) or not isinstance(message.get("arrays"), list):
        raise WireError("a header without arrays")
    message["arrays"] = list(split_arrays(message["arrays"], payload))
    return message


def split_arrays(specs: Sequence[Any], payload: bytes) -> Iterator[Any]:
    """Yield the arrays that ``payload`` holds one after the other. Raises WireError where one reaches beyond it."""
    offset = 0
    for spec in specs:
        if spec is None:
            yield None
            continue
        dtype, shape = checked_array_header(spec)
        count = math.prod(shape)
        if offset + count * dtype.itemsize > len(payload):
            raise WireError("an array that is larger than what was sent")
        yield view(payload, dtype, shape, offset)
        size = count * dtype.itemsize
        offset += size + -size % ALIGNMENT


def view(payload: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int) -> Any:
    """Return the array that lies at ``offset``. Raises WireError where it has no possible shape."""
    if math.prod(shape):
        return np.frombuffer(payload, dtype, math.prod(shape), offset).reshape(shape)[()]
    try:
        return np.empty(shape, dtype)
    except ValueError as error:
        raise WireError("an array of no possible shape") from error


def checked_array_header(spec: Any) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return the dtype and the shape that a header tells of an array. Raises WireError."""
    match spec:
        case [str(name), [*shape]] if name in DTYPES and len(shape) <= MOST_AXES:
            if all(type(length) is int and 0 <= length < LONGEST for length in shape):
                return DTYPES[name], tuple(shape)
    raise WireError("an array of no known kind")
