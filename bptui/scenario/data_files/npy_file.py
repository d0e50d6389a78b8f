"""NumPy's .npy format (NEP 1, versions 1 to 3), read without NumPy's own reader.

That one evaluates the header as Python, can unpickle, and allocates what the header claims. Here a header is matched
against a pattern, and what it promises is compared with the bytes that are there before anything is allocated.
"""

from __future__ import annotations

import math
import os
import re
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from bptui.core.text import visible
from bptui.scenario.data_files.location import DataFile
from bptui.scenario.data_files.row_range import Rows, check_rows
from layers import Array

MOST_BYTES = 2**30
"""The largest array that is read: 1 GiB. With ``rows``, a larger file will do."""

MOST_HEADER_BYTES = 10_000
"""As in NumPy's own reader; its writer needs 118 for anything that is accepted here."""

MOST_AXES = 32
CHUNK_BYTES = 2**16

MAGIC = b"\x93NUMPY"
LENGTH_BYTES = {b"\x01\x00": 2, b"\x02\x00": 4, b"\x03\x00": 4}
"""How many bytes the header's length takes, by format version."""

ENTRY = re.compile(r"""\s*(['"])(\w+)\1\s*:\s*(True|False|'[^']*'|"[^"]*"|\([^()]*\)|\[[^\n]*\])\s*(?:,\s*|(?=\}))""")
ACCEPTED = re.compile(r"[<>=|]?(?:[iu][1248]|f[48])")
DIMENSION = re.compile(r"([0-9]{1,19})L?")
"""Python 2 wrote ``2L``."""

REFUSED = re.compile(r"[<>=|]?(?P<letter>[bcfmMOSUV])(?P<size>[0-9]{0,3})(\[\w+\])?")
NAMES = {
    "b": "bool",
    "c": "complex",
    "f": "float",
    "m": "timedelta64",
    "M": "datetime64",
    "O": "Python objects",
    "S": "bytes",
    "U": "str",
    "V": "void",
}
"""Kinds of dtype that no scenario computes with, by the letter in the header."""

SAVE_NUMBERS = "save plain numbers: np.save(file, x.astype(float))"


class Header(NamedTuple):
    """What the file says of its array, and the place of its first byte."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    is_fortran: bool
    start: int

    @property
    def size(self) -> int:
        """The bytes that the whole array takes."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_npy(stream: BinaryIO, file: DataFile, rows: Rows | None) -> Array:
    """Return the array in ``stream``, or its ``rows``; only these are read where they lie together."""
    header = read_header(stream, os.fstat(stream.fileno()).st_size, file)
    if rows is None:
        return read_data(stream, header, file)
    start, stop = check_rows(rows, header.shape, file)
    if header.is_fortran:
        return read_data(stream, header, file)[start:stop].copy()
    row_size = header.size // header.shape[0]
    stream.seek(header.start + start * row_size)
    return read_data(stream, header._replace(shape=(stop - start, *header.shape[1:])), file)


def read_header(stream: BinaryIO, size: int, file: DataFile) -> Header:
    """Return the header of a .npy of ``size`` bytes, every promise of it checked; ``stream`` stands at the data."""
    text, start = read_text(stream, size, file)
    entries = parse(text, file)
    dtype = parse_dtype(entries["descr"], file)
    shape = parse_shape(entries["shape"], file)
    header = Header(dtype, shape, entries["fortran_order"] == "True", start)
    if header.size != size - start:
        raise wrong_size(header, size - start, file)
    if 0 in shape and math.prod(filter(None, shape)) * dtype.itemsize > MOST_BYTES:
        raise file.fault(f"the shape {visible(entries['shape'])} is out of all proportion")
    return header


def read_text(stream: BinaryIO, size: int, file: DataFile) -> tuple[str, int]:
    """Return the header's text, and how many bytes into the file the data start."""
    if not size:
        raise file.fault("the file is empty", hint="write it with np.save")
    if stream.read(len(MAGIC)) != MAGIC:
        raise file.fault("this is not a .npy file: it does not start with \\x93NUMPY", hint="write it with np.save")
    version = stream.read(2)
    if version not in LENGTH_BYTES:
        told = ".".join(map(str, version)) or "missing"
        raise file.fault(f"the format version is {told}; known are 1.0, 2.0 and 3.0", hint="write it with np.save")
    length_bytes = LENGTH_BYTES[version]
    length = int.from_bytes(stream.read(length_bytes), "little")
    start = len(MAGIC) + len(version) + length_bytes + length
    if start > size:
        raise file.fault(f"the header would end at byte {start:,}, the file has {size:,}", hint="it was cut short")
    if length > MOST_HEADER_BYTES:
        raise file.fault(f"the header has {length:,} bytes; at most {MOST_HEADER_BYTES:,} are read")
    return stream.read(length).decode("latin-1"), start


