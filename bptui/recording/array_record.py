"""Arrays as JSON, bit for bit: numbers that a person can read while they are few, base64 beyond."""

from __future__ import annotations

import math
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import numpy as np

from bptui.core import text
from bptui.core.columns import freeze
from bptui.errors import TranscriptError
from layers import Array

MOST_NUMBERS = 1024
"""The largest array that is written as numbers."""

MOST_AXES = 64
LONGEST_AXIS = 2**31

CODES = ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?")
DTYPES = {dtype.name: dtype for dtype in map(np.dtype, CODES)}
"""What an array may be made of, by the name in its record."""

NAMES = {dtype: name for name, dtype in DTYPES.items()}
"""The same the other way round: NumPy takes longer to put a dtype's name together than to multiply with it."""

NON_FINITE = {word: float(number) for number, word in text.JSON_WORDS.items()}
"""JSON has no numbers for these, so they are strings."""

ELEMENTS: Mapping[str, set[type]] = {"f": {float, int, str}, "i": {int}, "u": {int}, "b": {bool}}
"""What ``data`` may hold, by the dtype's kind."""

ARRAY_DEFINITION: Mapping[str, Any] = {
    "description": "An array, row-major. data has numbers; above 1,024 elements base64 has the little-endian bytes. "
    "In a transcript same stands for an earlier one: BLAKE2b of its dtype, shape and base64 with spaces between.",
    "type": "object",
    "properties": {
        "dtype": {"enum": list(DTYPES)},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}, "maxItems": MOST_AXES},
        "data": {
            "type": "array",
            "items": {"anyOf": [{"type": ["number", "boolean"]}, {"enum": list(NON_FINITE)}]},
            "maxItems": MOST_NUMBERS,
        },
        "base64": {"type": "string"},
        "same": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
    "required": ["dtype", "shape"],
    "oneOf": [{"required": ["data"]}, {"required": ["base64"]}, {"required": ["same"]}],
}
ARRAY_SCHEMA: Mapping[str, Any] = {"$ref": "#/$defs/array"}


def encode_array(array: Array) -> dict[str, Any]:
    """Return the record of an array of any shape. Raises TranscriptError for a dtype that no recording has."""
    array = np.asarray(array)
    name = NAMES.get(array.dtype) or array.dtype.name
    if name not in DTYPES:
        raise TranscriptError(f"an array of {name} cannot be recorded")
    record = {"dtype": name, "shape": list(array.shape)}
    if array.size > MOST_NUMBERS:
        little_endian = array.astype(array.dtype.newbyteorder("<"), copy=False)
        return record | {"base64": b64encode(little_endian.tobytes()).decode("ascii")}
    return record | {"data": encode_numbers(array)}


def encode_numbers(array: Array) -> list[Any]:
    """Return the elements in row-major order, as JSON knows them."""
    numbers = array.ravel().tolist()
    if array.dtype.kind != "f" or all(map(math.isfinite, numbers)):
        return numbers
    return list(map(text.json_number, numbers))


def decode_array(record: object) -> Array:
    """Return the array of a record, read-only; one that was read already stands for itself.

    Raises TranscriptError that says what is wrong with it.
    """
    if isinstance(record, np.ndarray):
        return record
    if not isinstance(record, dict):
        raise TranscriptError("an array is missing, or is not an object")
    dtype = decode_dtype(record.get("dtype"))
    shape = decode_shape(record.get("shape"))
    match record:
        case {"base64": str(encoded)}:
            flat = decode_bytes(encoded, dtype)
        case {"data": list(numbers)}:
            flat = decode_numbers(numbers, dtype)
        case _:
            raise TranscriptError("an array has neither data nor base64")
    if flat.size != math.prod(shape):
        raise TranscriptError(f"an array of shape {list(shape)} has {flat.size} elements")
    return freeze(flat.reshape(shape))


def decode_dtype(name: object) -> np.dtype[Any]:
    """Return the dtype called ``name``. Raises TranscriptError."""
    if not isinstance(name, str) or name not in DTYPES:
        raise TranscriptError("an array's dtype is not one that bptui writes", hint=f"it writes {', '.join(DTYPES)}")
    return DTYPES[name]


def decode_shape(shape: object) -> tuple[int, ...]:
    """Return a shape. Raises TranscriptError for one that is not a list of sizes, or beyond what NumPy can hold."""
    if shape == []:
        return ()
    if not isinstance(shape, list) or not all(type(size) is int and 0 <= size < LONGEST_AXIS for size in shape):
        raise TranscriptError("an array's shape is not a list of sizes")
    if len(shape) > MOST_AXES or math.prod(size or 1 for size in shape) >= LONGEST_AXIS:
        raise TranscriptError("an array's shape is too large")
    return tuple(shape)


def decode_bytes(encoded: str, dtype: np.dtype[Any]) -> Array:
    """Return the elements written as base64 of their little-endian bytes. Raises TranscriptError."""
    try:
        raw = b64decode(encoded, validate=True)
        return np.frombuffer(raw, dtype.newbyteorder("<")).astype(dtype, copy=False)
    except ValueError:
        raise TranscriptError(f"an array's base64 is damaged, or not a whole number of {dtype.name}") from None


def decode_numbers(numbers: list[Any], dtype: np.dtype[Any]) -> Array:
    """Return the elements written as JSON numbers, or as the strings for those that are not finite.

    Raises TranscriptError.
    """
    if not set(map(type, numbers)) <= ELEMENTS[dtype.kind]:
        raise TranscriptError(f"an array of {dtype.name} has an element of another kind")
    words = [number for number in numbers if isinstance(number, str)]
    if words:
        numbers = [decode_non_finite(number) if isinstance(number, str) else number for number in numbers]
    try:
        with np.errstate(all="ignore"):
            array = np.array(numbers, dtype)
    except OverflowError:
        array = None
    if array is None or sum(map(math.isfinite, array.tolist())) != len(numbers) - len(words):
        raise TranscriptError(f"an array has a number that {dtype.name} cannot hold")
    return array


def decode_non_finite(word: str) -> float:
    """Return the number that a string stands for. Raises TranscriptError."""
    if word not in NON_FINITE:
        raise TranscriptError("an array's element is neither a number nor NaN, Infinity or -Infinity")
    return NON_FINITE[word]
