"""Edits of parts of arrays: joined or taken apart in another order, or cut out at another place."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, permutations

from bptui.checking.repair.edit import CodePlace, Edit, attribute, edit, integer_of

JOINS = frozenset({"concatenate", "hstack", "vstack", "stack", "column_stack", "block"})
SPLITS = frozenset({"split", "array_split", "hsplit", "vsplit", "chunk", "unstack"})
PADS = frozenset({"pad", "concatenate"})

ORDER = "parts in the wrong order"
IN_ORDER = "Backward has the parts in another order than forward."
LAID_OUT = "reshaped in another order"
CROP = "wrong part of an array"
CUT = "Another part of the array belongs here."

MOST_PARTS = 4
"""Parts of which every order is tried; there are 24."""


def edits_of_parts(known: Sequence[CodePlace], forward: Sequence[CodePlace]) -> Iterator[Edit]:
    """Yield the edits of a function that mixes up the parts of an array, as those of gates or of a padded image."""
    for edits in (joined_otherwise, taken_apart_otherwise, laid_out_otherwise):
        for place in known:
            yield from edits(place)
    kept = kept_names(forward)
    for place in known:
        yield from unpacked_otherwise(place, kept)
    yield from stored_otherwise(known)
    margins = margins_of(known, forward)
    for place in known:
        yield from cut_otherwise(place, margins)
        yield from shifted_otherwise(place)


# Order.


def joined_otherwise(place: CodePlace) -> Iterator[Edit]:
    """Yield arrays joined in other orders."""
    match place.node:
        case ast.Call(args=[ast.List(elts=parts) | ast.Tuple(elts=parts), *rest]) as node if bare_name(node) in JOINS:
            for order in other_orders(parts):
                joined = ast.Call(node.func, [ast.List(order, ast.Load()), *rest], node.keywords)
                yield edit(place, ORDER, IN_ORDER, joined)


def taken_apart_otherwise(place: CodePlace) -> Iterator[Edit]:
    """Yield the parts of an array that get their names in other orders."""
    match place.node:
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=value) if is_taken_apart(value):
            for order in other_orders(names):
                new = ast.Assign([ast.Tuple(order, ast.Store())], value)
                yield Edit(ORDER, IN_ORDER, place.line, (place.change(new),), partial(ast.unparse, new))


def laid_out_otherwise(place: CodePlace) -> Iterator[Edit]:
    """Yield an array as a matrix whose rows are made of other elements: reshaped, or reshaped and transposed."""
    told = "Forward and backward do not lay the elements out in the same order: reshape(a, b).T is not reshape(b, a)."
    match place.node:
        case ast.Attribute(attr="T", value=ast.Call(func=ast.Attribute(attr="reshape") as function, args=[a, b])):
            yield edit(place, LAID_OUT, told, ast.Call(function, [b, a], []))
        case ast.Call(func=ast.Attribute(attr="reshape") as function, args=[a, b]):
            yield edit(place, LAID_OUT, told, attribute(ast.Call(function, [b, a], []), "T"))


def bare_name(node: ast.Call) -> str:
    """Return the name of the function that is called, without its module."""
    return ast.unparse(node.func).rsplit(".", 1)[-1]


def is_taken_apart(value: ast.expr) -> bool:
    """Return whether an expression is an array in parts."""
    match value:
        case ast.Call() as node:
            return bare_name(node) in SPLITS
        case ast.Tuple(elts=parts):
            arrays = {ast.unparse(it.value) if isinstance(it, ast.Subscript) else "" for it in parts}
            return len(arrays) == 1 and "" not in arrays
    return False


def other_orders(parts: Sequence[ast.expr]) -> Iterator[list[ast.expr]]:
    """Yield all other orders of a few parts, those first in which most stand where they stood."""
    if 1 < len(parts) <= MOST_PARTS:
        orders = [list(it) for it in permutations(parts)][1:]
        yield from sorted(orders, key=lambda order: sum(a is not b for a, b in zip(order, parts, strict=True)))


def unpacked_otherwise(place: CodePlace, kept: Sequence[Sequence[str]]) -> Iterator[Edit]:
    """Yield the names of what forward keeps for backward in the order in which it keeps it."""
    match place.node:
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Name() | ast.Attribute() as value):
            written = [ast.unparse(it) for it in names]
            for order in kept:
                if sorted(order) == sorted(written) and list(order) != written:
                    moved = [names[written.index(it)] for it in order]
                    new = ast.Assign([ast.Tuple(moved, ast.Store())], value)
                    told = "Forward keeps these in another order."
                    yield Edit(ORDER, told, place.line, (place.change(new),), partial(ast.unparse, new))


def kept_names(forward: Sequence[CodePlace]) -> list[list[str]]:
    """Return the names in each tuple that forward makes of names alone."""
    tuples = [it.node.elts for it in forward if isinstance(it.node, ast.Tuple)]
    return [[ast.unparse(it) for it in parts] for parts in tuples if all(isinstance(it, ast.Name) for it in parts)]


def stored_otherwise(known: Sequence[CodePlace]) -> Iterator[Edit]:
    """Yield what is stored in the parts of an array, stored in other orders."""
    stores: dict[tuple[int, str], list[tuple[CodePlace, ast.expr, ast.expr]]] = {}
    for place in known:
        match place.node:
            case ast.Assign(targets=[ast.Subscript(value=array) as target], value=value):
                stores.setdefault((id(place.owner), ast.unparse(array)), []).append((place, target, value))
    for those in stores.values():
        for order in other_orders([value for _, _, value in those]):
            lines = [(place, ast.Assign([target], new)) for (place, target, _), new in zip(those, order, strict=True)]
            moved = [it for it, (_, _, old) in zip(lines, those, strict=True) if it[1].value is not old]
            changes = tuple(place.change(new) for place, new in moved)
            yield Edit(ORDER, IN_ORDER, moved[0][0].line, changes, partial(ast.unparse, moved[0][1]))


# Crops.


def margins_of(known: Sequence[CodePlace], forward: Sequence[CodePlace]) -> list[ast.expr]:
    """Return what may be the width of a margin: what stands in slices, and where forward pads."""
    slices = (it for place in known for it in slices_of(place.node))
    pads = (it.node for it in forward if isinstance(it.node, ast.Call) and bare_name(it.node) in PADS)
    parts = (it for node in chain(slices, pads) for it in ast.walk(node))
    found = {ast.unparse(it): it for it in parts if isinstance(it, ast.expr) and is_width(it)}
    return [*found.values(), *(ast.Constant(it) for it in (1, 2) if str(it) not in found)]


def is_width(node: ast.AST) -> bool:
    """Return whether an expression may be a width."""
    match node:
        case ast.Constant(value=int() as value):
            return value > 0
        case ast.Attribute(value=ast.Name(id="self")) | ast.Name():
            return ast.unparse(node) not in {"self", "np", "numpy"}
    return False


def slices_of(node: ast.AST) -> list[ast.Slice]:
    """Return the slices of a part of an array that are bounded, and go step by step."""
    return bounded_slices(node) if isinstance(node, ast.Subscript) else []


def bounded_slices(part: ast.Subscript) -> list[ast.Slice]:
    """Return the slices of an index that have a bound, and no step."""
    indices = part.slice.elts if isinstance(part.slice, ast.Tuple) else [part.slice]
    slices = [it for it in indices if isinstance(it, ast.Slice)]
    return [it for it in slices if it.step is None and (it.lower or it.upper)]


def shifted_otherwise(place: CodePlace) -> Iterator[Edit]:
    """Yield a part of one array stored in a part of another, both counted from the other end."""
    match place.node:
        case ast.Assign(targets=[ast.Subscript() as target], value=ast.Subscript() as value):
            index, other = (
                recut(
                    it.slice,
                    {id(part): ast.Slice(opposite(part.upper), opposite(part.lower)) for part in bounded_slices(it)},
                )
                for it in (target, value)
            )
            new = ast.Assign(
                [ast.Subscript(target.value, index, ast.Store())], ast.Subscript(value.value, other, ast.Load())
            )
            if bounded_slices(target) and bounded_slices(value):
                yield Edit(
                    CROP,
                    "What is moved goes back the other way.",
                    place.line,
                    (place.change(new),),
                    partial(ast.unparse, new),
                )


def cut_otherwise(place: CodePlace, margins: Sequence[ast.expr]) -> Iterator[Edit]:
    """Yield another part of the same size, cut out along all axes that are cut, or along one."""
    slices = slices_of(place.node)
    if not isinstance(place.node, ast.Subscript) or is_index_of_round(place, slices):
        return
    for chosen in dict.fromkeys([tuple(slices), *((it,) for it in slices)]):
        for moved in zip(*(moved_slices(it, margins) for it in chosen), strict=True):
            new = dict(zip(map(id, chosen), moved, strict=True))
            part = ast.Subscript(place.node.value, recut(place.node.slice, new), place.node.ctx)
            yield edit(place, CROP, CUT, part)


def is_index_of_round(place: CodePlace, slices: Sequence[ast.Slice]) -> bool:
    """Return whether a part is a window that moves with a loop."""
    rounds = {it.id for loop in place.loops for it in ast.walk(loop.target) if isinstance(it, ast.Name)}
    return bool(rounds & {it.id for part in slices for it in ast.walk(part) if isinstance(it, ast.Name)})


def recut(index: ast.expr, new: dict[int, ast.Slice]) -> ast.expr:
    """Return an index with some of its slices replaced."""
    if isinstance(index, ast.Tuple):
        return ast.Tuple([new.get(id(it), it) for it in index.elts], ast.Load())
    return new.get(id(index), index)


def moved_slices(part: ast.Slice, margins: Sequence[ast.expr]) -> Iterator[ast.Slice]:
    """Yield the slices that may be meant: with margins exchanged, from the other end, within margins, or moved."""
    lower, upper = part.lower, part.upper
    yield exchanged_margins(part) or ast.Slice(opposite(upper), opposite(lower))
    yield from moved_by_one(part)
    yield ast.Slice(opposite(upper), opposite(lower))
    for width in margins:
        yield ast.Slice(width, opposite(width))
    for width in margins:
        for sign in (ast.Add(), ast.Sub()):
            begin = ast.BinOp(lower, sign, width) if lower else width
            yield ast.Slice(begin, ast.BinOp(upper, sign, width) if upper else None)


def moved_by_one(part: ast.Slice) -> Iterator[ast.Slice]:
    """Yield a slice between two integers moved by one either way, any other as it is."""
    lower, upper = integer_of(part.lower or part), integer_of(part.upper or part)
    for step in (-1, 1):
        if lower is None or upper is None:
            yield part
        else:
            yield ast.Slice(ast.Constant(lower + step), ast.Constant(upper + step))


def exchanged_margins(part: ast.Slice) -> ast.Slice | None:
    """Return a slice in which two widths have changed places: ``[right:n - left]`` for ``[left:n - right]``."""
    match part:
        case ast.Slice(lower=ast.Name() | ast.Attribute() as one, upper=ast.BinOp(left=end, op=ast.Sub(), right=two)):
            return ast.Slice(two, ast.BinOp(end, ast.Sub(), one))
        case ast.Slice(lower=ast.Name() | ast.Attribute() as one, upper=ast.UnaryOp(op=ast.USub(), operand=two)):
            return ast.Slice(two, ast.UnaryOp(ast.USub(), one))
    return None


def opposite(bound: ast.expr | None) -> ast.expr | None:
    """Return a bound counted from the other end."""
    match bound:
        case None:
            return None
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return operand
        case ast.BinOp(left=ast.UnaryOp(op=ast.USub(), operand=operand), op=op, right=right):
            return ast.BinOp(operand, op, right)
    return ast.UnaryOp(ast.USub(), bound)
