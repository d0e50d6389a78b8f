"""Edits of the small number that forward adds before it divides or takes a root, and that backward leaves out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from bptui.checking.repair.edit import CodePlace, Edit, edit

EPS = "eps left out"

NAMED = re.compile(r"(?:self\.)?\w*eps\w*", re.IGNORECASE)

LARGEST = 0.01
"""Constants up to this may be such a number, too."""


def edits_of_eps(known: Sequence[CodePlace], forward: Sequence[CodePlace]) -> Iterator[Edit]:
    """Yield the edits that add it where backward may need it: in one place, or wherever the same value is used."""
    written = " ".join({id(it.owner): ast.unparse(it.owner.inner) for it in forward}.values())
    for name in dict.fromkeys(NAMED.findall(written)):
        together: dict[tuple[int, str], list[Edit]] = {}
        for place in known:
            for it in with_eps(place, name):
                together.setdefault((id(place.owner), value_beside_eps(place)), []).append(it)
                yield it
        yield from (all_of_them(those, name) for those in together.values() if len(those) > 1)


def all_of_them(those: Sequence[Edit], name: str) -> Edit:
    """Return the edit that adds the small number in several places."""
    first, changes = those[0], tuple(change for it in those for change in it.changes)
    others = sorted({it.line for it in those[1:]} - {first.line})
    behind = f", and in line {' and '.join(map(str, others))}" if others else ""
    told = f"Forward adds `{name}` wherever this value is used: here{behind}."
    return Edit(EPS, told, first.line, changes)


def with_eps(place: CodePlace, name: str) -> Iterator[Edit]:
    """Yield the small number added to what a root is taken of, or to what something is divided by."""
    told = f"Forward adds `{name}` here."
    match place.node:
        case ast.Call(func=ast.Attribute(attr="sqrt"), args=[value]) as node:
            more = ast.BinOp(value, ast.Add(), ast.parse(name, mode="eval").body)
            yield edit(place, EPS, told, ast.Call(node.func, [more], []))
        case ast.Name() | ast.Attribute() as node if is_worked_with(place):
            more = ast.BinOp(node, ast.Add(), ast.parse(name, mode="eval").body)
            yield edit(place, EPS, told, more)


def value_beside_eps(place: CodePlace) -> str:
    """Return what the small number is added to at a place, as it is written."""
    match place.node:
        case ast.Call(args=[value]):
            return ast.unparse(value)
    return ast.unparse(place.node)


def is_worked_with(place: CodePlace) -> bool:
    """Return whether something is divided by a value, or it is raised to a power, or gets another name."""
    match place.parent:
        case ast.BinOp(op=ast.Div() | ast.Pow()):
            return True
        case ast.Assign():
            return place.field == "value"
    return False


def forward_without_eps(place: CodePlace) -> Iterator[Edit]:
    """Yield a term of forward without the small number that is added to it."""
    match place.node:
        case ast.BinOp(left=value, op=ast.Add(), right=small) if is_eps(small):
            told = f"Forward adds `{ast.unparse(small)}` in this line, and backward is right for a forward without it."
            yield Edit(EPS, told, place.line, (place.change(value),))


def is_eps(node: ast.expr) -> bool:
    """Return whether an expression is a number that is added for safety: by its name, or by its size."""
    match node:
        case ast.Constant(value=float() as value):
            return 0 < value <= LARGEST
        case ast.Name() | ast.Attribute():
            return bool(NAMED.fullmatch(ast.unparse(node)))
    return False
