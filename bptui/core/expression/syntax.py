"""What an expression is made of. ``at`` is where it starts in the text; chains of operators are flat, not nested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import TypeAlias

from bptui.deferred_dataclass import dataclass


@dataclass(frozen=True)
class Number:
    """A number as it is written: an int without a point or an exponent."""

    value: float
    at: int


@dataclass(frozen=True)
class Text:
    """Text in quotes."""

    value: str
    at: int


@dataclass(frozen=True)
class Name:
    """A value, or what the step has: ``W1``, ``price.1``, ``dout``. Behind a dot may stand an attribute: ``W1.T``."""

    name: str
    at: int


@dataclass(frozen=True)
class Members:
    """A list: ``[0, 2]``."""

    members: tuple[Expression, ...]
    at: int


@dataclass(frozen=True)
class Chain:
    """Operands between operators of the same precedence: ``a - b + c``; of comparisons, all have to hold."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]
    at: int


@dataclass(frozen=True)
class Logical:
    """Operands joined by one word, ``and`` or ``or``."""

    word: str
    operands: tuple[Expression, ...]
    at: int


@dataclass(frozen=True)
class Prefix:
    """A sign or ``not`` before an operand."""

    sign: str
    operand: Expression
    at: int


@dataclass(frozen=True)
class FunctionCall:
    """A function of arguments, some of which are given by name: ``sum(x, axis=0)``."""

    function: str
    arguments: tuple[Expression, ...]
    options: tuple[tuple[str, Expression], ...]
    at: int


@dataclass(frozen=True)
class Attribute:
    """``(x @ W).T`` or ``grad(W).shape``."""

    of: Expression
    name: str
    at: int


@dataclass(frozen=True)
class Range:
    """A slice inside an index: ``0:2``, ``::2``."""

    start: Expression | None
    stop: Expression | None
    step: Expression | None
    at: int


@dataclass(frozen=True)
class Rest:
    """The three dots inside an index: as many whole axes as there are."""

    at: int


@dataclass(frozen=True)
class Subscript:
    """Elements of an array: ``W1[0, 2]``, ``x[:, 1:]``."""

    of: Expression
    index: tuple[Expression | Range | Rest, ...]
    at: int


Expression: TypeAlias = Number | Text | Name | Members | Chain | Logical | Prefix | FunctionCall | Attribute | Subscript


def expression_parts(part: object) -> Iterator[object]:
    """Yield a part of an expression and every part in it, in the order of the text."""
    if isinstance(part, tuple):
        for inner in part:
            yield from expression_parts(inner)
    elif is_dataclass(part):
        yield part
        yield from expression_parts(tuple(vars(part).values()))


def name_parts(part: object) -> Iterator[Name]:
    """Yield every name in an expression, or in a part of one."""
    return (it for it in expression_parts(part) if isinstance(it, Name))


def names_in(part: object) -> Iterator[str]:
    """Yield the names that an expression, or a part of one, mentions, each as often as it does."""
    return (part.name for part in name_parts(part))
