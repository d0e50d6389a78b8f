"""Comma-separated numbers. What Python's ``float`` takes beyond plain decimal notation is refused, with its place."""

from __future__ import annotations

import json
import math
import os
import re
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, BinaryIO, NamedTuple, TypeAlias

import numpy as np

from bptui.core.text import visible
from bptui.errors import ScenarioError
from bptui.scenario.data_files.location import DataFile
from bptui.scenario.data_files.row_range import Rows, check_rows
from bptui.scenario.problems import nearest
from layers import Array

MOST_BYTES = 2**26
"""The largest file that is read: 64 MiB."""

MOST_LINE_BYTES = 2**18
MOST_COLUMNS = 10_000
MOST_CELL_CHARACTERS = 1_000
MOST_NAMES = 10
"""Names of columns that a message lists."""

MOST_BLANK_BYTES = 2**16
"""Of empty lines at the end of the file."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PLAIN = re.compile(r"[-+.,0-9eEnNaAiIfFtTyY \t]*")
"""A line of these characters has numbers exactly where Python's ``float`` sees them."""

NUMBER = re.compile(r"[-+]?(?:(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][-+]?[0-9]++)?|nan|inf|infinity)", re.IGNORECASE)
FRACTIONAL = re.compile(r"[.eEnN]")
"""In a line of numbers, what makes one of them a float; ``n`` is in nan and inf."""

CELL = re.compile(r'[ \t]*(?P<cell>"(?P<quoted>(?:[^"]|"")*+)(?P<closed>"?)|(?P<bare>[^,"]*))[ \t]*')
HINTS = (
    (re.compile("="), "save the formula's value"),
    (re.compile(";"), "put commas between the cells, and write decimals with a point"),
    (re.compile(","), "write decimals with a point: 1.5"),
    (re.compile("_"), "write the number without _"),
    (re.compile(r"[0-9]\s+[-+.0-9]"), "put commas between the cells"),
    (re.compile(r"(?![0-9])\d"), "write it with the digits 0 to 9"),
    (re.compile("[−–]"), "write the minus as -"),
)
"""Common ways not to write a number: what is found in a cell, and what to do about it."""

MISSING = frozenset({"na", "n/a", "none", "null", "true", "false"})
"""Words that stand for a value, and so make no line a header."""

Key: TypeAlias = str | Sequence[str] | None
"""Which columns are taken, by what the header calls them."""

Kind: TypeAlias = "type[int | float]"
"""What cells are read as."""


class Cell(NamedTuple):
    """The text of one cell, without quotes and the space around it, and its first column, from 1."""

    text: str
    column: int


class Line(NamedTuple):
    """One line of the file, without its end, and its number, from 1."""

    text: str
    number: int


class Table(NamedTuple):
    """The header, none where the first line has numbers; the names in it; and the numbers."""

    header: list[Cell]
    numbers: Array

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [cell.text.lstrip("#").strip() for cell in self.header]


def read_csv(stream: BinaryIO, file: DataFile, key: Key, rows: Rows | None) -> Array:
    """Return the numbers in ``stream``: ``[rows, columns]``, or ``[rows]`` of the only one or that called ``key``.

    The first line has the columns' names where it is a header: a name in it, and not a number. Then ``key`` says which
    columns are meant, and in which order. The dtype is int64 where
    every cell is an integer that fits, otherwise float64. Raises ScenarioError at the line and column of what is wrong.
    """
    size = os.fstat(stream.fileno()).st_size
    if size > MOST_BYTES:
        hint = "np.save writes it in fewer bytes, as .npy"
        raise file.fault(f"the file has {size:,} bytes; at most {MOST_BYTES:,} are read", hint=hint)
    table = read_table(stream, file, int)
    if table is None:
        stream.seek(0)
        table = read_table(stream, file, float)
    assert table is not None, "only integers can be too few"
    numbers = chosen_columns(key, table, file)
    if rows is None:
        return numbers
    start, stop = check_rows(rows, numbers.shape, file)
    return numbers[start:stop].copy()


