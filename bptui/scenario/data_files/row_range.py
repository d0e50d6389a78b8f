"""The part of an array that a scenario asks for, ``rows = [start, stop]``, held against the rows there are."""

from __future__ import annotations

from typing import TypeAlias

from bptui.scenario.data_files.location import DataFile

Rows: TypeAlias = "tuple[int, int]"
"""The first row, from 0, and the one after the last."""


def check_rows(rows: Rows, shape: tuple[int, ...], file: DataFile) -> Rows:
    """Return ``rows`` if an array of ``shape`` has all of them. An empty range is refused: it is always a slip.

    Raises ScenarioError.
    """
    start, stop = rows
    asked = f"rows = [{start}, {stop}]"
    if not shape:
        raise file.misuse(f"holds a single number, so {asked} picks nothing", hint="leave rows out")
    if start < 0 or stop < 0:
        raise file.misuse(f"has no negative rows: {asked}", hint="rows are counted from 0")
    if start >= stop:
        hint = f"the second number is the row after the last: rows = [{start}, {start + 1}] is one row"
        raise file.misuse(f"has nothing in {asked}", hint=hint)
    if stop > shape[0]:
        raise file.misuse(f"has {shape[0]:,} rows, fewer than {asked} asks for", hint=f"rows end at {shape[0]}")
    return rows
