"""Two changes together: a wrong sign beside a wrong transposition, or a factor too many beside either.

Each is made within a node of the tree that stays where it is, so that one can be made within the other.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

from bptui.checking.repair.edit import CodePlace, Edit
from bptui.checking.repair.edits_of_operands import PRODUCTS, other
from bptui.checking.repair.user_function import Change, with_changes

SIGN, TURN, FACTOR = "wrong sign", "transposed operand", "constant factor"

NOTHING_LEFT = re.compile(r" [*/] 1(?![\w.])|(?<![\w\])] )\+(?=[\w(])")
"""What a factor of 1 and a sign of + look like where they stand for one that was taken away."""


@dataclass(frozen=True, eq=False)
class SmallChange:
    """One of two changes: what mistake it undoes, in which statement, and how."""

    mistake: str
    statement: ast.stmt
    line: int
    changes: tuple[Change, ...]


def edits_of_two(known: Sequence[CodePlace]) -> Iterator[Edit]:
    """Yield two small changes of different kinds together, first those of one statement."""
    small = [it for place in known for it in small_changes(place)]
    pairs = [(one, two) for one, two in combinations(small, 2) if one.mistake != two.mistake]
    for one, two in sorted(pairs, key=lambda it: it[0].statement is not it[1].statement):
        first, second = sorted((one, two), key=lambda it: it.mistake, reverse=True)
        mistake = f"{first.mistake}, and {second.mistake}"
        lines = "this line" if one.line == two.line else f"lines {one.line} and {two.line}"
        told = f"There are two mistakes in {lines}, that hide each other."
        told = f"Two changes make it right, both in {lines}." if one.line == two.line else told
        changes = (*one.changes, *two.changes)
        yield Edit(mistake, told, one.line, changes, partial(written_with, changes, one.statement))


def written_with(changes: Sequence[Change], statement: ast.stmt) -> str:
    """Return the first line of a statement as it is with some changes."""
    with with_changes(changes):
        return NOTHING_LEFT.sub("", ast.unparse(statement).split("\n", 1)[0])


def small_changes(place: CodePlace) -> Iterator[SmallChange]:
    """Yield the small changes within an expression: of a sign, of the factors of a product, of a factor."""
    node = place.node
    if isinstance(node, ast.expr) and is_whole(place):
        yield small_change(place, SIGN, [(place.parent, place.field, place.index, ast.UnaryOp(ast.USub(), node))])
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub() as sign):
            yield small_change(place, SIGN, [(node, "op", None, ast.Sub() if isinstance(sign, ast.Add) else ast.Add())])
        case ast.UnaryOp(op=ast.USub(), operand=ast.expr() as operand) if not isinstance(operand, ast.Constant):
            yield small_change(place, SIGN, [(node, "op", None, ast.UAdd())])
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            yield small_change(place, FACTOR, [(node, "right", None, ast.Constant(1))])
        case ast.BinOp(left=one, op=ast.MatMult(), right=two):
            yield from turns(place, (node, "left", None), one, (node, "right", None), two)
        case ast.Call(func=ast.Attribute(attr=name), args=[one, two]) if name in PRODUCTS:
            yield from turns(place, (node, "args", 0), one, (node, "args", 1), two)
        case ast.Call(func=ast.Attribute(attr="dot", value=one) as function, args=[two]):
            yield from turns(place, (function, "value", None), one, (node, "args", 0), two)


def is_whole(place: CodePlace) -> bool:
    """Return whether an expression is all that is assigned, or one of those that are returned."""
    is_value = isinstance(place.parent, ast.Assign | ast.Return) and place.field == "value"
    is_one_of_several = isinstance(place.parent, ast.Tuple) and isinstance(place.statement, ast.Return)
    return (is_value or is_one_of_several) and isinstance(place.node, ast.BinOp | ast.Call)


Hold = tuple[ast.AST, str, int | None]
"""What holds a part of an expression: its node, the field, and the place in a list."""


def turns(place: CodePlace, at_one: Hold, one: ast.expr, at_two: Hold, two: ast.expr) -> Iterator[SmallChange]:
    """Yield a product of two factors with one of them or both transposed, or in the other order."""
    for a, b in ((other(one), two), (one, other(two)), (other(one), other(two)), (two, one)):
        changes = [(*hold, new) for hold, new, old in ((at_one, a, one), (at_two, b, two)) if new is not old]
        yield small_change(place, TURN, changes)


def small_change(
    place: CodePlace, mistake: str, changes: Sequence[tuple[ast.AST, str, int | None, ast.AST]]
) -> SmallChange:
    """Return a small change at a place."""
    return SmallChange(mistake, place.statement, place.line, tuple(Change(place.owner, *it) for it in changes))
