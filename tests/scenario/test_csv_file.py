"""A .csv gives plain numbers, or the line and column of the first cell that is none."""

import re
from pathlib import Path

import numpy as np
import pytest

from bptui.errors import ScenarioError
from bptui.scenario.data_files import read_array
from cost import traced_memory
from layers import Array

READ = {
    "a row a line": (b"1,2.5\n3,4\n", np.array([[1, 2.5], [3, 4]])),
    "integers stay integers": (b"1,2\n3,-4\n", np.array([[1, 2], [3, -4]])),
    "no last line end": (b"1,2\n3,4", np.array([[1, 2], [3, 4]])),
    "one column is one axis": (b"0\n2\n1\n", np.array([0, 2, 1])),
    "one row keeps two": (b"0.5,2,1\n", np.array([[0.5, 2, 1]])),
    "one number": (b"7\n", np.array([7])),
    "byte order mark, CRLF": (b"\xef\xbb\xbf1,2\r\n3,4\r\n", np.array([[1, 2], [3, 4]])),
    "space around": (b" 1 ,\t2\n", np.array([[1, 2]])),
    "quotes around": (b'"1","2.5"\n', np.array([[1, 2.5]])),
    "empty lines at the end": (b"1,2\n\n  \n\r\n", np.array([[1, 2]])),
    "all notations": (b"+1,.5,5.,1e3,-1.5E-3\n", np.array([[1, 0.5, 5, 1000, -0.0015]])),
    "not finite, on purpose": (b"nan,inf,-Infinity\n", np.array([[np.nan, np.inf, -np.inf]])),
    "negative zero": (b"-0\n0.5\n", np.array([-0.0, 0.5])),
    "largest integers": (b"9223372036854775807\n-9223372036854775808\n", np.array([2**63 - 1, -(2**63)])),
    "larger integers": (b"9223372036854775808\n", np.array([2.0**63])),
    "the smallest float": (b"5e-324\n", np.array([5e-324])),
}
REFUSED = {
    "empty": (b"", None, None, "holds no numbers"),
    "blank": (b"\n\n", None, None, "holds no numbers"),
    "header only": (b"x,y\n", None, None, "holds no numbers"),
    "second header": (b"x,y\na,b\n1,2\n", 2, 1, "'a' is not a number"),
    "header with a number": (b"x,1\n1,2\n", 1, 1, "'x' is not a number"),
    "header of other width": (b"x,y,z\n1,2\n", 2, 4, "2 cells, where the first line has 3"),
    "short row": (b"1,2,3\n4,5,6\n7,8\n", 3, 4, "2 cells, where the first line has 3"),
    "long row": (b"1,2\n3,4, 5\n", 2, 6, "3 cells, where the first line has 2"),
    "comma at the end": (b"1,2\n3,4,\n", 2, 5, "an empty cell"),
    "empty cell": (b"1,,3\n", 1, 3, "an empty cell"),
    "empty line": (b"1\n\n2\n", 2, 1, "an empty line between"),
    "miles of empty lines": (b"1\n" + b"\n" * 70_000, 2, 1, "an empty line between"),
    "semicolons": (b"1;2\n3;4\n", 1, 1, "'1;2' is not a number.*put commas between"),
    "decimal comma": (b"1,5;2,5\n", 1, 3, "'5;2' is not a number.*decimals with a point"),
    "quoted decimal comma": (b'1,"1,5"\n', 1, 3, "'1,5' is not a number.*decimals with a point"),
    "spaces between": (b"1 2\n", 1, 1, "'1 2' is not a number.*put commas between"),
    "tabs between": (b"1\t2\n", 1, 1, r"'1\\x092' is not a number.*put commas between"),
    "formula": (b"1,=1+2\n", 1, 3, "'=1\\+2' is not a number.*the formula's value"),
    "formula first": (b"=SUM(A2:A9)\n1\n", 1, 1, "is not a number.*the formula's value"),
    "formula beside a name": (b"x,=1+2\n1,2\n", 1, 1, "'x' is not a number"),
    "command": (b"1\n=cmd|'/C calc'!A0\n", 2, 1, "is not a number.*the formula's value"),
    "NUL": (b"1,2\n3,\x004\n", 2, 3, "a NUL byte"),
    "CR only": (b"1,2\r3,4\r", 1, 4, "a carriage return"),
    "UTF-16": ("1,2\n".encode("utf-16"), 1, 1, "not UTF-8 text"),
    "Latin-1": (b"1,2\n3,4\xb0\n", 2, 4, "not UTF-8 text"),
    "Latin-1 after an accent": ("é,".encode() + b"\xe9\n", 1, 3, "not UTF-8 text"),
    "unclosed quote": (b'1,"2\n3,4\n', 1, 3, "a quote that is never closed"),
    "doubled quote": (b'1,"2""\n', 1, 3, "a quote that is never closed"),
    "quote within": (b'1,2"3"\n', 1, 4, "a quote within a cell"),
    "after a quote": (b'"1"2\n', 1, 4, "a quote within a cell"),
    "Arabic digits": ("1,٢\n".encode(), 1, 3, "'٢' is not a number.*the digits 0 to 9"),
    "Arabic digits first": ("١\n1\n".encode(), 1, 1, "'١' is not a number"),
    "full-width digits": ("1,２\n".encode(), 1, 3, "is not a number.*the digits 0 to 9"),
    "true minus": ("−1\n".encode(), 1, 1, "'−1' is not a number.*the minus"),
    "underscore": (b"1_000\n", 1, 1, "'1_000' is not a number.*without _"),
    "underscore later": (b"1\n1_0\n", 2, 1, "'1_0' is not a number"),
    "missing": (b"NA\n1\n", 1, 1, "'NA' is not a number"),
    "booleans": (b"True,False\n", 1, 1, "'True' is not a number"),
    "hexadecimal": (b"0x10\n", 1, 1, "'0x10' is not a number"),
    "complex": (b"1,1+2j\n", 1, 3, "is not a number"),
    "two signs": (b"--1\n", 1, 1, "is not a number"),
    "percent": (b"5%\n", 1, 1, "is not a number"),
    "100 KB cell": (b"0," + b"1" * 100_000 + b"\n", 1, 3, "a cell of 100,000 characters"),
    "100 KB cell of zeros": (b"0," + b"0" * 100_000 + b"\n", 1, 3, "a cell of 100,000 characters"),
    "100 KB fraction": (b"0,0." + b"0" * 99_998 + b"\n", 1, 3, "a cell of 100,000 characters"),
    "100 KB cell of text": (b"0," + b"x" * 100_000 + b"\n", 1, 3, "a cell of 100,000 characters"),
    "100 KB of digits before a space": (b"1" * 100_000 + b" 2,1\n", 1, 1, "a cell of 100,002 characters"),
    "5,000 digits": (b"1" * 5_000, 1, 1, "a cell of 5,000 characters"),
    "endless line": (b"1" * 2**20, 1, None, "a line of more than 262,144 bytes"),
    "endless row": (b"1\n" + b"," * 10_000, 2, None, "a line of more than 10,000 cells"),
    "too large": (b"0\n1e400\n", 2, 1, "1e400 is too large for float64"),
    "too large an integer": (b"1" * 400, 1, 1, "is too large for float64"),
    "escape": (b"1\n\x1b[2J\n", 2, 1, r"'\\x1b\[2J' is not a number"),
}


