"""What a function's text shows without running it: its syntax tree, and what it computes and never uses."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from textwrap import dedent
from types import CodeType
from typing import NamedTuple

PREPARING = frozenset({"len", "int", "range", "zeros", "zeros_like", "ones", "ones_like", "empty", "empty_like"})
"""Functions that count, or make room for numbers."""


STORING = frozenset({"put", "put_along_axis", "place", "putmask", "copyto"})
"""Functions that store into elements of an array."""


class Unused(NamedTuple):
    """A name that is given a value, in a line, and never looked at."""

    name: str
    line: int


def tree_of(code: CodeType) -> ast.FunctionDef | None:
    """Return a function as Python reads it, its lines numbered as in its file; None where there is no source."""
    try:
        lines, _ = inspect.getsourcelines(code)
        tree = ast.parse(dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError, ValueError, IndexError):
        return None
    function = next((it for it in ast.walk(tree) if isinstance(it, ast.FunctionDef)), None)
    if function is not None:
        first = min([function.lineno, *(it.lineno for it in function.decorator_list)])
        ast.increment_lineno(tree, code.co_firstlineno - first)
    return function


def unused_names(function: ast.FunctionDef) -> Iterator[Unused]:
    """Yield the names that a function computes and never uses, in the order of its lines."""
    names = [it for it in ast.walk(function) if isinstance(it, ast.Name)]
    used = {it.id for it in names if not isinstance(it.ctx, ast.Store)}
    shared = {name for it in ast.walk(function) if isinstance(it, ast.Global | ast.Nonlocal) for name in it.names}
    seen: set[str] = set()
    for statement in sorted(computing_assignments(function), key=lambda it: it.lineno):
        for target in targets_of(statement):
            if target not in used | shared | seen and not target.startswith("_"):
                seen.add(target)
                yield Unused(target, statement.lineno)


def computing_assignments(function: ast.FunctionDef) -> Iterator[ast.Assign | ast.AugAssign]:
    """Yield the assignments whose right side computes something; to take apart a saved tuple is not to compute."""
    for it in ast.walk(function):
        if not isinstance(it, ast.Assign | ast.AugAssign) or is_preparation(it.value):
            continue
        if any(isinstance(part, ast.Call | ast.BinOp | ast.UnaryOp) for part in ast.walk(it.value)):
            yield it


def is_preparation(value: ast.expr) -> bool:
    """Return whether an expression only counts, or makes room: left unused, it explains no wrong gradient."""
    if not isinstance(value, ast.Call):
        return False
    function = value.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    return name in PREPARING


def targets_of(statement: ast.Assign | ast.AugAssign) -> Iterator[str]:
    """Yield the plain names that an assignment gives a value to; a tuple's names are not looked at."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    for target in targets:
        if isinstance(target, ast.Name):
            yield target.id


def writes_into_elements(tree: ast.AST) -> bool:
    """Return whether code stores into elements of an array, or in a loop."""
    stores = any(isinstance(it, ast.Subscript) and isinstance(it.ctx, ast.Store) for it in ast.walk(tree))
    stores = stores or any(isinstance(it, ast.Attribute) and it.attr in STORING for it in ast.walk(tree))
    return stores or any(isinstance(it, ast.For | ast.While) for it in ast.walk(tree))


def names_infinity(tree: ast.AST) -> bool:
    """Return whether code has infinity among its constants."""
    return any(
        (isinstance(it, ast.Attribute) and it.attr.lower() in {"inf", "infty"})
        or (isinstance(it, ast.Constant) and str(it.value).lower().lstrip("+-") == "inf")
        for it in ast.walk(tree)
    )
