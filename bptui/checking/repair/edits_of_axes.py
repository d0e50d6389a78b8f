"""Edits of the axes along which forward and backward reduce: another one, several together, or kept."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import combinations
from typing import NamedTuple

from bptui.checking.repair.edit import CodePlace, Edit, edit, integer_of, written
from bptui.checking.repair.user_function import Change

REDUCTIONS = frozenset({"sum", "mean", "var", "std", "max", "min", "prod", "average", "amax", "logsumexp"})
AXES = (0, 1, -1, 2)
SEVERAL = ("(2, 3)", "(0, 2, 3)", "(1, 2, 3)", "(0, 1)", "(1, 2)", "(0, 2)", "0", "1", "-1")
"""What a tuple of axes, or all places with the same axes, may mean instead."""

OTHER_AXIS = "another axis than forward"
DISAGREE = "Forward and backward do not sum along the same axis."

MOST_TOGETHER = 5
"""Places of which every choice is tried."""


class AxesPlace(NamedTuple):
    """Where axes are written, and what holds them in which field: an argument, or an assignment to a name."""

    place: CodePlace
    holder: ast.AST
    axes: ast.expr
    field: str = "value"
    at: int | None = None


def edits_of_axes(place: CodePlace) -> Iterator[Edit]:
    """Yield a reduction along another axis, or with the axes kept."""
    match place.node:
        case ast.Call(func=ast.Attribute(attr=name), keywords=keywords) as node if name in REDUCTIONS:
            axis = next((it.value for it in keywords if it.arg == "axis"), None)
            known = None if axis is None else integer_of(axis)
            if axis is not None and not any(it.arg == "keepdims" for it in keywords):
                yield keeping(place, node)
            if known is not None:
                for new in AXES:
                    if new != known:
                        yield from along_another(place, node, new)
        case ast.Call(func=ast.Attribute(attr=name), args=[*_, last]) as node if integer_of(last) is not None:
            if name in REDUCTIONS:
                yield keeping(place, node)


def edits_of_sums_of_everything(place: CodePlace) -> Iterator[Edit]:
    """Yield a reduction along an axis for one of the whole array."""
    match place.node:
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=arguments, keywords=[]) as node if (
            name in REDUCTIONS
        ):
            if len(arguments) == int(ast.unparse(value) in {"np", "numpy"}):
                told = "An axis is missing: without one the reduction goes over the whole array."
                for axis in (-1, 0, 1):
                    along = [ast.keyword("axis", ast.Constant(axis)), ast.keyword("keepdims", ast.Constant(value=True))]
                    yield edit(place, "an axis is missing", told, ast.Call(node.func, arguments, along))


def keeping(place: CodePlace, node: ast.Call) -> Edit:
    """Return the edit that keeps the axes of a reduction."""
    kept = ast.Call(node.func, node.args, [*node.keywords, ast.keyword("keepdims", ast.Constant(value=True))])
    told = "keepdims=True is missing: without it the sums of rows are spread along the columns, since the sizes fit."
    return edit(place, "keepdims missing", told, kept)


def along_another(place: CodePlace, node: ast.Call, axis: int) -> Iterator[Edit]:
    """Yield the edits that reduce along another axis, which may have to be kept then."""
    new = [ast.keyword("axis", ast.Constant(axis)) if it.arg == "axis" else it for it in node.keywords]
    kept = [ast.keyword("keepdims", ast.Constant(value=True))] * (not any(it.arg == "keepdims" for it in new))
    for keywords in (new, [*new, *kept]) if kept else (new,):
        yield edit(place, OTHER_AXIS, DISAGREE, ast.Call(node.func, node.args, keywords))


def edits_of_all_axes(known: Sequence[CodePlace]) -> Iterator[Edit]:
    """Yield other axes in several places that have the same: reductions that belong together go along the same."""
    groups: dict[tuple[int, str], list[AxesPlace]] = {}
    for it in (found for place in known for found in axes_at(place)):
        groups.setdefault((id(it.place.owner), ast.unparse(it.axes)), []).append(it)
    for those in groups.values():
        for chosen in subsets(those):
            yield from along_others(chosen)


def subsets(those: Sequence[AxesPlace]) -> Iterator[Sequence[AxesPlace]]:
    """Yield the places that may belong together, the most first: several, or one that has a tuple or a name."""
    sizes = range(len(those), 0, -1) if len(those) <= MOST_TOGETHER else (len(those), 1)
    for size in sizes:
        for chosen in combinations(those, size):
            if size > 1 or isinstance(chosen[0].axes, ast.Tuple):
                yield chosen


def along_others(chosen: Sequence[AxesPlace]) -> Iterator[Edit]:
    """Yield the edits by which some places that have the same axes have others."""
    first = chosen[0]
    for text in dict.fromkeys([*SEVERAL, *axes_beside(first.axes)]):
        if text != ast.unparse(first.axes):
            other = ast.parse(text, mode="eval").body
            changes = tuple(Change(it.place.owner, it.holder, it.field, it.at, other) for it in chosen)
            line = partial(written, first.place.statement, first.axes, other)
            yield Edit(OTHER_AXIS, DISAGREE, first.place.line, changes, line)


def axes_beside(axes: ast.expr) -> list[str]:
    """Return axes with the one before them, or the one behind, and without their first or last."""
    known = sorted(integer_of(it) or 0 for it in (axes.elts if isinstance(axes, ast.Tuple) else [axes]))
    if min(known) < 0:
        return []
    found = ([known[0] - 1, *known], [*known, known[-1] + 1], known[1:], known[:-1])
    return [repr(tuple(it)) for it in found if it and it[0] >= 0]


def axes_at(place: CodePlace) -> Iterator[AxesPlace]:
    """Yield the axes written at a place, with what holds them: of a reduction, or by a name of their own."""
    match place.node:
        case ast.Call(func=ast.Attribute(attr=name), args=arguments, keywords=keywords) as node if name in REDUCTIONS:
            yield from (AxesPlace(place, it, it.value) for it in keywords if it.arg == "axis" and is_axes(it.value))
            for at, axes in enumerate(arguments[:2]):
                if is_axes(axes):
                    yield AxesPlace(place, node, axes, "args", at)
        case ast.Assign(targets=[ast.Name()], value=ast.Tuple() as axes) as statement if is_axes(axes):
            yield AxesPlace(place, statement, axes)


def is_axes(node: ast.expr) -> bool:
    """Return whether an expression is an axis, or a tuple of axes."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return all(integer_of(it) is not None for it in parts)
