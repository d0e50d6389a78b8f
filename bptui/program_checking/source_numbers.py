"""Numbers by which a program's source multiplies or divides: what a person has written there may be meant."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from bptui.errors import BptuiError
from bptui.own_layers.source_file import python_text

PRECISE = 1e-9


class WrittenFactor(NamedTuple):
    """A number that stands at a ``line`` beside ``*`` or ``/``, itself or by a name."""

    line: int
    value: float


@lru_cache(maxsize=64)
def factors_in_source(file: str) -> tuple[WrittenFactor, ...]:
    """Return the numbers that a file multiplies or divides by; none where it cannot be read."""
    try:
        tree = ast.parse(python_text(Path(file).read_text(encoding="utf-8", errors="replace"), file))
    except (BptuiError, OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return ()
    named = dict(named_numbers(tree))
    found = []
    for operand in scaling_operands(tree):
        value = number_in(operand)
        value = named.get(name_in(operand)) if value is None else value
        if value is not None:
            found.append(WrittenFactor(operand.lineno, value))
    return tuple(found)


def is_written_factor(file: str, value: float, *, first: int, last: int) -> bool:
    """Return whether some lines of a file multiply or divide by a number, as it is or with its sign changed."""
    return any(
        first <= it.line <= last and abs(abs(it.value) - abs(value)) <= PRECISE * abs(value)
        for it in factors_in_source(file)
    )


def scaling_operands(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what stands beside the signs of multiplication and division."""
    for node in ast.walk(tree):
        match node:
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div(), right=right):
                yield from (left, right)
            case ast.AugAssign(op=ast.Mult() | ast.Div(), value=value):
                yield value


def named_numbers(tree: ast.AST) -> Iterator[tuple[str, float]]:
    """Yield the names of variables, attributes and parameters that are set to a number, with it."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value) if (number := number_in(value)) is not None:
                yield from ((name_in(it), number) for it in targets)
            case ast.keyword(arg=str(name), value=value) if (number := number_in(value)) is not None:
                yield name, number
            case ast.arguments(args=arguments, defaults=defaults):
                pairs = zip(reversed(arguments), reversed(defaults), strict=False)
                yield from ((it.arg, number) for it, default in pairs if (number := number_in(default)) is not None)


def name_in(node: ast.expr) -> str:
    """Return the name of a variable or an attribute, "" for all else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def number_in(node: ast.expr) -> float | None:
    """Return the number that is written, None where there is something else."""
    match node:
        case ast.UnaryOp(operand=operand):
            return number_in(operand)
        case ast.Constant(value=int(value) | float(value)) if not isinstance(value, bool) and abs(value) < 2**53:
            return float(value)
    return None
