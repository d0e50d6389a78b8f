"""NumPy's .npy format (NEP 1, versions 1 to 3): NumPy reads the header, and what that promises is checked before use.

A header is a Python literal, which NumPy reads as one without running anything in it, and no pickled array is
accepted. Nothing is allocated before the size that is promised has been compared with the bytes that are there.
"""

from __future__ import annotations

import io
import math
import os
import warnings
from tokenize import TokenError
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.lib import format as npy_format

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

HEADER_READERS = {
    (1, 0): npy_format.read_array_header_1_0,
    (2, 0): npy_format.read_array_header_2_0,
    (3, 0): npy_format.read_array_header_2_0,  # 3.0 differs in how it writes the names of fields, which are refused
}
"""What reads a header, by the version of the format."""

NOT_A_HEADER = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    SyntaxError,
    TokenError,
    RecursionError,
    MemoryError,
)
"""What reading a header raises where it is not one; Python's parser gives up on what is nested too deep."""

SAVE = "write it with np.save"
SAVE_NUMBERS = "save plain numbers: np.save(file, x.astype(float))"


class NpyHeader(NamedTuple):
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
    """Return the array in ``stream``, or its ``rows``; only these are read where they lie together.

    Raises ScenarioError where it is not such an array.
    """
    header = read_npy_header(stream, os.fstat(stream.fileno()).st_size, file)
    if rows is None:
        file.check_elements(header.shape)
        return read_data(stream, header, file)
    start, stop = check_rows(rows, header.shape, file)
    if header.is_fortran:
        return read_data(stream, header, file)[start:stop].copy()
    row_size = header.size // header.shape[0]
    stream.seek(header.start + start * row_size)
    return read_data(stream, header._replace(shape=(stop - start, *header.shape[1:])), file)


def read_npy_header(stream: BinaryIO, size: int, file: DataFile) -> NpyHeader:
    """Return the header of a .npy of ``size`` bytes, every promise of it checked, and go to where the data start.

    Raises ScenarioError where a promise does not hold.
    """
    if not size:
        raise file.fault("the file is empty", hint=SAVE)
    header = parse_header(stream.read(npy_format.MAGIC_LEN + 4 + MOST_HEADER_BYTES), file)
    check_dtype(header.dtype, file)
    check_shape(header.shape, file)
    if header.size != size - header.start:
        raise wrong_size(header, size - header.start, file)
    if 0 in header.shape and math.prod(filter(None, header.shape)) * header.dtype.itemsize > MOST_BYTES:
        raise file.fault(f"the shape {visible(str(header.shape))} is out of all proportion")
    stream.seek(header.start)
    return header


def parse_header(head: bytes, file: DataFile) -> NpyHeader:
    """Return the header that a file begins with. Raises ScenarioError where it does not begin with one."""
    stream = io.BytesIO(head)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numbers as Python 2 wrote them, 2L
            version = npy_format.read_magic(stream)
            if version not in HEADER_READERS:
                told = ".".join(map(str, version))
                raise file.fault(f"the format version is {told}; known are 1.0, 2.0 and 3.0", hint=SAVE)
            shape, is_fortran, dtype = HEADER_READERS[version](stream, max_header_size=MOST_HEADER_BYTES)
    except NOT_A_HEADER as error:
        why = visible(" ".join(str(error).split()), limit=100) or "it is nested too deep"
        raise file.fault(f"this is not a .npy file, or its header is damaged: {why}", hint=SAVE) from None
    return NpyHeader(dtype, shape, is_fortran, stream.tell())


def check_dtype(dtype: np.dtype[Any], file: DataFile) -> None:
    """Refuse what no scenario computes with; integers, float32 and float64 are accepted in either byte order.

    Raises ScenarioError.
    """
    if dtype.kind in "iu" or (dtype.kind == "f" and dtype.itemsize in {4, 8}):
        return
    kind = "structured records" if dtype.fields else "Python objects" if dtype.hasobject else dtype.name
    hint = "save each field as an array of its own" if dtype.fields else SAVE_NUMBERS
    told = visible(str(dtype.descr if dtype.fields else dtype.str), limit=40)
    raise file.fault(f"it holds {kind} (dtype {told}), not integers, float32 or float64", hint=hint)


def check_shape(shape: tuple[int, ...], file: DataFile) -> None:
    """Refuse a shape that NumPy could not hold, or that only passes for one. Raises ScenarioError."""
    if len(shape) > MOST_AXES:
        raise file.fault(f"the array has {len(shape)} axes; at most {MOST_AXES} are read")
    if not all(type(length) is int and length >= 0 for length in shape):
        raise file.fault(f"the shape {visible(str(shape), limit=60)} is not made of whole numbers")


def read_data(stream: BinaryIO, header: NpyHeader, file: DataFile) -> Array:
    """Return the array whose bytes come next in ``stream``, in native byte order and C order.

    The order in memory is part of the result: NumPy's sums depend on it in their last bits.
    Raises ScenarioError where the file ends before its data.
    """
    if header.size > MOST_BYTES:
        raise file.fault(
            f"the array has {header.size:,} bytes; at most {MOST_BYTES:,} are read",
            hint="read a part of it: rows = [start, stop]; of a Fortran-ordered array that is not possible",
        )
    flat = np.empty(math.prod(header.shape), header.dtype)
    got = read_into(flat.view(np.uint8).data, stream)
    if got < header.size:
        raise wrong_size(header, got, file)
    if not header.dtype.isnative:
        flat = flat.byteswap(inplace=True).view(header.dtype.newbyteorder("="))
    if header.is_fortran:
        return flat.reshape(header.shape[::-1]).transpose().copy(order="C")
    return flat.reshape(header.shape)


def read_into(buffer: memoryview, stream: BinaryIO) -> int:
    """Read into ``buffer`` until it is full or ``stream`` ends; return how many bytes came."""
    got = 0
    while got < len(buffer) and (data := stream.read(min(CHUNK_BYTES, len(buffer) - got))):
        buffer[got : got + len(data)] = data
        got += len(data)
    return got


def wrong_size(header: NpyHeader, size: int, file: DataFile) -> Exception:
    """Return the error that the header and the file disagree about the number of bytes."""
    hint = "it was cut short; save it again" if size < header.size else "np.savez puts several arrays into one file"
    return file.fault(f"the header promises {header.size:,} bytes of data, the file has {size:,}", hint=hint)
