"""Which lines of a file are shown: whole classes and functions, those in which something ran."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from typing import Any

from bptui.errors import BptuiError, Location

LONGEST_LINE = 400
MOST_LINES = 5_000


def source_listing(file: str, module: dict[str, Any], ran: Container[int], first: int) -> Mapping[int, str]:
    """Return the lines of the outermost classes and functions of a file in which lines ``ran``, by number.

    Raises BptuiError, at the line ``first``, where the file cannot be read.
    """
    lines = linecache.getlines(file, module)
    if not lines:
        raise BptuiError("its source cannot be read", where=Location(file, first))
    executed = [block for block in outermost_statements("".join(lines)) if any(line in ran for line in block)]
    numbers = [number for block in executed for number in block]
    return {number: lines[number - 1].rstrip("\r\n")[:LONGEST_LINE] for number in numbers[:MOST_LINES]}


@lru_cache(maxsize=64)
def outermost_statements(text: str) -> Sequence[range]:
    """Return the line numbers of each statement that stands outermost in a file; of all where it is not Python."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):  # edited since it was imported
        return [range(1, text.count("\n") + 1)]
    return [lines_of_statement(it) for it in body]


def lines_of_statement(statement: ast.stmt) -> range:
    """Return the line numbers of a statement, with those of its decorators."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(it.lineno for it in decorators)])
    return range(first, (statement.end_lineno or statement.lineno) + 1)
