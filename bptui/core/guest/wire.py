"""What the two processes say to each other: a JSON header, and the raw bytes of the arrays that it speaks of.

Nothing that comes from the child is taken on trust: no pickle, and every size and dtype is looked at before it is used.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

PREFIX = struct.Struct(">IQ")
"""In front of each message: the bytes of its header, and of its arrays."""

MOST_HEADER = 1 << 20
MOST_PAYLOAD = 1 << 30
"""Bytes of a message's arrays: a value of 128 million float64 numbers."""

ALIGNMENT = 16
KINDS = "fiub"
WIDEST = 8
"""Bytes of one number: float64 and int64, but no long double, which differs from machine to machine."""

Message: TypeAlias = "dict[str, Any]"
"""Plain JSON, and the arrays under the key ``arrays``: a list of arrays or None."""


class WireError(Exception):
    """What has arrived is no message."""


def encode(message: Message) -> bytes:
    """Return a message as bytes."""
    specs: list[Any] = []
    parts: list[bytes] = []
    for array in message.get("arrays", ()):
        if array is None:
            specs.append(None)
            continue
        content = native(array)
        specs.append((content.dtype.str, content.shape))
        parts += (content.tobytes(), bytes(-content.nbytes % ALIGNMENT))
    header = json.dumps({**message, "arrays": specs}).encode("ascii")
    payload = b"".join(parts)
    if len(header) > MOST_HEADER or len(payload) > MOST_PAYLOAD:
        raise WireError(f"{len(header) + len(payload):,} bytes are more than can be handed over")
    return PREFIX.pack(len(header), len(payload)) + header + payload


def native(array: Any) -> np.ndarray[Any, Any]:
    """Return an array or a number as an array in this machine's byte order."""
    content = np.asarray(array)
    return content if content.dtype.isnative else content.astype(content.dtype.newbyteorder("="))


def is_sendable(dtype: np.dtype[Any]) -> bool:
    """Return whether arrays of a dtype can cross: floats, integers and truth values that any machine has."""
    return dtype.kind in KINDS and dtype.itemsize <= WIDEST


def sizes(prefix: bytes) -> tuple[int, int]:
    """Return the bytes of the header and of the arrays that follow ``prefix``."""
    header, payload = PREFIX.unpack(prefix)
    if header > MOST_HEADER or payload > MOST_PAYLOAD:
        raise WireError(f"a message of {header + payload:,} bytes")
    return header, payload


def decode(header: bytes, payload: bytes) -> Message:
    """Return the message; its arrays are read-only views of ``payload``, those without axes NumPy scalars."""
    try:
        message = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise WireError("a header that is no JSON") from error
    if not isinstance(message, dict) or not isinstance(message.get("arrays"), list):
        raise WireError("a header without arrays")
    message["arrays"] = list(cut(message["arrays"], payload))
    return message


def cut(specs: Sequence[Any], payload: bytes) -> Iterator[Any]:
    """Yield the arrays that ``payload`` holds one after the other."""
    offset = 0
    for spec in specs:
        if spec is None:
            yield None
            continue
        dtype, shape = checked(spec)
        count = math.prod(shape)
        if offset + count * dtype.itemsize > len(payload):
            raise WireError("an array that is larger than what was sent")
        yield np.frombuffer(payload, dtype, count, offset).reshape(shape)[()] if count else np.empty(shape, dtype)
        size = count * dtype.itemsize
        offset += size + -size % ALIGNMENT


def checked(spec: Any) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return the dtype and the shape that a header tells of an array."""
    try:
        name, shape = spec
        dtype = np.dtype(name)
        whole = isinstance(name, str) and all(type(length) is int and length >= 0 for length in shape)
    except (TypeError, ValueError) as error:
        raise WireError("no description of an array") from error
    if not whole or len(shape) > 64 or not is_sendable(dtype):
        raise WireError("an array of no known kind")
    return dtype, tuple(shape)
