"""Arrays from the .npy, .npz and .csv files that a scenario names, read as if each of them were hostile.

Nothing in a data file is executed, unpickled or evaluated, and what it claims about itself is held against its real
size before any memory is spent on it.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from bptui.errors import reason_of
from bptui.scenario.data_files.csv_file import Key, read_csv
from bptui.scenario.data_files.location import DataFile, locate
from bptui.scenario.data_files.npy_file import read_npy
from bptui.scenario.data_files.npz_file import read_npz
from bptui.scenario.data_files.row_range import Rows
from layers import Array

__all__ = ["data_digest", "read_array"]


def read_array(name: str, folder: Path, *, key: Key = None, rows: Rows | None = None, most: float = math.inf) -> Array:
    """Return the array in the data file ``name``, which lies in ``folder`` or below it; read-only.

    The dtype is the stored one, in this machine's byte order: an integer type, float32 or float64. A .npy holds one
    array; in a .npz, ``key`` picks one, and may be left out where there is only one. A .csv gives ``[rows, columns]``,
    and ``[rows]`` where it has a single column, or where ``key`` is what its first line calls one: int64 where every
    cell is an integer, otherwise float64. A list as ``key`` takes several columns, in that order; where the first line
    has names, some key must be given.
    ``rows = (start, stop)`` keeps that part of the first axis, stop excluded; of a .npy only that part is read. An
    array of more than ``most`` elements is refused, where its header tells how many it has before it is read.

    Whatever is wrong is a ScenarioError. Its ``where`` is a place in the data file where the file's content is at
    fault, and None where the scenario is: its name for the file, its key or its rows.
    Raises ScenarioError for a file that is missing, damaged or not what is asked for.
    """
    file = replace(locate(name, folder), most=most)
    try:
        with file.path.open("rb") as stream:
            array = read_stream(stream, file, key, rows)
    except OSError as problem:
        raise file.fault(f"cannot be read: {reason_of(problem)}") from problem
    file.check_elements(array.shape)
    array.setflags(write=False)
    return array


def data_digest(name: str, folder: Path) -> str:
    """Return the SHA-256 of a data file that was read, in hexadecimal. Raises ScenarioError where it is gone."""
    file = locate(name, folder)
    try:
        with file.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as problem:
        raise file.fault(f"cannot be read: {reason_of(problem)}") from problem


def read_stream(stream: BinaryIO, file: DataFile, key: Key, rows: Rows | None) -> Array:
    """Return the array in ``stream``, read in the way that the file's suffix asks for.

    Raises ScenarioError where a key is given and the file has none.
    """
    if file.suffix == ".csv":
        return read_csv(stream, file, key, rows)
    if not isinstance(key, str | None):
        raise file.misuse("has no columns with names, so a list cannot be its key", hint="a list is for .csv")
    if file.suffix == ".npz":
        return read_npz(stream, file, key, rows)
    if key is not None:
        raise file.misuse("holds one array, so there is no key to it", hint="leave key out: it is for .npz and .csv")
    return read_npy(stream, file, rows)
