"""Edits that are guesses: another variable, a factor that was left out, a term that was left out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from bptui.checking.repair.edit import CodePlace, Edit, edit
from bptui.checking.repair.edits_of_operands import edits_of_turns

LEFT_OUT = "local derivative left out"
MASK_LEFT_OUT = "mask left out"
DERIVATIVES = (
    ("{0} * ({1} & True)", "{0} * {1}", MASK_LEFT_OUT, "The mask is left out."),
    ("{0} * (1 - ({1} & True))", "{0} * (1 - {1})", MASK_LEFT_OUT, "The mask is left out."),
    ("{0} * ({1} > 0)", "", MASK_LEFT_OUT, "The mask of ReLU is left out."),
    ("{0} * (1 - {1} ** 2)", "", LEFT_OUT, "The local derivative is left out: tanh's 1 - out²."),
    ("{0} * {1} * (1 - {1})", "", LEFT_OUT, "The local derivative is left out: sigmoid's out × (1 - out)."),
)
"""Local derivatives by a value: what is tried, what is shown where that is plainer, the mistake, what to say of it.

``& True`` refuses what is not a mask: numbers are multiplied by for other reasons.
"""


def guesses(
    known: Sequence[CodePlace], forward: Sequence[CodePlace], is_promising: Callable[[CodePlace], bool]
) -> Iterator[Edit]:
    """Yield the edits of functions that lack something, the likeliest first, in the places that are promising.

    What may belong there are a function's own names, and what ``forward`` keeps.
    """
    kept = {name: None for name in written_names(forward) if name.startswith("self.")}
    chosen = [place for place in known if is_changeable(place) and is_promising(place)]
    for owner in {id(it.owner): it.owner for it in known}.values():
        here = [it for it in known if it.owner is owner]
        yield from guesses_in(here, [it for it in chosen if it.owner is owner], kept)
    for place in chosen:
        yield from edits_of_turns(place)


def is_changeable(place: CodePlace) -> bool:
    """Return whether an expression is such as guesses are made of."""
    return is_operand(place) or is_value(place) or isinstance(place.node, ast.BinOp)


def guesses_in(known: Sequence[CodePlace], chosen: Sequence[CodePlace], kept: dict[str, None]) -> Iterator[Edit]:
    """Yield the edits of one function in some of its places."""
    names = written_names(known) | surrounding_names(known)
    operands = [place for place in chosen if is_operand(place)]
    for place in chosen:
        if place in operands or isinstance(place.node, ast.BinOp):
            yield from other_variables(place, names, known)
    targets = [*filter(is_value, chosen), *operands]
    saved = kept | {name: None for name in names if name not in computed_names(known)}
    for edits, more in ((missing_derivatives, saved), (missing_terms, names), (missing_factors, kept | names)):
        for place in targets:
            yield from edits(place, more)
    for place in chosen:
        yield from factors_of_a_term(place)


def written_names(known: Sequence[CodePlace]) -> dict[str, None]:
    """Return the names, the attributes and the parts of arrays that a function works with, as they are written."""
    found: dict[str, None] = {}
    for place in known:
        match place.node:
            case ast.Attribute(attr="T"):
                continue
            case ast.Name(id=name) if name not in {"self", "np", "numpy"} and place.field != "func":
                found[name] = None
            case ast.Attribute(value=ast.Name(id="self")) as node if place.field != "func":
                found[ast.unparse(node)] = None
            case ast.Subscript(value=ast.Name() | ast.Attribute()) as node:
                found[ast.unparse(node)] = None
    return found


def surrounding_names(known: Sequence[CodePlace]) -> dict[str, None]:
    """Return the names of the function within which another is made."""
    owner = known[0].owner
    around = ast.walk(owner.tree) if owner.inner is not owner.tree else ()
    stores = (it for it in around if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store))
    return {it.id: None for it in stores}


def computed_names(known: Sequence[CodePlace]) -> set[str]:
    """Return the names that functions work out: those are gradients, and no local derivatives are made of them."""
    statements = [it.node for it in known if isinstance(it.node, ast.Assign | ast.AugAssign)]
    computing = [it for it in statements if any(isinstance(part, ast.BinOp | ast.Call) for part in ast.walk(it.value))]
    targets = [target for it in computing for target in (it.targets if isinstance(it, ast.Assign) else [it.target])]
    return {ast.unparse(it) for it in targets}


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
    return (is_whole or is_part) and isinstance(place.node, ast.BinOp | ast.Call)


def other_variables(place: CodePlace, names: dict[str, None], known: Sequence[CodePlace]) -> Iterator[Edit]:
    """Yield another variable in the place of one: a local derivative was left out if it is that times something."""
    here = ast.unparse(place.node)
    for name in names:
        if name != here and "[" not in name:
            is_product = is_times(name, here, known)
            if isinstance(place.node, ast.BinOp) and not is_product:
                continue
            told = f"`{name}` belongs in the place of `{here}`."
            if is_product:
                told = f"The local derivative is left out: `{name}` has it, `{here}` does not."
            yield edit(place, LEFT_OUT if is_product else "another variable is meant", told, expression(name))


def is_times(name: str, factor: str, known: Sequence[CodePlace]) -> bool:
    """Return whether a variable is made of another by a product, or by setting parts of it to zero."""
    for place in known:
        match place.node:
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.BinOp(op=ast.Mult()) as value):
                if target == name and factor in ast.unparse(value):
                    return True
    return False


def missing_derivatives(place: CodePlace, names: dict[str, None]) -> Iterator[Edit]:
    """Yield an expression times a derivative worked out from something that is at hand."""
    here = f"({ast.unparse(place.node)})"
    for form, plain, mistake, told in DERIVATIVES:
        for name in names:
            shown = expression((plain or form).format(here, name))
            change = place.change(expression(form.format(here, name)))
            yield Edit(mistake, told, place.line, (change,), partial(place.shown, shown))


def missing_factors(place: CodePlace, names: dict[str, None]) -> Iterator[Edit]:
    """Yield an expression times something that is at hand, or divided by it."""
    here = f"({ast.unparse(place.node)})"
    for name in [it for it in names if it not in factor_targets(place.statement)]:
        told = f"A factor `{name}` is left out, or a division by it."
        yield edit(place, f"a factor {name}", told, expression(f"{here} * {name}"))
        yield edit(place, f"a factor {name}", told, expression(f"{here} / {name}"))


def missing_terms(place: CodePlace, names: dict[str, None]) -> Iterator[Edit]:
    """Yield an expression with something added that is at hand."""
    here = f"({ast.unparse(place.node)})"
    for name in [it for it in names if it != ast.unparse(place.node)]:
        told = f"A contribution is left out: `{name}` has to be added."
        yield edit(place, "a use is missing", told, expression(f"{here} + {name}"))


def factor_targets(statement: ast.stmt) -> list[str]:
    """Return what a statement writes to, as it is written."""
    return [ast.unparse(it) for it in statement.targets] if isinstance(statement, ast.Assign) else []


def factors_of_a_term(place: CodePlace) -> Iterator[Edit]:
    """Yield a term with another sign, or with a factor 2."""
    if not isinstance(place.node, ast.BinOp) or not isinstance(place.parent, ast.BinOp):
        return
    here = f"({ast.unparse(place.node)})"
    yield edit(place, "wrong sign", "One term has the wrong sign.", expression(f"-{here}"))
    yield edit(place, "half", "One term is half of what it should be.", expression(f"2 * {here}"))
    yield edit(place, "twice", "One term is twice what it should be.", expression(f"{here} / 2"))


def expression(text: str) -> ast.expr:
    """Return a text as an expression."""
    return ast.parse(text, mode="eval").body