@pytest.mark.parametrize(("data", "want"), READ.values(), ids=READ)
def test_plain_numbers_are_read(data: bytes, want: Array, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(data)
    got = read_array("x.csv", tmp_path)
    assert got.dtype == want.dtype
    assert got.shape == want.shape
    assert got.tobytes() == want.tobytes()


@pytest.mark.parametrize(("data", "line", "column", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_number_is_told_of_at_its_line_and_column(
    data: bytes, line: int | None, column: int | None, told: str, tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_bytes(data)
    with traced_memory() as memory, pytest.raises(ScenarioError) as caught:
        read_array("x.csv", tmp_path)
    assert memory.peak < 10_000_000
    assert caught.value.where == (str(tmp_path / "x.csv"), line, column)
    assert re.search(told, f"{caught.value.message} {caught.value.hint}"), caught.value
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 100


HEADERS = {
    "plain": (b"height (m),weight\n1,2\n", ["height (m)", "weight"], 1),
    "of one column": (b"label\n2\n", ["label"], 1),
    "as np.savetxt writes it": (b"# x,y\n1,2\n", ["x", "y"], 1),
    "with digits": (b"label,1x1,1x2\n5,0,0\n", ["label", "1x1", "1x2"], 1),
    "in quotes": (b'"a, b",c\n1,2\n', ["a, b", "c"], 1),
    "of an index": (b",x\n0,1\n", ["x"], 2),
    "with nan in it": (b"banana\n1\n", ["banana"], 1),
    "in Chinese": ("苹果,价格\n1,2\n".encode(), ["苹果", "价格"], 1),
}


@pytest.mark.parametrize(("data", "names", "column"), HEADERS.values(), ids=HEADERS)
def test_a_header_without_a_key_is_refused_and_its_names_are_keys(
    data: bytes, names: list[str], column: int, tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_bytes(data)
    with pytest.raises(ScenarioError, match="the first line has names") as caught:
        read_array("x.csv", tmp_path)
    assert caught.value.where == (str(tmp_path / "x.csv"), 1, column)
    assert f'key = "{names[0]}" takes that column' in (caught.value.hint or "")
    numbers = [int(cell) for cell in data.splitlines()[1].split(b",")]
    assert read_array("x.csv", tmp_path, key=names).tolist() == [numbers[-len(names) :]]


def test_rows_are_counted_without_the_header(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"x,y\n1,2\n3,4\n5,6\n")
    assert read_array("x.csv", tmp_path, key=["x", "y"], rows=(0, 2)).tolist() == [[1, 2], [3, 4]]


def test_columns_are_taken_in_the_order_of_the_keys(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"x,y,z\n1,2,3\n4,5,6\n")
    assert read_array("x.csv", tmp_path, key=["z", "x"]).tolist() == [[3, 1], [6, 4]]
    assert read_array("x.csv", tmp_path, key=["y"]).tolist() == [[2], [5]]


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_a_list_of_keys_is_for_columns(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ScenarioError, match="a list cannot be its key"):
        read_array(name, tmp_path, key=["a"])


@pytest.mark.parametrize(("key", "want"), [("height (m)", [1, 3, 5]), ("weight", [2, 4, 6])])
def test_a_column_is_taken_by_its_name_in_the_header(tmp_path: Path, key: str, want: list[int]) -> None:
    (tmp_path / "x.csv").write_bytes(b"# height (m),weight\n1,2\n3,4\n5,6\n")
    assert read_array("x.csv", tmp_path, key=key).tolist() == want
    assert read_array("x.csv", tmp_path, key=key, rows=(1, 3)).tolist() == want[1:]


@pytest.mark.parametrize(
    ("data", "key", "told", "hint"),
    [
        (b"height,weight\n1,2\n", "wieght", "has no column called wieght", "did you mean weight?"),
        (b"height,weight\n1,2\n", "q", "has no column called q", "it has height, weight"),
        (b"x,x\n1,2\n", "x", "has 2 columns called x", "did you mean x?"),
        (b"1,2\n", "x", "has no names in its first line, so there is no key to it", "leave key out"),
    ],
)
def test_a_column_that_is_not_there_is_refused_with_those_that_are(
    tmp_path: Path, data: bytes, key: str, told: str, hint: str
) -> None:
    (tmp_path / "x.csv").write_bytes(data)
    with pytest.raises(ScenarioError, match=re.escape(told)) as caught:
        read_array("x.csv", tmp_path, key=key)
    assert caught.value.hint == hint


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "x.csv").open("wb") as stream:
        stream.truncate(2**26 + 1)
    with pytest.raises(ScenarioError, match="the file has 67,108,865 bytes; at most 67,108,864 are read"):
        read_array("x.csv", tmp_path)
