"""Edits that leave out what backward does to a parameter before it has used it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from bptui.checking.diagnosis.states import CHANGED_FIRST
from bptui.checking.repair.edit import CodePlace, Edit


def edits_of_updates(known: Sequence[CodePlace]) -> Iterator[Edit]:
    """Yield the edits by which an attribute, or what has been taken from one, stays as it was."""
    updates = [place for place in known if is_update(place)]
    for place in reversed(updates):  # a velocity changes before the parameter, and does no harm
        told = f"Line {place.line} changes `{target_of(place)}` before it is used: this is the gradient for the new "
        told += "one. Work out what goes back first."
        yield Edit(CHANGED_FIRST, told, place.line, (place.change(ast.Pass()),))
    if len(updates) > 1:
        told = "Backward changes parameters before they are used. Work out what goes back first."
        yield Edit(CHANGED_FIRST, told, updates[0].line, tuple(it.change(ast.Pass()) for it in updates))


def is_update(place: CodePlace) -> bool:
    """Return whether a statement changes what was there before backward began."""
    match place.node:
        case ast.AugAssign():
            return is_from_before(place)
        case ast.Assign(targets=[_], value=value):
            return target_of(place) in ast.unparse(value) and is_from_before(place)
    return False


def target_of(place: CodePlace) -> str:
    """Return what a statement writes to, as it is written."""
    match place.node:
        case ast.Assign(targets=[target, *_]) | ast.AugAssign(target=target):
            return ast.unparse(target)
    return ""


def is_from_before(place: CodePlace) -> bool:
    """Return whether what a statement writes to was neither worked out in the function nor given to it."""
    name = root_of(target_of(place))
    given = {it.arg for it in place.owner.inner.args.args}
    made = {
        ast.unparse(target)
        for it in ast.walk(place.owner.inner)
        if isinstance(it, ast.Assign) and any(isinstance(part, ast.Call | ast.BinOp) for part in ast.walk(it.value))
        for target in it.targets
        if ast.unparse(target) not in ast.unparse(it.value)
    }
    return name not in made and (name not in given or "." in name)


def root_of(target: str) -> str:
    """Return a target without its index: ``self.params[0]`` is ``self.params``."""
    return target.split("[", 1)[0]
