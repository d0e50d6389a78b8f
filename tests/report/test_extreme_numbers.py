"""Numbers at the edge of float64, and files at the edge of text: shown exactly, or refused with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from bptui import cli

NETWORK = '[inputs]\nx = {number}\n[nodes]\na = "Log(x)"\ny = "Neg(a)"\n'


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("nan", "x has NaN in it to begin with"),
        ("inf", "x has Infinity in it to begin with"),
        ("-0.0", "a made the first Infinity, in step 1 (forward): log(-0) at a"),
        ("5e-324", "a made the first Infinity, in step 4 (backward)"),
    ],
)
def test_the_first_number_that_is_not_finite_is_pointed_at(
    number: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "it.toml"
    path.write_text(NETWORK.format(number=number))
    assert cli.main(["trace", str(path)]) == 0
    out, err = capsys.readouterr()
    assert told in out
    assert not err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (NETWORK.format(number="1e400"), ":2:5: error: 1e400 is beyond the largest float64"),
        (NETWORK.format(number="1.0").replace("\n", "\r"), ":1:9: error: a carriage return (CR) alone"),
        (NETWORK.format(number='{ file = "gone.npy" }'), ":2:14: error: there is no file 'gone.npy'"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(
    content: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "it.toml"
    path.write_bytes(content.encode())
    assert cli.main(["trace", str(path)]) == 2
    assert f"{path}{told}" in capsys.readouterr().err
