"""Edits where contributions are lost on the way to their sum: = for +=, a loop that ends too soon or begins anew."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import partial

from bptui.checking.diagnosis.contributions import OVERWRITTEN
from bptui.checking.repair.edit import CodePlace, Edit, attribute, call, edit, numpy, round_names

OVER = "contributions overwritten"
LAST = "only the last of a loop"
FIRST = "only the first of a loop"
ADDED = "added where it replaces"
DIRECTION = "loop in the wrong direction"


def edits_of_sums(known: Sequence[CodePlace]) -> Iterator[Edit]:
    """Yield the edits of a function that has to add up and does not."""
    for place in known:
        match place.node:
            case ast.Assign(targets=[ast.Name() | ast.Attribute() as target], value=value) if is_of_all_rounds(
                place, target
            ):
                yield from last_of_a_loop(place, target, value)
            case ast.Assign(targets=[ast.Subscript() | ast.Attribute() as target], value=value):
                yield overwritten(place, ast.AugAssign(target, ast.Add(), value))
                yield from added_at(place, target, value)
                yield from written_everywhere(place, target, value)
            case ast.Expr(value=ast.Call() as node):
                for new in put_at(node):
                    yield Edit(OVER, OVERWRITTEN, place.line, (place.change(ast.Expr(new)),))
            case ast.AugAssign(target=ast.Subscript() as target, op=ast.Add(), value=value):
                yield from added_at(place, target, value)
    yield from edits_of_attributes(known)
    for place in known:
        yield from ended_too_soon(place)
        yield from handed_on(place)


def edits_of_running_sums(known: Sequence[CodePlace]) -> Iterator[Edit]:
    """Yield a running sum that begins at the other end."""
    told = "A running sum goes back from the other end: what comes last has moved nothing but itself."
    for place in known:
        match place.node:
            case ast.Call(func=ast.Attribute(attr="cumsum", value=value), args=arguments, keywords=keywords):
                is_function = ast.unparse(value) in {"np", "numpy"}
                array, axis = (arguments[0], arguments[1:]) if is_function and arguments else (value, arguments)
                along = ", ".join(map(ast.unparse, (*axis, *keywords)))
                more = f", {along}" if along else ""
                text = f"np.flip(np.cumsum(np.flip({ast.unparse(array)}{more}){more}){more})"
                yield edit(place, DIRECTION, told, ast.parse(text, mode="eval").body)


def overwritten(place: CodePlace, new: ast.AugAssign) -> Edit:
    """Return the edit by which a statement adds up instead of writing over."""
    return Edit(OVER, OVERWRITTEN, place.line, (place.change(new),), partial(ast.unparse, new))


def added_at(place: CodePlace, target: ast.expr, value: ast.expr) -> Iterator[Edit]:
    """Yield the edit that adds up for an index with repeats, too."""
    if not isinstance(target, ast.Subscript):
        return
    at = attribute(attribute(numpy(), "add"), "at")
    base = ast.parse(ast.unparse(target.value), mode="eval").body
    new = call(at, base, as_value(target.slice), value)
    written = ast.Call(ast.parse("np.add.at", mode="eval").body, [base, target.slice, value], [])
    yield Edit(OVER, OVERWRITTEN, place.line, (place.change(ast.Expr(new)),), partial(ast.unparse, written))


def put_at(node: ast.Call) -> Iterator[ast.Call]:
    """Yield the call that adds up what one writes over: ``put_along_axis`` and ``put`` keep the last of several."""
    match node.func, node.args:
        case ast.Attribute(attr="put_along_axis"), [array, index, value, *axis]:
            last = axis[0] if axis else next((it.value for it in node.keywords if it.arg == "axis"), None)
            if last is not None:
                yield call(ADDED_ALONG, array, index, value, last)
        case ast.Attribute(attr="put"), [array, index, value]:
            flat = call(attribute(array, "reshape"), ast.Constant(-1))
            yield call(attribute(attribute(numpy(), "add"), "at"), flat, index, value)


ADDED_ALONG = ast.parse(
    "lambda array, index, value, axis: __import__('numpy').add.at(array, tuple([index if at == axis % array.ndim "
    "else place for at, place in enumerate(__import__('numpy').indices(index.shape, sparse=True))]), value)",
    mode="eval",
).body
"""What ``put_along_axis`` does, but that it adds."""


def written_everywhere(place: CodePlace, target: ast.expr, value: ast.expr) -> Iterator[Edit]:
    """Yield the edits by which a round of a loop writes into its own place, and not over all others."""
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice | ast.Constant):
        told = "Each round of the loop writes over what the others have written."
        for name in round_names(place):
            new = ast.Assign([ast.Subscript(target.value, ast.Name(name, ast.Load()), ast.Store())], value)
            yield Edit(OVER, told, place.line, (place.change(new),), partial(ast.unparse, new))


def as_value(index: ast.expr) -> ast.expr:
    """Return an index as an expression that can stand outside of brackets."""
    match index:
        case ast.Slice():
            parts = (it or ast.Constant(None) for it in (index.lower, index.upper, index.step))
            return call(ast.Name("slice", ast.Load()), *parts)
        case ast.Tuple():
            return ast.Tuple([as_value(it) for it in index.elts], ast.Load())
    return index


def is_of_all_rounds(place: CodePlace, target: ast.Name | ast.Attribute) -> bool:
    """Return whether all rounds of a loop write to the same: to no attribute of what each round has another of."""
    return bool(place.loops) and ast.unparse(target).split(".", 1)[0] not in round_names(place)


def last_of_a_loop(place: CodePlace, target: ast.Name | ast.Attribute, value: ast.expr) -> Iterator[Edit]:
    """Yield the edits by which a name adds up over the rounds of a loop: begun before it, or begun there."""
    told = "Each round of the loop begins anew, so only what the last one gives arrives."
    new = ast.AugAssign(target, ast.Add(), value)
    zero = ast.Assign([target], ast.Constant(0))
    yield Edit(LAST, told, place.line, (place.change(new),), partial(ast.unparse, new))
    for loop in place.loops:
        before = ast.If(ast.Constant(value=True), [zero, loop], [])
        holder = parent_of(place, loop)
        if holder is not None:
            yield Edit(LAST, told, place.line, (place.change(new), holder.change(before)), partial(ast.unparse, new))
            moved = ast.If(ast.Constant(value=True), [ast.Assign([target], value), loop], [])
            changes = (place.change(ast.Pass()), holder.change(moved))
            yield Edit(LAST, f"{told} `{ast.unparse(target)}` has to be made before the loop.", place.line, changes)


def parent_of(place: CodePlace, loop: ast.For) -> CodePlace | None:
    """Return where a loop itself stands."""
    for parent in ast.walk(place.owner.inner):
        for field in ("body", "orelse"):
            statements = getattr(parent, field, None)
            if isinstance(statements, list) and loop in statements:
                return CodePlace(place.owner, parent, field, statements.index(loop), loop, loop, ())
    return None


def edits_of_attributes(known: Sequence[CodePlace]) -> Iterator[Edit]:
    """Yield the edits by which all functions add to an attribute, as the nodes of an engine do to ``grad``."""
    found: dict[str, list[CodePlace]] = {}
    for place in known:
        match place.node:
            case ast.Assign(targets=[ast.Attribute(attr=name)]):
                found.setdefault(name, []).append(place)
    for stores in found.values():
        if len(stores) > 1:
            changes = [place.change(added(place.node)) for place in stores if isinstance(place.node, ast.Assign)]
            write_line = partial(ast.unparse, changes[0].new)
            yield Edit(OVER, OVERWRITTEN, stores[0].line, tuple(changes), write_line)


def added(statement: ast.Assign) -> ast.AugAssign:
    """Return an assignment to an attribute as one that adds up."""
    target = statement.targets[0]
    assert isinstance(target, ast.Attribute)
    return ast.AugAssign(target, ast.Add(), statement.value)


def ended_too_soon(place: CodePlace) -> Iterator[Edit]:
    """Yield the edits of a loop that does not go all the way: break, return, a range that is too short."""
    told = "The loop ends after its first round."
    match place.node:
        case ast.Break() if place.loops:
            yield Edit(FIRST, f"{told} `break` is what ends it.", place.line, (place.change(ast.Pass()),))
        case ast.Return() as statement if place.loops:
            holder = parent_of(place, place.loops[0])
            if holder is not None:
                both = ast.If(ast.Constant(value=True), [place.loops[0], statement], [])
                changes = (place.change(ast.Pass()), holder.change(both))
                yield Edit(FIRST, f"{told} `return` stands inside of it, and belongs behind it.", place.line, changes)
        case ast.Call(func=ast.Name(id="range"), args=[*bounds]) as node:
            if isinstance(place.parent, ast.For):
                told = "The loop runs forward, where backward has to begin at the end."
                yield edit(place, DIRECTION, told, call(ast.Name("reversed", ast.Load()), node))
            for new in longer_ranges(bounds):
                told = "The loop leaves out a round."
                yield edit(place, "a round of a loop is missing", told, call(ast.Name("range", ast.Load()), *new))


def handed_on(place: CodePlace) -> Iterator[Edit]:
    """Yield the edit by which what one round of a loop hands on to the next replaces what was there."""
    match place.node:
        case ast.AugAssign(target=ast.Name() as target, op=ast.Add(), value=value) if place.loops:
            yield from replacing(place, target, value)
        case ast.Assign(targets=[ast.Name() as target], value=ast.BinOp(left=one, op=ast.Add(), right=two)) if (
            place.loops
        ):
            for kept, other in ((one, two), (two, one)):
                if ast.unparse(kept) == target.id:
                    yield from replacing(place, target, other)


def replacing(place: CodePlace, target: ast.Name, value: ast.expr) -> Iterator[Edit]:
    """Yield the edit that puts a value in the place of the one before."""
    told = f"`{target.id}` goes from one round of the loop to the next: what is new replaces what was there."
    new = ast.Assign([target], value)
    yield Edit(ADDED, told, place.line, (place.change(new),), partial(ast.unparse, new))


def longer_ranges(bounds: Sequence[ast.expr]) -> Iterator[list[ast.expr]]:
    """Yield the bounds of a range that is one longer at either end."""
    match bounds:
        case [ast.BinOp(left=left, op=ast.Sub(), right=ast.Constant(value=1))]:
            yield [left]
        case [ast.Constant(value=1), *rest] if rest:
            yield [ast.Constant(0), *rest]
        case [low, ast.BinOp(left=left, op=ast.Sub(), right=ast.Constant(value=1)), *rest]:
            yield [low, left, *rest]
        case [low, ast.Constant(value=0), ast.UnaryOp() as step]:
            yield [low, ast.UnaryOp(ast.USub(), ast.Constant(1)), step]
