"""Edits of forward: what it saves for backward is a copy, where it is written over after that."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from bptui.checking.repair.edit import CodePlace, Edit, attribute, call, edit

OVERWRITTEN_LATER = "saved array overwritten"

ADDING = frozenset({"append", "insert", "setdefault", "save_for_backward"})
"""Methods that save what they are given."""


def edits_of_copies(forward: Sequence[CodePlace]) -> Iterator[Edit]:
    """Yield a copy in the place of each array that forward saves."""
    for place in forward:
        if isinstance(place.node, ast.Name | ast.Attribute | ast.Subscript) and is_saved(place):
            told = (
                f"`{ast.unparse(place.node)}` is saved here, and written over later: backward sees the later numbers. "
            )
            copy = call(attribute(place.node, "copy"))
            yield edit(place, OVERWRITTEN_LATER, told + "Save a copy.", copy)


def is_saved(place: CodePlace) -> bool:
    """Return whether a value is put away at a place: in a list, under a key, on an object, in a tuple."""
    match place.parent:
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in ADDING and place.field == "args"
        case ast.Assign(targets=[target]):
            return place.field == "value" and isinstance(target, ast.Attribute | ast.Subscript)
        case ast.Dict():
            return place.field == "values"
        case ast.Tuple(ctx=ast.Load()) | ast.List(ctx=ast.Load()):
            return isinstance(place.statement, ast.Assign | ast.Return)
    return False