def parse(text: str, file: DataFile) -> dict[str, str]:
    """Return the header's three entries as they are written: a dict in Python's spelling, matched and not evaluated."""
    entries: dict[str, str] = {}
    end = 1
    while match := ENTRY.match(text, end):
        _, name, value = match.groups()
        entries[name] = value.strip("'\"")
        end = match.end()
    is_whole = text.startswith("{") and text[end:].rstrip(" \n") == "}"
    if not is_whole or entries.keys() != {"descr", "fortran_order", "shape"}:
        raise file.fault(f"the header is not understood: {visible(text, limit=60)}", hint="write it with np.save")
    return entries


def parse_dtype(text: str, file: DataFile) -> np.dtype[Any]:
    """Return the dtype, in the file's byte order: integers, float32 and float64 are accepted."""
    if ACCEPTED.fullmatch(text):
        return np.dtype(text)
    told = f"it holds {kind_of(text)} (dtype {visible(text, limit=40)}), not integers, float32 or float64"
    raise file.fault(told, hint="save each field as an array of its own" if text.startswith("[") else SAVE_NUMBERS)


def kind_of(text: str) -> str:
    """Return what NumPy calls the dtype ``text``, which is none that is accepted."""
    if text.startswith("["):
        return "structured records"
    match = REFUSED.fullmatch(text)
    if not match:
        return "what is not a number"
    letter, size = match["letter"], match["size"]
    return f"{NAMES[letter]}{8 * int(size)}" if letter in {"c", "f"} and size else NAMES[letter]


def parse_shape(text: str, file: DataFile) -> tuple[int, ...]:
    """Return the shape that ``text``, a tuple in Python's spelling, writes out."""
    dimensions = [dimension.strip() for dimension in text.strip("()").split(",")]
    if not dimensions[-1]:
        dimensions.pop()
    if len(dimensions) > MOST_AXES:
        raise file.fault(f"the array has {len(dimensions)} axes; at most {MOST_AXES} are read")
    matches = [DIMENSION.fullmatch(dimension) for dimension in dimensions]
    if not all(matches):
        raise file.fault(f"the shape {visible(text, limit=60)} is not made of whole numbers")
    return tuple(int(match[1]) for match in matches if match)


def read_data(stream: BinaryIO, header: Header, file: DataFile) -> Array:
    """Return the array whose bytes come next in ``stream``, in native byte order and C order.

    The order in memory is part of the result: NumPy's sums depend on it in their last bits.
    """
    if header.size > MOST_BYTES:
        raise file.fault(
            f"the array has {header.size:,} bytes; at most {MOST_BYTES:,} are read",
            hint="read a part of it: rows = [start, stop]; of a Fortran-ordered array that is not possible",
        )
    flat = np.empty(math.prod(header.shape), header.dtype)
    got = fill(flat.view(np.uint8).data, stream)
    if got < header.size:
        raise wrong_size(header, got, file)
    if not header.dtype.isnative:
        flat = flat.byteswap(inplace=True).view(header.dtype.newbyteorder("="))
    if header.is_fortran:
        return flat.reshape(header.shape[::-1]).transpose().copy(order="C")
    return flat.reshape(header.shape)


def fill(buffer: memoryview, stream: BinaryIO) -> int:
    """Read into ``buffer`` until it is full or ``stream`` ends; return how many bytes came."""
    got = 0
    while got < len(buffer) and (data := stream.read(min(CHUNK_BYTES, len(buffer) - got))):
        buffer[got : got + len(data)] = data
        got += len(data)
    return got


def wrong_size(header: Header, size: int, file: DataFile) -> Exception:
    """Return the error that the header and the file disagree about the number of bytes."""
    hint = "it was cut short; save it again" if size < header.size else "np.savez puts several arrays into one file"
    return file.fault(f"the header promises {header.size:,} bytes of data, the file has {size:,}", hint=hint)
