"""A .npy gives its array, or one clear line; what it claims is never believed before it is checked."""

import pickle
import re
import struct
from pathlib import Path

import numpy as np
import pytest

from bptui.errors import ScenarioError
from bptui.scenario.data_files import read_array
from cost import traced_memory

HINT = "write it with np.save"


def npy(header: str, data: bytes = b"", *, version: bytes = b"\x01\x00") -> bytes:
    """Return a .npy with ``header`` as its text."""
    length = struct.pack("<H" if version == b"\x01\x00" else "<I", len(header))
    return b"\x93NUMPY" + version + length + header.encode("latin-1") + data


def described(descr: str = "'<f8'", shape: str = "(2, 3)", order: str = "False") -> str:
    """Return a header's text as NumPy writes it."""
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


def touch(path: str) -> None:
    """Leave a trace: what code in a file would do."""
    open(path, "x").close()  # noqa: PTH123


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[object, ...]:
        return touch, (self.path,)


SIX = bytes(48)
HOSTILE = {
    "empty": (b"", "the file is empty"),
    "text": (b"1.0, 2.0\n", "the magic string is not correct"),
    "png": (b"\x89PNG\r\n\x1a\n" + SIX, "the magic string is not correct"),
    "magic alone": (b"\x93NUMPY", "expected 8 bytes got 6"),
    "version 9": (npy(described(), SIX, version=b"\x09\x00"), r"format version is 9\.0"),
    "length cut": (b"\x93NUMPY\x01\x00\x10", "expected 2 bytes got 1"),
    "header cut": (npy(described())[:40], "expected 60 bytes got 30"),
    "4 GB header": (b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + SIX, "expected 4294967295 bytes got 48"),
    "20 KB header": (npy(described() + " " * 20_000, SIX), "expected 20060 bytes got 10002"),
    "minus signs": (npy(described(shape=f"({'-' * 9_000}1,)"), SIX), "its header is damaged"),
    "minus signs alone": (npy("-" * 9_000 + "1"), "its header is damaged"),
    "deep": (npy("(" * 4_000 + ")" * 4_000), "its header is damaged"),
    "deep shape": (npy(described(shape="(" * 4_000 + ")" * 4_000)), "its header is damaged"),
    "no dict": (npy("[1, 2, 3]"), "its header is damaged"),
    "missing key": (npy("{'descr': '<f8', 'shape': (2, 3), }", SIX), "its header is damaged"),
    "further key": (npy(described().replace("}", "'x': (1), }"), SIX), "its header is damaged"),
    "code": (npy(described(shape="__import__('os').abort()"), SIX), "its header is damaged"),
    "code as order": (npy(described(order="exit()"), SIX), "its header is damaged"),
    "code after": (npy(described().strip() + "or exit()\n", SIX), "its header is damaged"),
    "truncated": (npy(described(), SIX[:40]), "the header promises 48 bytes of data, the file has 40"),
    "no data": (npy(described()), "the header promises 48 bytes of data, the file has 0"),
    "trailing": (npy(described(), SIX + b"!"), "the header promises 48 bytes of data, the file has 49"),
    "7 TiB": (npy(described(shape="(7, 1099511627776)", descr="'|u1'"), SIX), "promises 7,696,581,394,432 bytes"),
    "4 GB": (npy(described(shape="(536870912,)"), SIX), "promises 4,294,967,296 bytes of data, the file has 48"),
    "wraps": (npy(described(shape="(4294967296, 4294967296)"), SIX), "promises 147,573,952,589,676,412,928 bytes"),
    "negative": (npy(described(shape="(-2, -3)"), SIX), r"the shape \(-2, -3\) is not made of whole numbers"),
    "bool dimensions": (npy(described(shape="(True, 6)"), SIX), r"\(True, 6\) is not made of whole numbers"),
    "float dimensions": (npy(described(shape="(2., 3)"), SIX), "shape is not valid"),
    "empty dimension": (npy(described(shape="(2,,3)"), SIX), "its header is damaged"),
    "huge dimension": (npy(described(shape=f"({'9' * 5_000},)"), SIX), "its header is damaged"),
    "Arabic dimensions": (npy(described(shape="(²,)"), SIX), "its header is damaged"),
    "65 axes": (npy(described(shape=f"({'1, ' * 65})"), SIX), "the array has 65 axes; at most 32"),
    "nothing wide": (npy(described(shape="(0, 1000000000000)")), "is out of all proportion"),
    "nothing in 32 axes": (npy(described(shape=f"(0, {'9999999999999999999, ' * 31})")), "is out of all proportion"),
}
FOREIGN = {
    "'|b1'": "it holds bool",
    "'<c8'": "it holds complex64",
    "'>c16'": "it holds complex128",
    "'<f2'": "it holds float16",
    "'<f16'": "it holds float128",
    "'<M8[D]'": "it holds datetime64",
    "'<m8[ns]'": "it holds timedelta64",
    "'|S5'": "it holds bytes",
    "'<U5'": "it holds str",
    "'|V8'": "it holds void",
    "'|O'": "it holds Python objects",
    "'O'": "it holds Python objects",
    "[('x', '<f8'), ('y', '<f8')]": "it holds structured records",
    "'f8, f8'": "it holds structured records",
}


