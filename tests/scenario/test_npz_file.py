"""A .npz gives the array that is asked for; no claim of a zip is believed before it is checked."""

import io
import re
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from bptui.errors import ScenarioError
from bptui.scenario.data_files import read_array
from cost import traced_memory
from layers import Array


def npy(array: Array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


Change: TypeAlias = Callable[[zipfile.ZipInfo], None]

ONES = npy(np.ones(6))


def archive(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED, change: Change | None = None) -> bytes:
    """Return a zip of ``members``; ``change`` may falsify the directory's entry of each."""
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", method) as opened:
        warnings.simplefilter("ignore")
        for name, data in members:
            opened.writestr(name, data)
        for info in opened.infolist():
            if change:
                change(info)
    return stream.getvalue()


def claim(**fields: int) -> Change:
    """Return a change to a directory entry."""

    def change(info: zipfile.ZipInfo) -> None:
        for name, value in fields.items():
            setattr(info, name, value)

    return change


def flagged(data: bytes, flags: int) -> bytes:
    """Return the zip ``data`` with ``flags`` set for its only member, in both places."""
    changed = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", changed, changed.index(signature) + offset, flags)
    return bytes(changed)


STORED = archive(("x.npy", ONES))
PACKED = archive(("x.npy", ONES), method=zipfile.ZIP_DEFLATED)
HOSTILE = {
    "empty": (b"", "not an intact .npz file"),
    "text": (b"1.0, 2.0\n", "not an intact .npz file"),
    "a .npy": (ONES, "not an intact .npz file"),
    "no members": (archive(), "holds no arrays"),
    "no arrays": (archive(("readme.txt", b"hello")), "holds no arrays"),
    "truncated": (STORED[:-30], "not an intact .npz file"),
    "first half missing": (STORED[100:], "not an intact .npz file"),
    "bad checksum": (STORED.replace(struct.pack("<d", 1), struct.pack("<d", 2), 1), "Bad CRC-32 for file 'x.npy'"),
    "bad deflate": (PACKED[:35] + b"\x07" + PACKED[36:], "not an intact .npz file.*invalid block type"),
    "bad UTF-8": (flagged(STORED.replace(b"x.npy", b"\xff.npy"), 0x800), "not an intact .npz file.*utf-8"),
    "beyond all offsets": (archive(("x.npy", ONES), change=claim(header_offset=2**64 - 1)), "not an intact .npz file"),
    "promised but not packed": (
        archive(("x.npy", ONES.replace(b"(6,)", b"(7,)")), method=8, change=claim(file_size=len(ONES) + 8)),
        "array 'x': the header promises 56 bytes of data, the file has 48",
    ),
    "bomb": (archive(("x.npy", ONES), method=8, change=claim(file_size=2**30)), "would unpack to 1,073,741,824"),
    "stored bomb": (archive(("x.npy", ONES), change=claim(file_size=2**31, compress_size=2**31)), "would unpack to"),
    "understated": (
        archive(("x.npy", npy(np.zeros(10**5))), method=8, change=claim(file_size=176)),
        "Bad CRC-32",
    ),
    "overstated": (archive(("x.npy", ONES), method=8, change=claim(file_size=10**8)), "the header promises 48 bytes"),
    "5,000 members": (archive(*((f"{n}.npy", b"") for n in range(5_000))), "its directory takes"),
    "501 members": (archive(*((f"{n}.npy", b"") for n in range(501))), "has 501 members; at most 500"),
    "duplicate": (archive(("x.npy", ONES), ("x.npy", ONES)), r"2 members are called 'x.npy'"),
    "parent": (archive(("../x.npy", ONES)), "leads out of the file"),
    "absolute": (archive(("/x.npy", ONES)), "leads out of the file"),
    "backslash": (archive(("..\\x.npy", ONES)), "leads out of the file"),
    "NUL": (STORED.replace(b"x.npy", b"x\0npy"), "leads out of the file"),
    "encrypted": (flagged(STORED, 1), "it is encrypted"),
    "bzip2": (archive(("x.npy", ONES), method=zipfile.ZIP_BZIP2), "compressed in a way that NumPy never uses"),
    "lzma": (archive(("x.npy", ONES), method=zipfile.ZIP_LZMA), "compressed in a way that NumPy never uses"),
    "patched data": (flagged(STORED, 0x20), "not an intact .npz file"),
    "objects": (
        archive(("x.npy", npy(np.ones(2)).replace(b"'<f8', ", b"'|O',  "))),
        "array 'x': it holds Python objects",
    ),
    "empty member": (archive(("x.npy", b"")), "array 'x': the file is empty"),
    "escape": (archive(("\x1b[2J.npy", b"")), r"array '\\x1b\[2J': the file is empty"),
    "short member": (archive(("x.npy", ONES[:-8])), "array 'x': the header promises 48 bytes of data, the file has 40"),
}


@pytest.mark.parametrize(("data", "told"), HOSTILE.values(), ids=HOSTILE)
def test_a_broken_file_is_told_of_at_its_own_place(data: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(data)
    with traced_memory() as memory, pytest.raises(ScenarioError) as caught:
        read_array("x.npz", tmp_path)
    assert memory.peak < 4_000_000
    assert caught.value.path == str(tmp_path / "x.npz")
    assert re.search(told, caught.value.message), caught.value.message
    assert caught.value.message.isprintable()


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """A folder with a batch.npz of three arrays."""
    arrays: dict[str, Any] = {"x": np.arange(6.0).reshape(3, 2), "labels": np.array([0, 2, 1]), "a/b": np.ones(1)}
    np.savez(tmp_path / "batch.npz", **arrays)
    return tmp_path


def test_a_key_picks_an_array(batch: Path) -> None:
    assert read_array("batch.npz", batch, key="x").tolist() == [[0, 1], [2, 3], [4, 5]]
    assert read_array("batch.npz", batch, key="a/b").tolist() == [1]
    labels = read_array("batch.npz", batch, key="labels", rows=(1, 3))
    assert labels.dtype == np.int64
    assert labels.tolist() == [2, 1]


def test_without_a_key_the_arrays_are_listed(batch: Path) -> None:
    with pytest.raises(ScenarioError, match=r"'batch.npz' holds 3 arrays: x, labels, a/b") as caught:
        read_array("batch.npz", batch)
    assert caught.value.where is None
    assert caught.value.hint == 'pick one by its key: key = "…"'


@pytest.mark.parametrize(("key", "hint"), [("lables", "did you mean 'labels'?"), ("W", "it has x, labels, a/b")])
def test_an_unknown_key_is_answered_with_the_nearest(key: str, hint: str, batch: Path) -> None:
    with pytest.raises(ScenarioError, match=f"'batch.npz' has no array '{key}'") as caught:
        read_array("batch.npz", batch, key=key)
    assert caught.value.where is None
    assert caught.value.hint == hint


def test_a_single_array_needs_no_key(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "x.npz", weights=np.array([1, 2], np.float32))
    assert read_array("x.npz", tmp_path).tolist() == [1, 2]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damage_behind_the_rows_that_are_read_is_noticed(method: int, tmp_path: Path) -> None:
    numbers = np.arange(1_000.0)
    intact = archive(("x.npy", npy(numbers)), method=method)
    (tmp_path / "x.npz").write_bytes(intact)
    assert read_array("x.npz", tmp_path, rows=(0, 2)).tolist() == [0, 1]
    place = intact.rindex(b"PK\x01\x02") - 20
    (tmp_path / "x.npz").write_bytes(intact[:place] + bytes([intact[place] ^ 1]) + intact[place + 1 :])
    with pytest.raises(ScenarioError, match="not an intact"):
        read_array("x.npz", tmp_path, rows=(0, 2))
