"""Edits where the right operand is used the wrong way: turned, one sample for all, summed over another axis."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from bptui.checking.repair.edit import CodePlace, Edit, attribute, call, edit, integer_of, round_names
from bptui.checking.repair.edits_of_axes import edits_of_all_axes, edits_of_axes, edits_of_sums_of_everything

PRODUCTS = frozenset({"dot", "matmul", "outer"})

ONE_FOR_ALL = "one sample's derivative for all"
OFF_BY_ONE = "an index off by one"


def edits_of_operands(known: Sequence[CodePlace]) -> Iterator[Edit]:
    """Yield the edits of a function that takes something the wrong way."""
    yield from edits_of_all_axes(known)
    kinds = (edits_of_axes, edits_of_sums_of_everything, edits_of_signs, edits_of_products, edits_of_indices)
    for edits in (*kinds, turned_back, permuted_back):
        for place in known:
            yield from edits(place)


# Signs.


def edits_of_signs(place: CodePlace) -> Iterator[Edit]:
    """Yield a sum for a difference, and a difference for a sum."""
    match place.node:
        case ast.BinOp(left=one, op=ast.Add() | ast.Sub() as sign, right=two):
            other_sign = ast.Sub() if isinstance(sign, ast.Add) else ast.Add()
            yield edit(place, "wrong sign", "One term has the wrong sign.", ast.BinOp(one, other_sign, two))


# Products.


def edits_of_products(place: CodePlace) -> Iterator[Edit]:
    """Yield a product with its factors transposed or in the other order."""
    match place.node:
        case ast.BinOp(left=one, op=ast.MatMult(), right=two):
            yield from turned_products(place, one, two, lambda a, b: ast.BinOp(a, ast.MatMult(), b))
        case ast.Call(func=ast.Attribute(attr=name) as function, args=[one, two]) if name in PRODUCTS:
            yield from turned_products(place, one, two, lambda a, b: call(function, a, b))
        case ast.Call(func=ast.Attribute(attr="dot", value=one), args=[two]):
            yield from turned_products(place, one, two, lambda a, b: call(attribute(a, "dot"), b))


def turned_products(
    place: CodePlace, one: ast.expr, two: ast.expr, made: Callable[[ast.expr, ast.expr], ast.expr]
) -> Iterator[Edit]:
    """Yield a product of two factors in all other arrangements, the least changed first."""
    told = "A factor is transposed that should not be, or the other way round."
    for a, b in ((other(one), two), (one, other(two)), (other(one), other(two))):
        yield edit(place, "transposed operand", told, made(a, b))
    told = "The factors of the product are in the wrong order."
    for a, b in ((two, one), (other(two), one), (two, other(one)), (other(two), other(one))):
        yield edit(place, "transposed operand", told, made(a, b))


def other(node: ast.expr) -> ast.expr:
    """Return a factor transposed; one that is already, as it was."""
    match node:
        case ast.Attribute(attr="T", value=value):
            return value
    return attribute(node, "T")


# Indices.


def edits_of_indices(place: CodePlace) -> Iterator[Edit]:
    """Yield a part of an array that should be all of it, or the part beside."""
    match place.node:
        case ast.Subscript(ctx=ast.Load(), value=value, slice=ast.Tuple(elts=[*parts])):
            for at, part in enumerate(parts):
                for new, name, told in mended_index(place, part):
                    changed = ast.Tuple([*parts[:at], new, *parts[at + 1 :]], ast.Load())
                    yield edit(place, name, told, ast.Subscript(value, changed, ast.Load()))
            for swapped in other_indices(parts):
                told = "Two indices are in the wrong order."
                index = ast.Tuple(swapped, ast.Load())
                yield edit(place, "transposed operand", told, ast.Subscript(value, index, ast.Load()))
        case ast.Subscript(ctx=ast.Load(), value=value, slice=index):
            if integer_of(index) is not None:
                yield edit(place, ONE_FOR_ALL, one_told(index), value)
                which = "first" if integer_of(index) == 0 else "last"
                told = f"Only the {which} contribution arrives; all of them are to be added up."
                added = ast.Call(attribute(value, "sum"), [], [ast.keyword("axis", ast.Constant(0))])
                yield edit(place, f"only the {which} of a loop", told, added)
            for new, name, told in mended_index(place, index):
                yield edit(place, name, told, ast.Subscript(value, new, ast.Load()))
        case ast.Call(func=ast.Attribute(attr="mean", value=value), keywords=[*_, ast.keyword(arg="axis")]):
            told = "The mean of the samples is used for each of them."
            yield edit(place, "one derivative for all", told, value)


def other_indices(parts: Sequence[ast.expr]) -> Iterator[list[ast.expr]]:
    """Yield indices with two of them exchanged, the last two first."""
    for one, two in sorted(combinations(range(len(parts)), 2), reverse=True):
        if ast.unparse(parts[one]) != ast.unparse(parts[two]):
            swapped = list(parts)
            swapped[one], swapped[two] = parts[two], parts[one]
            yield swapped


def mended_index(place: CodePlace, index: ast.expr) -> Iterator[tuple[ast.expr, str, str]]:
    """Yield what else may stand as an index, with the mistake and what to say of it."""
    if integer_of(index) is not None:
        for name_of_round in round_names(place):
            yield ast.Name(name_of_round, ast.Load()), ONE_FOR_ALL, one_told(index)
        yield ast.Slice(), ONE_FOR_ALL, one_told(index)
    match index:
        case ast.BinOp(left=ast.Name() as name, op=ast.Add() | ast.Sub(), right=ast.Constant(value=1)):
            yield name, OFF_BY_ONE, "The place beside the right one is used."
        case ast.Name():
            for sign in (ast.Add(), ast.Sub()):
                beside = ast.BinOp(index, sign, ast.Constant(1))
                yield beside, OFF_BY_ONE, "The place beside the right one is used."


def one_told(index: ast.expr) -> str:
    """Return what to say of a constant index."""
    return f"What stands at place {ast.unparse(index)} is used for all of them."


# Turns.


def turned_back(place: CodePlace) -> Iterator[Edit]:
    """Yield an operand as it is before it is turned."""
    match place.node:
        case ast.Subscript(ctx=ast.Load(), value=value, slice=index) if "::-1" in ast.unparse(index):
            yield edit(place, flip_name(index), "An operand is turned round that should not be.", value)


def permuted_back(place: CodePlace) -> Iterator[Edit]:
    """Yield axes exchanged the other way: what brings them back is the inverse permutation."""
    match place.node:
        case ast.Call(func=ast.Attribute(attr="transpose"), args=[*first, ast.Tuple(elts=axes)]) as node:
            made = inverse(axes)
            new = ast.Call(node.func, [*first, ast.Tuple(made, ast.Load())], []) if made else None
        case ast.Call(func=ast.Attribute(attr="transpose"), args=[_, _, _, *_] as axes) as node:
            made = inverse(axes)
            new = ast.Call(node.func, list(made), []) if made else None
        case _:
            return
    if new is not None:
        told = "The axes have to be exchanged back: that is the inverse permutation."
        yield edit(place, "transposed operand", told, new)


def inverse(axes: Sequence[ast.expr]) -> list[ast.expr]:
    """Return the inverse of a permutation of axes; nothing where that is the same, or it is none."""
    known = [integer_of(it) for it in axes]
    order = [known.index(at) for at in range(len(known)) if at in known]
    return [ast.Constant(at) for at in order] if len(order) == len(known) and order != known else []


def edits_of_turns(place: CodePlace) -> Iterator[Edit]:
    """Yield an operand turned."""
    match place.node:
        case ast.Name(ctx=ast.Load()) | ast.Attribute(ctx=ast.Load()) | ast.Subscript(ctx=ast.Load()) as node:
            if isinstance(place.parent, ast.BinOp | ast.Return | ast.Assign | ast.AugAssign) and place.field in {
                "left",
                "right",
                "value",
            }:
                for turn in ("..., ::-1, ::-1", "..., ::-1", "..., ::-1, :", "::-1"):
                    index = ast.parse(f"x[{turn}]", mode="eval").body
                    assert isinstance(index, ast.Subscript)
                    turned = ast.Subscript(node, index.slice, ast.Load())
                    yield edit(place, flip_name(index.slice), "An operand has to be turned round.", turned)


def flip_name(index: ast.expr) -> str:
    """Return what a turn is called: two axes turned round are a rotation by half a turn."""
    return "rotated operand" if ast.unparse(index).count("::-1") > 1 else "flipped operand"
