"""Edits that are guesses: another variable, a factor that was left out, a term that was left out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from math import inf
from typing import TypeAlias

from bptui.checking.repair.at_hand import AtHand
from bptui.checking.repair.edit import CodePlace, Edit, edit
from bptui.checking.repair.edits_of_operands import edits_of_turns
from bptui.checking.repair.named_values import FunctionKey, NamedKinds, key_of_function

Derivative: TypeAlias = tuple[str, str, str, tuple[float, float], str]

LEFT_OUT = "local derivative left out"
MASK_LEFT_OUT = "mask left out"
MASKS = (
    ("{0} * ({1} & True)", "{0} * {1}", "The mask is left out."),
    ("{0} * (1 - ({1} & True))", "{0} * (1 - {1})", "The mask is left out."),
)
"""Masks by what a layer keeps: what is tried, what is shown, what to say. ``& True`` refuses what is not a mask."""

DERIVATIVES = (
    ("{0} * (1 - {1} ** 2)", LEFT_OUT, "The local derivative is left out: tanh's 1 - out².", (-1, 1), "tanh|exp"),
    (
        "{0} * {1} * (1 - {1})",
        LEFT_OUT,
        "The local derivative is left out: sigmoid's out × (1 - out).",
        (0, 1),
        "sigm|exp|tanh",
    ),
)
"""Local derivatives by a value: the expression, the mistake, what to say of it, and when it may be meant.

