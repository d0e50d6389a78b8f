"""Edits of a local derivative that is another function's: an activation's, a mask's, a root's."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import combinations
from types import FunctionType

from bptui.checking.repair.edit import CodePlace, Edit, edit

OTHER_ACTIVATION = "another activation's derivative"
ROOT = "square root left out"

BY_OUT = (("tanh", "(1 - {0} ** 2)"), ("sigmoid", "({0} * (1 - {0}))"), ("ReLU", "({0} > 0)"))
"""Derivatives by the value of an activation."""

BY_INPUT = (("tanh", "(1 - np.tanh({0}) ** 2)"), ("sigmoid", "(np.exp(-{0}) / (1 + np.exp(-{0})) ** 2)"))
"""Derivatives by what goes into one."""

IS_DERIVATIVE = re.compile(r"grad|deriv|prime|backward|^d_", re.IGNORECASE)


def edits_of_derivatives(known: Sequence[CodePlace], forward: Sequence[CodePlace]) -> Iterator[Edit]:
    """Yield the edits of a function that has another derivative than forward's function."""
    written = " ".join({id(it.owner): ast.unparse(it.owner.inner) for it in forward}.values())
    for place in known:
        yield from of_another_activation(place)
        yield from on_the_other_side(place)
    if re.search(r"sqrt|std|norm|0\.5|rms", written):
        for place in known:
            yield from without_root(place)


# Activations.


def of_another_activation(place: CodePlace) -> Iterator[Edit]:
    """Yield the derivatives of other activations in the place of one."""
    match place.node:
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords) if IS_DERIVATIVE.search(name):
            for other in other_derivatives(place, name):
                told = f"`{other}` is the derivative of what forward does, and `{name}` another's."
                yield edit(place, OTHER_ACTIVATION, told, ast.Call(ast.Name(other, ast.Load()), arguments, keywords))
        case ast.Assign(targets=[ast.Subscript(value=ast.Name() as array, slice=ast.Compare(left=left))]):
            for right, new in replacements("ReLU", ast.unparse(left)):
                statement = ast.AugAssign(ast.Name(array.id, ast.Store()), ast.Mult(), new)
                told, change = told_activation("ReLU", right), place.change(statement)
                yield Edit(OTHER_ACTIVATION, told, place.line, (change,), partial(ast.unparse, statement))
        case ast.expr() as node if not is_factor(place):
            for wrong, value, rest in derivatives_in(node):
                for right, new in replacements(wrong, value):
                    yield edit(place, OTHER_ACTIVATION, told_activation(wrong, right), product([*rest, new]))


def is_factor(place: CodePlace) -> bool:
    """Return whether an expression is part of a product, which is looked at as a whole."""
    match place.parent:
        case ast.BinOp(op=ast.Mult()):
            return True
    return False


def other_derivatives(place: CodePlace, name: str) -> list[str]:
    """Return the functions of the user's module that are derivatives by their names, and not this one."""
    known = place.owner.function.__globals__
    return [it for it, made in known.items() if it != name and is_derivative(it, made, place.owner.path)]


def is_derivative(name: str, made: object, path: str) -> bool:
    """Return whether a module's name is that of a function which gives a derivative."""
    return isinstance(made, FunctionType) and made.__code__.co_filename == path and bool(IS_DERIVATIVE.search(name))


def told_activation(wrong: str, right: str) -> str:
    """Return what to say of a derivative that is another activation's."""
    return f"This is {wrong}'s derivative, and forward's function has that of {right}."


def replacements(wrong: str, value: str) -> Iterator[tuple[str, ast.expr]]:
    """Yield the other activations' derivatives by their names, of the same value."""
    for name, form in (*BY_OUT, *BY_INPUT):
        if name != wrong:
            yield name, ast.parse(form.format(value), mode="eval").body


def derivatives_in(node: ast.expr) -> Iterator[tuple[str, str, list[ast.expr]]]:
    """Yield whose derivative an expression has as a factor, of what value, and its other factors."""
    factors = factors_of(node)
    for at, factor in enumerate(factors):
        rest = [*factors[:at], *factors[at + 1 :]]
        if (squared := squared_in(factor)) is not None:
            yield "tanh", squared, rest
        if (compared := compared_in(factor)) is not None:
            yield "ReLU", compared, rest
    for one, two in combinations(range(len(factors)), 2):
        for value, other in ((factors[one], factors[two]), (factors[two], factors[one])):
            if ast.unparse(other) == f"1 - {ast.unparse(value)}":
                yield "sigmoid", ast.unparse(value), [it for at, it in enumerate(factors) if at not in {one, two}]


def factors_of(node: ast.expr) -> list[ast.expr]:
    """Return the factors of a product, or of what is none the whole."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return [*factors_of(left), *factors_of(right)]
    return [node]


def product(factors: Sequence[ast.expr]) -> ast.expr:
    """Return a product of factors."""
    first, *others = factors
    for it in others:
        first = ast.BinOp(first, ast.Mult(), it)
    return first


def squared_in(node: ast.expr) -> str | None:
    """Return what an expression takes the square of away from 1, None if it is another."""
    match node:
        case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=ast.BinOp(left=one, op=ast.Pow())):
            return ast.unparse(one)
        case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=ast.BinOp(left=one, op=ast.Mult(), right=two)):
            return ast.unparse(one) if ast.unparse(one) == ast.unparse(two) else None
        case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=ast.Call(func=function, args=[one, *_])):
            return ast.unparse(one) if ast.unparse(function).endswith(("square", "power")) else None
    return None


def compared_in(node: ast.expr) -> str | None:
    """Return what an expression compares with 0, None if it is another."""
    match node:
        case ast.Compare(left=value, ops=[ast.Gt() | ast.GtE()], comparators=[ast.Constant(value=0)]):
            return ast.unparse(value)
        case ast.Call(func=ast.Attribute(attr="astype", value=value)):
            return compared_in(value)
    return None


# Masks.

OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Lt: ast.GtE, ast.LtE: ast.Gt}


def on_the_other_side(place: CodePlace) -> Iterator[Edit]:
    """Yield the opposite of a condition."""
    match place.node:
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPPOSITES:
            told = "The condition is the wrong way round."
            yield edit(place, "wrong mask", told, ast.Compare(left, [OPPOSITES[type(op)]()], [right]))


# Roots.


def without_root(place: CodePlace) -> Iterator[Edit]:
    """Yield the square root of what something is divided by."""
    match place.node, place.parent:
        case (ast.Name() | ast.Attribute()) as node, ast.BinOp(op=ast.Div()) if place.field == "right":
            root = ast.parse(f"np.sqrt({ast.unparse(node)})", mode="eval").body
            yield edit(place, ROOT, "What divides here is the square of what forward divides by.", root)
            more = ast.BinOp(node, ast.Pow(), ast.Constant(1.5))
            yield edit(place, ROOT, "A root of it is left out as one more factor.", more)
