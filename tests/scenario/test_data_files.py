"""What NumPy wrote is read back bit for bit; whatever else a file has in it is read or refused, and nothing else."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bptui.errors import ScenarioError
from bptui.scenario.data_files import read_array
from layers import Array

DTYPES = [order + code for code in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8") for order in "<>"]
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
ARRAYS = st.sampled_from(DTYPES).flatmap(lambda dtype: hnp.arrays(np.dtype(dtype), SHAPES))
WRITERS = {"x.npy": np.save, "x.npz": np.savez, "packed.npz": np.savez_compressed}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scenario")


@given(ARRAYS, st.sampled_from(["C", "F"]), st.sampled_from(sorted(WRITERS)), st.data())
def test_what_numpy_writes_is_read_back_bit_for_bit(
    folder: Path, array: Array, order: Literal["C", "F"], name: str, data: st.DataObject
) -> None:
    with (folder / name).open("wb") as stream:
        WRITERS[name](stream, np.asarray(array, order=order))
    rows = None
    if array.ndim and len(array):
        start = data.draw(st.integers(0, len(array) - 1))
        rows = data.draw(st.none() | st.tuples(st.just(start), st.integers(start + 1, len(array))))
    got = read_array(name, folder, rows=rows)
    want = array[slice(*rows)] if rows else array
    assert got.shape == want.shape
    assert got.dtype == array.dtype.newbyteorder("=")
    assert got.dtype.isnative
    assert got.tobytes() == want.astype(got.dtype).tobytes()
    assert not got.flags.writeable
    assert got.flags.c_contiguous, "sums depend on the order in memory"


TABLES = hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=5).filter(lambda shape: shape[1:] != (1,))


@given(st.sampled_from(["i8", "f8"]).flatmap(lambda dtype: hnp.arrays(dtype, TABLES)), st.booleans())
def test_a_csv_is_read_back_bit_for_bit(folder: Path, array: Array, has_header: bool) -> None:
    names = [f"column {n}" for n in range(array.shape[1] if array.ndim == 2 else 1)]
    lines = [",".join(map(repr, np.atleast_1d(row).tolist())) for row in array]
    (folder / "x.csv").write_text("\n".join([",".join(names), *lines] if has_header else lines))
    key = None if not has_header else names if array.ndim == 2 else names[0]
    got = read_array("x.csv", folder, key=key)
    assert got.dtype == array.dtype
    assert np.array_equal(got, array, equal_nan=array.dtype.kind == "f")
    assert np.array_equal(np.signbit(got), np.signbit(array)) or np.isnan(got).any()
    assert not got.flags.writeable


def written(save: Callable[..., None], *arrays: Array) -> bytes:
    stream = io.BytesIO()
    save(stream, *arrays)
    return stream.getvalue()


VALID = {
    "x.npy": written(np.save, np.arange(6.0).reshape(2, 3)),
    "labels.npy": written(np.save, np.arange(4, dtype=">i2")),
    "x.npz": written(np.savez, np.arange(6.0).reshape(2, 3)),
    "packed.npz": written(np.savez_compressed, np.arange(6.0).reshape(2, 3)),
    "x.csv": b'x,"y"\r\n1.5,-2\r\n"3",4e2\r\n',
}
EDITS = st.lists(st.tuples(st.integers(0, 500), st.binary(max_size=3), st.integers(0, 3)), max_size=4)


@settings(max_examples=12)
@given(st.sampled_from(sorted(VALID)), EDITS, st.none() | st.just((0, 1)))
def test_a_damaged_file_is_an_array_or_an_error_and_nothing_else(
    folder: Path, name: str, edits: list[tuple[int, bytes, int]], rows: tuple[int, int] | None
) -> None:
    data = VALID[name]
    for place, bytes_in, count in edits:
        start = place % len(data) if data else 0
        data = data[:start] + bytes_in + data[start + count :]
    is_read_or_refused(name, data, folder, rows)


@given(st.sampled_from([".npy", ".npz", ".csv"]), st.binary(max_size=200))
def test_any_bytes_are_an_array_or_an_error_and_nothing_else(folder: Path, suffix: str, data: bytes) -> None:
    is_read_or_refused(f"any{suffix}", data, folder, None)


@given(st.text(max_size=60))
def test_any_name_is_an_array_or_an_error_and_nothing_else(folder: Path, name: str) -> None:
    with pytest.raises(ScenarioError):
        read_array(f"nowhere/{name}", folder)


@given(st.text("0123456789.eE+-_ ,;\"'=naif\t\n", max_size=30))
def test_a_csv_has_numbers_only_where_numpy_sees_the_same(folder: Path, text: str) -> None:
    (folder / "text.csv").write_text(text)
    try:
        got = read_array("text.csv", folder)
    except ScenarioError:
        return
    lines = text.rstrip().split("\n")
    has_header = len(np.atleast_1d(got)) < len(lines)
    want = np.loadtxt(io.StringIO(text.rstrip()), delimiter=",", skiprows=int(has_header), quotechar='"').reshape(
        got.shape
    )
    assert np.array_equal(got, want, equal_nan=got.dtype.kind == "f")


def is_read_or_refused(name: str, data: bytes, folder: Path, rows: tuple[int, int] | None) -> None:
    (folder / name).write_bytes(data)
    try:
        got = read_array(name, folder, rows=rows)
    except ScenarioError:
        return
    assert got.dtype.kind in "iuf"
