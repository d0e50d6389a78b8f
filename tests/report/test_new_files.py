"""New files are written all together or not at all, and one that exists is never touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from bptui.errors import BptuiError
from bptui.report.new_files import refuse_existing_file, write_new_files


def test_all_are_written(tmp_path: Path) -> None:
    write_new_files({tmp_path / "net.toml": b"one", tmp_path / "net.npz": b"two"})
    assert [(tmp_path / it).read_bytes() for it in ("net.toml", "net.npz")] == [b"one", b"two"]


def test_one_that_exists_leaves_none_of_the_others(tmp_path: Path) -> None:
    mine = tmp_path / "net_layers.py"
    mine.write_text("mine")
    with pytest.raises(BptuiError, match=r"exists already, and is left as it is"):
        write_new_files({tmp_path / "net.toml": b"one", mine: b"two"})
    assert mine.read_text() == "mine"
    assert sorted(tmp_path.iterdir()) == [mine]


@pytest.mark.parametrize(("name", "reason"), [("missing/net.npz", "No such file"), ("net\0.npz", "this is not a path")])
def test_one_that_cannot_be_written_leaves_none_of_the_others(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(BptuiError, match=reason):
        write_new_files({tmp_path / "net.toml": b"one", tmp_path / name: b"two"})
    assert list(tmp_path.iterdir()) == []


def test_what_exists_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    refuse_existing_file(tmp_path / "net.toml")
    with pytest.raises(BptuiError, match=r"exists already"):
        refuse_existing_file(tmp_path)