def fault(data: bytes, folder: Path) -> ScenarioError:
    """Return the error that a .npy of ``data`` gets, having spent little memory."""
    (folder / "x.npy").write_bytes(data)
    with traced_memory() as memory, pytest.raises(ScenarioError) as caught:
        read_array("x.npy", folder)
    assert memory.peak < 10_000_000
    return caught.value


@pytest.mark.parametrize(("data", "told"), HOSTILE.values(), ids=HOSTILE)
def test_a_broken_file_is_told_of_at_its_own_place(data: bytes, told: str, tmp_path: Path) -> None:
    problem = fault(data, tmp_path)
    assert problem.path == str(tmp_path / "x.npy")
    assert re.search(told, problem.message), problem.message


@pytest.mark.parametrize(("descr", "told"), FOREIGN.items())
def test_a_dtype_that_is_not_computed_with_is_named(descr: str, told: str, tmp_path: Path) -> None:
    problem = fault(npy(described(descr=descr), SIX), tmp_path)
    assert told in problem.message
    assert "(dtype " in problem.message
    assert problem.hint


@pytest.mark.parametrize("descr", ["''", "'<i16'", "'f8x'", "7", "[[]]", "('f8', (2**31,))", "[('x', 'f8', 10**30)]"])
def test_what_is_not_a_dtype_is_refused(descr: str, tmp_path: Path) -> None:
    assert fault(npy(described(descr=descr), SIX), tmp_path).hint


@pytest.mark.parametrize("name", ["x.npy", "x.npz", "x.csv"])
def test_nothing_in_a_file_is_executed(name: str, tmp_path: Path) -> None:
    trace = tmp_path / "executed"
    bait = np.array([Trap(trace)], dtype=object)
    for save in (np.save, np.savez):
        with (tmp_path / name).open("wb") as stream:
            save(stream, bait, allow_pickle=True)
        with pytest.raises(ScenarioError):
            read_array(name, tmp_path)
    (tmp_path / name).write_bytes(pickle.dumps(Trap(trace)))
    with pytest.raises(ScenarioError):
        read_array(name, tmp_path)
    assert not trace.exists()
    pickle.loads(pickle.dumps(Trap(trace)))
    assert trace.exists(), "the bait is live"


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<i8', 'fortran_order': False, 'shape': (2L, 3L), }",
        '{"shape": (2,3), "fortran_order": False, "descr": "<i8"}',
        "{'descr':'<i8','fortran_order':False,'shape':(2, 3)}",
    ],
)
@pytest.mark.parametrize("version", [b"\x01\x00", b"\x02\x00", b"\x03\x00"])
def test_other_writers_headers_are_read(header: str, version: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(npy(header, struct.pack("<6q", *range(6)), version=version))
    assert read_array("x.npy", tmp_path).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_few_rows_of_four_gigabytes_cost_a_few_rows(tmp_path: Path) -> None:
    with (tmp_path / "x.npy").open("wb") as stream:
        stream.write(npy(described(shape="(1048576, 1024)", descr="'<i4'")))
        start = stream.tell()
        stream.seek(start + 5 * 4096)
        stream.write(struct.pack("<i", 7))
        stream.truncate(start + 2**32)
    with traced_memory() as memory:
        rows = read_array("x.npy", tmp_path, rows=(4, 8))
    assert memory.peak < 500_000
    assert rows.shape == (4, 1024)
    assert np.argwhere(rows).tolist() == [[1, 0]]
    with pytest.raises(ScenarioError, match="the array has 4,294,967,296 bytes; at most 1,073,741,824 are read"):
        read_array("x.npy", tmp_path)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((0, 5), "has 4 rows, fewer than"),
        ((4, 5), "has 4 rows, fewer than"),
        ((2, 2), r"has nothing in rows = \[2, 2\]"),
        ((3, 1), r"has nothing in rows = \[3, 1\]"),
        ((-2, 4), "has no negative rows"),
        ((0, -1), "has no negative rows"),
    ],
)
@pytest.mark.parametrize("name", ["x.npy", "x.npz", "x.csv"])
def test_rows_that_are_not_there_are_the_scenarios_mistake(
    rows: tuple[int, int], told: str, name: str, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", np.ones((4, 2)))
    np.savez(tmp_path / "x.npz", np.ones((4, 2)))
    np.savetxt(tmp_path / "x.csv", np.ones((4, 2)), delimiter=",")
    with pytest.raises(ScenarioError, match=f"'{name}' {told}") as caught:
        read_array(name, tmp_path, rows=rows)
    assert caught.value.where is None
    assert caught.value.hint


def test_a_single_number_has_no_rows(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.float64(3))
    with pytest.raises(ScenarioError, match="holds a single number"):
        read_array("x.npy", tmp_path, rows=(0, 1))


def test_a_npy_has_no_keys(tmp_path: Path) -> None:
    (tmp_path / "x.npy").touch()
    with pytest.raises(ScenarioError, match=r"'x\.npy' holds one array") as caught:
        read_array("x.npy", tmp_path, key="x")
    assert caught.value.where is None