def chosen_columns(key: Key, table: Table, file: DataFile) -> Array:
    """Return the numbers of the columns that ``key`` names: ``[rows]`` of one name, ``[rows, names]`` of a list.

    Raises ScenarioError for a header and no key: which column is which is then not for us to guess.
    """
    if key is None and table.header:
        raise names_unused(table, file)
    if key is None:
        return table.numbers
    if not table.header:
        raise file.misuse("has no names in its first line, so there is no key to it", hint="leave key out")
    columns = table.numbers.reshape(-1, len(table.header))
    chosen = column_called(key, table, file) if isinstance(key, str) else [column_called(it, table, file) for it in key]
    return np.ascontiguousarray(columns[:, chosen])


def names_unused(table: Table, file: DataFile) -> ScenarioError:
    """Return the error that the first line has names, and the scenario takes none of them."""
    names = [json.dumps(visible(name, limit=40), ensure_ascii=False) for name in table.names if name] or ['"name"']
    several = f", key = [{', '.join(names[:2])}] several" if len(names) > 1 else ""
    first = next(cell for cell in table.header if is_column_name(cell))
    return file.fault(
        f"the first line has names, such as {visible(first.text, limit=40)}, and nothing says which columns are meant",
        hint=f"key = {names[0]} takes that column{several}; or remove this line from the file",
        line=1,
        column=first.column,
    )


def column_called(key: str, table: Table, file: DataFile) -> int:
    """Return the place of the column that the header calls ``key``.

    Raises ScenarioError where there is none, or more than one.
    """
    found = [at for at, name in enumerate(table.names) if name == key]
    if len(found) != 1:
        how = f"has {len(found)} columns called" if found else "has no column called"
        told = ", ".join(visible(name, limit=40) for name in table.names[:MOST_NAMES])
        raise file.misuse(f"{how} {visible(key, limit=40)}", hint=nearest(key, table.names) or f"it has {told}")
    return found[0]


def read_table(stream: BinaryIO, file: DataFile, kind: Kind) -> Table | None:
    """Return all cells as numbers of ``kind``, or None where one of them is not an integer of 64 bits.

    Raises ScenarioError.
    """
    numbers: array[Any] = array("q" if kind is int else "d")
    header: list[Cell] = []
    width = 0
    for line in csv_lines(stream, file):
        if line.number == 1 and (cells := header_cells(line, file)):
            header, width = cells, len(cells)
            continue
        if kind is int and FRACTIONAL.search(line.text):
            return None
        found = read_line(line, kind, file)
        width = width or len(found)
        if len(found) != width:
            raise ragged(line, len(found), width, file)
        try:
            numbers.extend(found)
        except OverflowError:
            return None
    if not numbers:
        raise file.fault("the file holds no numbers")
    return Table(header, np.array(numbers).reshape((-1, width) if width > 1 else -1))


def csv_lines(stream: BinaryIO, file: DataFile) -> Iterator[Line]:
    """Yield the lines that have cells. Empty lines may stand at the end of the file only.

    Raises ScenarioError for an empty line elsewhere.
    """
    number = 0
    while data := stream.readline(MOST_LINE_BYTES + 1):
        number += 1
        if len(data) > MOST_LINE_BYTES:
            raise file.fault(f"a line of more than {MOST_LINE_BYTES:,} bytes", line=number)
        if number == 1:
            data = data.removeprefix(BYTE_ORDER_MARK)
        line = Line(decode_line(data, number, file), number)
        if line.text.count(",") >= MOST_COLUMNS:
            raise file.fault(f"a line of more than {MOST_COLUMNS:,} cells", line=number)
        if line.text.strip(" \t"):
            yield line
            continue
        rest = stream.read(MOST_BLANK_BYTES)
        if rest.strip() or len(rest) == MOST_BLANK_BYTES:
            raise file.fault("an empty line between the numbers", line=number, column=1)
        return


