"""Numbers that stand in a program's source: what a person has written there may be meant."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

PRECISE = 1e-9


@lru_cache(maxsize=64)
def numbers_in_source(file: str) -> frozenset[float]:
    """Return the numbers that are written in a file; none where it cannot be read."""
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return frozenset()
    found = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return frozenset(
        float(it) for it in found if isinstance(it, int | float) and not isinstance(it, bool) and abs(it) < 2**53
    )


def stands_in_source(file: str, value: float) -> bool:
    """Return whether a number, as it is or with its sign changed, is written in a file."""
    return any(abs(it - abs(value)) <= PRECISE * abs(value) for it in numbers_in_source(file))