That is where the value lies between two numbers and forward speaks of such a function.
"""

RELU = (("{0} * ({1} > 0)", MASK_LEFT_OUT, "The mask of ReLU is left out.", (-inf, inf), "max|where|clip|relu|[<>]"),)
"""The same of what may be of any size."""


def guesses(
    known: Sequence[CodePlace],
    forward: Sequence[CodePlace],
    chosen: Sequence[CodePlace],
    kinds: Mapping[FunctionKey, NamedKinds],
) -> Iterator[Edit]:
    """Yield the edits of functions that lack something in some places of theirs, those first of which there are few.

    What may belong there are a function's own names, and what ``forward`` keeps; ``kinds`` tell what they stand for.
    """
    owners = {id(it.owner): it.owner for it in known}
    at_hand = {
        key: AtHand([it for it in known if it.owner is owner], forward, kinds.get(key_of_function(owner), {}))
        for key, owner in owners.items()
    }
    written = " ".join({id(it.owner): ast.unparse(it.owner.inner) for it in forward}.values())
    for edits in (
        terms_with_a_factor,
        missing_masks,
        other_variables,
        partial(missing_derivatives, forms=meant_by(written, DERIVATIVES)),
        missing_sizes,
        partial(missing_derivatives, forms=meant_by(written, RELU)),
        missing_terms,
        missing_factors,
    ):
        for place in chosen:
            yield from edits(place, at_hand[id(place.owner)])
    for place in chosen:
        yield from edits_of_turns(place)


def meant_by(written: str, forms: Sequence[Derivative]) -> list[Derivative]:
    """Return the derivatives that may be those of forward, as it is written."""
    return [it for it in forms if re.search(it[-1], written)]


def is_changeable(place: CodePlace) -> bool:
    """Return whether an expression is such as guesses are made of."""
    return is_operand(place) or is_value(place) or isinstance(place.node, ast.BinOp)


def is_operand(place: CodePlace) -> bool:
    """Return whether an expression is a value that arithmetic is done with."""
    node = place.node
    if not isinstance(node, ast.Name | ast.Subscript | ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return False
    is_part = isinstance(place.parent, ast.Subscript | ast.For | ast.Attribute) and not isinstance(node, ast.Name)
    is_index = isinstance(place.parent, ast.Subscript | ast.For) or place.field in {"func", "slice"}
    return not is_part and not is_index and not (isinstance(node, ast.Name) and node.id in {"self", "np", "numpy"})


def is_value(place: CodePlace) -> bool:
    """Return whether an expression is what a statement comes to: what is assigned, or returned, or a part of it."""
    is_whole = isinstance(place.parent, ast.Assign | ast.AugAssign | ast.Return) and place.field == "value"
    is_part = isinstance(place.parent, ast.Tuple) and place.field == "elts" and isinstance(place.statement, ast.Return)
    is_term = isinstance(place.parent, ast.BinOp) and isinstance(place.parent.op, ast.Add | ast.Sub)
    if is_term and isinstance(place.node, ast.Call):
        return True
    return (is_whole or is_part) and isinstance(place.node, ast.BinOp | ast.Call | ast.UnaryOp)


def other_variables(place: CodePlace, at_hand: AtHand) -> Iterator[Edit]:
    """Yield another variable in the place of one: a local derivative was left out if it is that times something."""
    if not (is_operand(place) or isinstance(place.node, ast.BinOp)):
        return
    here = ast.unparse(place.node)
    for name in at_hand.own:
        if not speaks_of(here, name) and "[" not in name and at_hand.is_alike(name, here):
            is_product = is_times(name, here, at_hand.known)
            if isinstance(place.node, ast.BinOp) and not is_product:
                continue
            if is_product:
                told = f"The local derivative is left out: `{name}` has it, `{here}` does not."
                yield edit(place, LEFT_OUT, told, expression(name))
            elif at_hand.is_meant(name, here):
                told = f"`{name}` belongs in the place of `{here}`."
                yield edit(place, "another variable is meant", told, expression(name))


def speaks_of(written: str, name: str) -> bool:
    """Return whether code has a name in it: what is worked out from a variable is no other variable."""
    return bool(re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", written))


def is_times(name: str, factor: str, known: Sequence[CodePlace]) -> bool:
    """Return whether a variable is another one times something, or divided by that."""
    for place in known:
        match place.node:
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.BinOp(op=ast.Mult() | ast.Div()) as value):
                if target == name and factor in ast.unparse(value):
                    return True
    return False


def is_whole_product(place: CodePlace) -> bool:
    """Return whether an expression is not a factor of a larger one, where a factor more would come to the same."""
    match place.parent:
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            return False
    return is_changeable(place)


def missing_masks(place: CodePlace, at_hand: AtHand) -> Iterator[Edit]:
    """Yield an expression times a mask that is at hand."""
    if not is_whole_product(place):
        return
    here = f"({ast.unparse(place.node)})"
    for form, plain, told in MASKS:
        for name in at_hand.masks:
            change, shown = place.change(expression(form.format(here, name))), expression(plain.format(here, name))
            yield Edit(MASK_LEFT_OUT, told, place.line, (change,), partial(place.shown, shown))


def missing_derivatives(place: CodePlace, at_hand: AtHand, *, forms: Sequence[Derivative]) -> Iterator[Edit]:
    """Yield an expression times a derivative worked out from something that is at hand."""
    if not is_whole_product(place):
        return
    here = f"({ast.unparse(place.node)})"
    for form, mistake, told, bounds, _ in forms:
        for name in at_hand.floats(*bounds):
            yield edit(place, mistake, told, expression(form.format(here, name)))


def missing_sizes(place: CodePlace, at_hand: AtHand) -> Iterator[Edit]:
    """Yield an expression divided by a plain number that is at hand, or times that."""
    yield from products_with(place, at_hand.scalars)


def missing_factors(place: CodePlace, at_hand: AtHand) -> Iterator[Edit]:
    """Yield an expression times something that is at hand, or divided by it."""
    yield from products_with(place, [it for it in at_hand.all if it not in at_hand.scalars])


def products_with(place: CodePlace, names: Sequence[str]) -> Iterator[Edit]:
    """Yield an expression times or divided by something, but by what its statement itself writes to."""
    if not is_whole_product(place):
        return
    here = f"({ast.unparse(place.node)})"
    for name in [it for it in names if it not in factor_targets(place.statement)]:
        told = f"A factor `{name}` is left out, or a division by it."
        yield edit(place, f"a factor {name}", told, expression(f"{here} * {name}"))
        yield edit(place, f"a factor {name}", told, expression(f"{here} / {name}"))


def missing_terms(place: CodePlace, at_hand: AtHand) -> Iterator[Edit]:
    """Yield an expression with something added that is at hand."""
    if not (is_value(place) or is_operand(place)):
        return
    here = f"({ast.unparse(place.node)})"
    for name in [it for it in at_hand.own if it != ast.unparse(place.node)]:
        told = f"A contribution is left out: `{name}` has to be added."
        yield edit(place, "a use is missing", told, expression(f"{here} + {name}"))


def factor_targets(statement: ast.stmt) -> list[str]:
    """Return what a statement writes to, as it is written."""
    return [ast.unparse(it) for it in statement.targets] if isinstance(statement, ast.Assign) else []


def terms_with_a_factor(place: CodePlace, at_hand: AtHand) -> Iterator[Edit]:  # noqa: ARG001
    """Yield a term, or what is worked out by itself, with another sign, or with a factor 2."""
    if not isinstance(place.node, ast.BinOp) or not is_whole_product(place):
        return
    here = f"({ast.unparse(place.node)})"
    yield edit(place, "wrong sign", "One term has the wrong sign.", expression(f"-{here}"))
    yield edit(place, "half", "One term is half of what it should be.", expression(f"2 * {here}"))
    yield edit(place, "twice", "One term is twice what it should be.", expression(f"{here} / 2"))


def expression(text: str) -> ast.expr:
    """Return a text as an expression."""
    return ast.parse(text, mode="eval").body