def decode_line(data: bytes, number: int, file: DataFile) -> str:
    """Return the text of the line ``data``, without its end.

    Raises ScenarioError for what is not UTF-8, and for control characters that no line of text has.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        column = len(data[: problem.start].decode("utf-8")) + 1
        raise file.fault("this is not UTF-8 text", hint="save it as UTF-8", line=number, column=column) from problem
    text = text.removesuffix("\n").removesuffix("\r")
    if match := re.search("[\0\r]", text):
        told = "a NUL byte: this is not text" if match[0] == "\0" else "a carriage return within a line"
        raise file.fault(told, hint="save it as UTF-8, with LF line ends", line=number, column=match.start() + 1)
    return text


def header_cells(line: Line, file: DataFile) -> list[Cell]:
    """Return the cells of ``line`` if it is a header: with a name among them, and neither number nor formula."""
    cells = list(cells_of(line, file))
    if any(NUMBER.fullmatch(cell.text) or cell.text.startswith("=") for cell in cells):
        return []
    return cells if any(map(is_column_name, cells)) else []


def is_column_name(cell: Cell) -> bool:
    """Whether ``cell`` could be the name of a column."""
    first = cell.text.lstrip("# ")[:1]
    return (first.isalpha() or first == "_") and cell.text.lower() not in MISSING


def read_line(line: Line, kind: Kind, file: DataFile) -> list[int | float]:
    """Return the numbers of one line."""
    if PLAIN.fullmatch(line.text):
        cells = line.text.split(",")
        with suppress(ValueError, OverflowError):
            numbers = [kind(cell) for cell in cells]
            is_short = len(line.text) <= MOST_CELL_CHARACTERS or max(map(len, cells)) <= MOST_CELL_CHARACTERS
            if is_short and (kind is int or not any(map(math.isinf, numbers))):
                return numbers
    return [parse_cell(cell, kind, line, file) for cell in cells_of(line, file)]


def cells_of(line: Line, file: DataFile) -> Iterator[Cell]:
    """Yield the cells of ``line``; in quotes, commas are text. Raises ScenarioError for a quote that is not closed."""
    end = -1
    while end < len(line.text):
        match = CELL.match(line.text, end + 1)
        assert match, "an empty cell is one too"
        column, end = match.start("cell") + 1, match.end()
        if match["closed"] == "":
            raise file.fault("a quote that is never closed", line=line.number, column=column)
        if line.text[end : end + 1] not in ("", ","):
            raise file.fault("a quote within a cell", line=line.number, column=end + 1)
        quoted = match["quoted"]
        yield Cell(match["bare"] if quoted is None else quoted, column)


def parse_cell(cell: Cell, kind: Kind, line: Line, file: DataFile) -> int | float:
    """Return the number in ``cell``, which is not infinite unless it says so.

    Raises ScenarioError for what is not a number.
    """
    text = cell.text.strip(" \t")
    if not text:
        told, hint = "an empty cell", "write nan for a number that is missing"
    elif len(text) > MOST_CELL_CHARACTERS:
        told, hint = f"a cell of {len(text):,} characters", f"at most {MOST_CELL_CHARACTERS:,} are read"
    elif not NUMBER.fullmatch(text):
        told, hint = f"'{visible(text, limit=40)}' is not a number", number_hint(text)
    elif math.isinf(float(text)) and "n" not in text.lower():
        told, hint = f"{text[:40]} is too large for float64", "the largest is 1.797e308"
    else:
        return kind(text)
    raise file.fault(told, hint=hint, line=line.number, column=cell.column)


def number_hint(text: str) -> str:
    """Return what to do about a cell that is not a number."""
    return next((hint for pattern, hint in HINTS if pattern.search(text)), "a cell is a plain number, such as -1.5e-3")


def ragged(line: Line, count: int, width: int, file: DataFile) -> ScenarioError:
    """Return the error that a line has ``count`` cells where the first has ``width``."""
    cells = list(cells_of(line, file))
    column = cells[width].column if count > width else len(line.text) + 1
    return file.fault(f"{count} cells, where the first line has {width}", line=line.number, column=column)
