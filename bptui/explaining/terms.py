"""The terms that make one element of a value or a gradient: products of real numbers that sum to it.

Where a layer's rule is a product of matrices, or a local derivative that stands element for element, its factors are
numbers of the run. Otherwise a term is what one element of ``dout`` sends back, told by the layer's own backward of a
``dout`` that is 1 there and 0 elsewhere: ``∂out/∂x``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import NamedTuple, TypeAlias

import numpy as np

from bptui.core import text
from bptui.core.graph import Node, Use
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.region import Index
from bptui.core.step import BackwardStep, UpdateStep
from bptui.explaining.formula_words import PRODUCT, Words, words_of
from bptui.explaining.recognised_rules import recognised_rule
from bptui.explaining.value_state import before_update
from layers import Array

MOST_NAMED = 4
"""Elements of which a value is told to be made where it is not a sum."""

MOST_TERMS = 4_096
"""Terms that are told one by one; the others are summed up as one."""

OPERANDS = re.compile(r"(?P<one>[A-Za-z_]\w*) (?:·|×) (?P<other>[A-Za-z_]\w*)")
"""A formula that begins with the product of two inputs."""

LEAST_ASKED, MOST_WORK = 64, 1_000_000
"""Elements of a dout that a layer is asked about one by one, at least; and elements that it may take in all."""

ROUNDING = 1e-9
"""How far from an array, relative to its size, what is to be the same may be: a sum in another order."""

Unit: TypeAlias = Callable[[Node, int, int, Index], Array | None]
"""Returns what a node sends back to its input at a position where the dout of one output is 1 at an index, else 0.

None where nothing may run.
"""


@dataclass(frozen=True)
class Element:
    """One element of a value, or of its gradient."""

    name: str
    index: Index
    is_gradient: bool = False

    def __str__(self) -> str:
        name = text.visible(self.name, limit=40)
        return f"{f'grad({name})' if self.is_gradient else name}{list(self.index) if self.index else ''}"


class Factor(NamedTuple):
    """A number of a product, and what it is."""

    label: str
    number: float


@dataclass(frozen=True)
class Term:
    """A product of ``factors``. ``source`` is the element that one may go on to; None where there is none.

    ``told`` says how it is known, where that is not from the run's numbers alone.
    """

    factors: tuple[Factor, ...]
    product: float
    source: Element | None = None
    share: float = 0.0
    told: str = ""

    @property
    def label(self) -> str:
        """The factors by name."""
        return " × ".join(factor.label for factor in self.factors)


@dataclass(frozen=True)
class Terms:
    """What makes an ``element``: its ``number``, and the ``terms`` that sum to it, the largest first.

    ``note`` says how they were told, where that is not from the run's numbers alone.
    """

    element: Element
    number: float
    terms: tuple[Term, ...]
    note: str = ""


FROM_UNITS = "told by the layer's own backward, with a dout of 1 at one element and 0 elsewhere"
BY_NUMBERS = "recognised by the numbers of this run, as the layer does not run here"
CANCELLING = 1e-3
"""Of the size of the terms: where they sum to less, they cancel, and their shares say little."""


def terms_of(moment: Moment, element: Element, unit: Unit) -> Terms | None:
    """Return what makes an element as far as the run has come; None where its number is not there yet."""
    array = moment.gradient(element.name) if element.is_gradient else moment.value(element.name)
    if array is None:
        return None
    number = float(array[element.index])
    found = list(all_terms(moment, element, unit))
    notes = [*dict.fromkeys(it.told for it in found if it.told), *cancellation_note(found, number)]
    return Terms(element, number, tuple(with_shares(found, number)), "; ".join(notes))


def all_terms(moment: Moment, element: Element, unit: Unit) -> Iterator[Term]:
    """Yield the terms of an element; the passes have seen the parameters as they were before their updates."""
    if element.is_gradient:
        yield from gradient_terms(before_update(moment), element, unit)
    elif moment.graph.is_leaf(element.name):
        yield from leaf_terms(moment, element)
    else:
        yield from value_terms(before_update(moment), element, unit)


def cancellation_note(terms: Sequence[Term], number: float) -> Iterator[str]:
    """Yield that terms cancel, where they nearly do."""
    size = float(np.sum([abs(it.product) for it in terms]))
    if np.isfinite(size) and abs(number) < CANCELLING * size:
        yield f"the terms cancel to {abs(number) / size:.1e} of their sizes"


def with_shares(terms: Sequence[Term], number: float) -> list[Term]:
    """Return terms with their shares of what they sum to, the largest first; what is left of it is the last one."""
    rest = number - float(np.sum([it.product for it in terms])) if terms else 0.0
    size = float(np.sum([abs(it.product) for it in terms]))
    if terms and np.isfinite(rest) and abs(rest) > ROUNDING * max(size, abs(number)):
        terms = [*terms, Term((Factor("what these do not explain", rest),), rest)]
    whole = number or size
    shared = [replace(it, share=it.product / whole + 0.0 if whole and np.isfinite(whole) else 0.0) for it in terms]
    return sorted(shared, key=lambda it: -abs(it.product))


# Gradients.


def gradient_terms(moment: Moment, element: Element, unit: Unit) -> Iterator[Term]:
    """Yield what each use of a value has added to an element of its gradient."""
    graph = moment.graph
    uses = [use for use in graph.uses[graph.slots[element.name]] if moment.contribution(use) is not None]
    if element.name == graph.output and not uses:
        dout = moment.gradient(element.name)
        if dout is not None:
            yield Term((Factor("the dout that enters here", float(dout[element.index])),), float(dout[element.index]))
    for use in uses:
        yield from summed_up(terms_of_use(moment, use, element, unit))


def summed_up(terms: Iterator[Term]) -> Iterator[Term]:
    """Yield the first terms one by one, and all others as one."""
    yield from islice(terms, MOST_TERMS)
    rest = [it.product for it in terms]
    if rest:
        total = float(np.sum(rest))
        yield Term((Factor(f"{len(rest):,} more terms", total),), total)


def terms_of_use(moment: Moment, use: Use, element: Element, unit: Unit) -> Iterator[Term]:
    """Yield the terms of what one use sends back to an element."""
    node = moment.graph.nodes[use.node]
    step = moment.step_of(node.name, Pass.BACKWARD)
    contribution = moment.contribution(use)
    assert isinstance(step, BackwardStep)
    assert contribution is not None
    ways: list[Callable[[], list[Term] | None]] = [
        lambda: product_terms(moment, step, use, element),
        lambda: elementwise_terms(moment, step, use, element),
        lambda: recognised_terms(moment, step, use, element),
    ]
    for way in ways:
        terms = way() if len(step.douts) == 1 else None
        if terms is not None and is_sum(terms, float(contribution[element.index])):
            yield from terms
            return
    yield from unit_terms(moment, step, use, element, unit)


def is_sum(terms: Sequence[Term], number: float) -> bool:
    """Return whether terms sum to a number, but for rounding."""
    products = np.array([it.product for it in terms])
    if not np.isfinite(number):
        return not np.isfinite(products.sum())
    return bool(abs(products.sum() - number) <= 1e-12 * max(np.abs(products).sum(), abs(number)))


def product_terms(moment: Moment, step: BackwardStep, use: Use, element: Element) -> list[Term] | None:
    """Return the terms of a rule that is a product of two matrices, ``xᵀ · dout``; None where it is not."""
    words = words_of(moment.tape, step.node)
    own = words.inputs[use.position] if use.position < len(words.inputs) else ""
    return matrix_terms(moment, step, words.rules.get(own, ""), words.inputs, element)


def matrix_terms(
    moment: Moment, step: BackwardStep, rule: str, inputs: Sequence[str], element: Element
) -> list[Term] | None:
    """Return the terms of a rule of two matrices, in which the node's inputs are called ``inputs``."""
    found = PRODUCT.fullmatch(rule)
    if found is None or step.dout is None or "dout" not in {found["one"], found["other"]}:
        return None
    one, other = matrix_side(moment, step, inputs, found["one"]), matrix_side(moment, step, inputs, found["other"])
    if one is None or other is None or len(element.index) != 2:
        return None
    left = one[1].T if found["turned"] else one[1]
    right = other[1].T if found["other_turned"] else other[1]
    if left.shape[1] != right.shape[0]:
        return None
    row, column = element.index
    terms = []
    for at in range(left.shape[1]):
        places = in_matrix((row, at), found["turned"]), in_matrix((at, column), found["other_turned"])
        factors = rule_factor(step, one, places[0]), rule_factor(step, other, places[1])
        source = Element(step.name, places[0] if one[0] == "dout" else places[1], is_gradient=True)
        terms.append(term_of(factors, source))
    return terms


def matrix_side(moment: Moment, step: BackwardStep, inputs: Sequence[str], own: str) -> tuple[str, Array] | None:
    """Return what one side of a rule is called in the run, and its matrix; None where it is not one."""
    name = "dout" if own == "dout" else step.node.inputs[list(inputs).index(own)]
    array = step.dout if own == "dout" else moment.value(name)
    return None if array is None or array.ndim != 2 else (name, array)


def in_matrix(place: Index, sign: str) -> Index:
    """Return where an element stands in a matrix that a rule writes transposed, with the ``sign`` for that."""
    return place[::-1] if sign else place


def rule_factor(step: BackwardStep, side: tuple[str, Array], place: Index) -> Factor:
    """Return an element of a value, or of the dout that arrives at a step."""
    name, array = side
    return Factor(dout_label(step.name, place) if name == "dout" else element_label(name, place), float(array[place]))


def element_label(name: str, place: Index) -> str:
    """Return how terms write an element of a value: ``W1[0, 2]``."""
    return f"{text.visible(name, limit=40)}{list(place) if place else ''}"


def dout_label(name: str, place: Index) -> str:
    """Return how terms write an element of what arrives at a value: ``dout(a1)[0, 2]``."""
    return f"dout({text.visible(name, limit=40)}){list(place) if place else ''}"


def term_of(factors: Sequence[Factor], source: Element | None) -> Term:
    """Return the term that is a product of factors."""
    total = 1.0
    with np.errstate(all="ignore"):
        for factor in factors:
            total = float(np.float64(total) * factor.number)
    return Term(tuple(factors), total + 0.0, source)  # so that there is no -0


def elementwise_terms(moment: Moment, step: BackwardStep, use: Use, element: Element) -> list[Term] | None:
    """Return the terms of a local derivative that stands element for element; None where it does not."""
    local = step.local[use.position]
    if local is None:
        return None
    return spread_terms(moment, step, element, local, lambda slope, place: slope_label(moment, step, use, slope, place))


def spread_terms(
    moment: Moment, step: BackwardStep, element: Element, local: Array, factor: Callable[[float, Index], Factor]
) -> list[Term] | None:
    """Return the terms of ``dout`` times a local derivative where broadcasting has put an element; None where it can't.

    ``factor`` names the local derivative at a place.
    """
    dout, value = step.dout, moment.value(element.name)
    if dout is None or value is None:
        return None
    try:
        if np.broadcast_shapes(local.shape, dout.shape, value.shape) != dout.shape:
            return None
    except ValueError:
        return None
    spread = np.broadcast_to(local, dout.shape)
    terms = []
    for place in islice(stretched_places(element.index, value.shape, dout.shape), MOST_TERMS * 2):
        factors = [Factor(dout_label(step.name, place), float(dout[place]))]
        slope = factor(float(spread[place]), place)
        factors += [slope] if slope.label else []
        terms.append(term_of(factors, Element(step.name, place, is_gradient=True)))
    return terms


def recognised_terms(moment: Moment, step: BackwardStep, use: Use, element: Element) -> list[Term] | None:
    """Return the terms of a rule that the numbers show, where the layer is not one that can be asked."""
    if moment.tape.library.get(step.node.layer) is not None:
        return None
    rule = recognised_rule(moment, step, use.position)
    terms = None
    if rule is not None and rule.product:
        inputs = [f"i{position}" for position in range(len(step.node.inputs))]
        terms = matrix_terms(moment, step, rule.product, inputs, element)
    elif rule is not None and rule.local is not None:
        terms = spread_terms(moment, step, element, rule.local, recognised_factor(moment, step, use, rule.factor))
    return terms and [replace(it, told=BY_NUMBERS) for it in terms]


def recognised_factor(
    moment: Moment, step: BackwardStep, use: Use, factor: int | None
) -> Callable[[float, Index], Factor]:
    """Return what names a local derivative: the input that it is, or a slope; a slope of 1 needs no name."""
    name = None if factor is None else step.node.inputs[factor]
    array = None if name is None else moment.value(name)
    of, by = text.visible(step.name, limit=40), text.visible(step.node.inputs[use.position], limit=40)

    def named(slope: float, place: Index) -> Factor:
        if name is not None and array is not None:
            return Factor(element_label(name, unstretched(place, array.shape)), slope)
        return Factor("" if slope == 1.0 else f"slope of {of} by {by}", slope)

    return named


def slope_label(moment: Moment, step: BackwardStep, use: Use, slope: float, place: Index) -> Factor:
    """Return a local derivative as a factor: by the name of the value that it is, where the rule says ``dout × y``."""
    words = words_of(moment.tape, step.node)
    own = words.inputs[use.position] if use.position < len(words.inputs) else ""
    rule = words.rules.get(own, "")
    out, name = text.visible(step.name, limit=40), text.visible(step.node.inputs[use.position], limit=40)
    if rule.startswith("dout × ") and (other := rule.removeprefix("dout × ")) in words.inputs:
        factor = step.node.inputs[words.inputs.index(other)]
        array = moment.value(factor)
        if array is not None:
            at = unstretched(place, array.shape)
            return Factor(element_label(factor, at), slope)
    return Factor(f"slope of {out} by {name}", slope)


def stretched_places(index: Index, shape: Sequence[int], to: Sequence[int]) -> Iterator[Index]:
    """Yield where broadcasting has put an element of an array of one shape, in an array of another."""
    added = len(to) - len(shape)
    axes = [range(size) for size in to[:added]]
    for at, size, whole in zip(index, shape, to[added:], strict=True):
        axes.append(range(whole) if size == 1 and whole != 1 else range(at, at + 1))
    return product(*axes)


def unstretched(place: Index, shape: Sequence[int]) -> Index:
    """Return which element of an array broadcasting has put at a place."""
    own = place[len(place) - len(shape) :]
    return tuple([0 if size == 1 else at for at, size in zip(own, shape, strict=True)])


def unit_terms(moment: Moment, step: BackwardStep, use: Use, element: Element, unit: Unit) -> Iterator[Term]:
    """Yield what each element of what arrives sends back, the largest first; all beyond ``MOST_ASKED`` as one."""
    total = float(np.asarray(step.gradients[use.position])[element.index])
    told = how_asked(moment, step.node)
    sizes = np.concatenate([np.abs(it).reshape(-1) for it in step.douts if it is not None])
    asked, sent = most_asked(sizes.size), 0.0
    least = np.partition(sizes, -asked)[-asked] if asked < sizes.size else 0.0
    for term in asked_terms(step, use, element, unit, float(least)):
        sent += term.product
        yield replace(term, told=told)
    if least and abs(rest := total - sent) > 1e-12 * abs(total):
        yield Term((Factor("all smaller douts together", rest),), rest)


def most_asked(size: int) -> int:
    """Return how many elements of a dout of so many a layer is asked about, one by one."""
    return max(LEAST_ASKED, min(MOST_TERMS, MOST_WORK // max(1, size)))


def asked_terms(step: BackwardStep, use: Use, element: Element, unit: Unit, least: float) -> Iterator[Term]:
    """Yield what each element of what arrives sends back that is at least so large."""
    for output, dout in enumerate(step.douts):
        if dout is None:
            continue
        out = step.node.outputs[output]
        sizes = np.abs(dout).reshape(-1)
        for flat in np.argsort(-sizes, kind="stable"):
            if not sizes[flat] or sizes[flat] < least:
                break
            place = tuple(map(int, np.unravel_index(int(flat), dout.shape)))
            sent = unit(step.node, use.position, output, place)
            if sent is None:
                number = float(np.asarray(step.gradients[use.position])[element.index])
                source = Element(out, place, is_gradient=True)
                yield Term((Factor(f"what {text.visible(step.name, limit=40)} sent back", number),), number, source)
                return
            slope = float(sent[element.index])
            if slope:
                factors = [Factor(dout_label(out, place), float(dout[place]))]
                if slope != 1.0:
                    told = f"∂{element_label(out, place)}/∂{element_label(element.name, element.index)}"
                    factors.append(Factor(told, slope))
                yield term_of(factors, Element(out, place, is_gradient=True))


# Values.


def leaf_terms(moment: Moment, element: Element) -> Iterator[Term]:
    """Yield what makes an element that no node computes: it was given, or updates have made it."""
    step = moment.step_of(element.name, Pass.UPDATE) if element.name in moment.graph.parameters else None
    if isinstance(step, UpdateStep):
        before, after = float(step.before[element.index]), float(step.after[element.index])
        yield term_of([Factor(f"{element} before its update", before)], None)
        yield term_of(
            [Factor("what its update adds", after - before)], Element(element.name, element.index, is_gradient=True)
        )
        return
    number = float(np.asarray(moment.value(element.name))[element.index])
    is_updated = moment.progress.iteration > 0 and element.name in moment.graph.parameters
    yield term_of([Factor("as the iteration before has left it" if is_updated else "given", number)], None)


def value_terms(moment: Moment, element: Element, unit: Unit) -> Iterator[Term]:
    """Yield what makes an element of a value: where its node is a sum of its inputs' parts, those; or its inputs."""
    node = moment.graph.node(element.name)
    assert node is not None
    number = float(np.asarray(moment.value(element.name))[element.index])
    parts = [list(parts_of_input(moment, node, position, element, unit)) for position in range(len(node.inputs))]
    chosen = next((it for it in choices(parts) if it and is_nearly(it, number)), None)
    if chosen is not None:
        yield from chosen
        return
    sources = [it for several in parts for it in several] or beside(moment, node, element)
    of = ", ".join(str(it.source) for it in sources[:MOST_NAMED]) + (" …" if len(sources) > MOST_NAMED else "")
    nearest = max(sources, key=lambda it: abs(it.product), default=None)
    layer = text.visible(node.layer, limit=40)
    yield Term((Factor(f"{layer} of {of or 'its inputs'}", number),), number, nearest.source if nearest else None)


def beside(moment: Moment, node: Node, element: Element) -> list[Term]:
    """Return the elements of a node's inputs that stand where an element of its value does, where shapes agree."""
    value = moment.value(element.name)
    assert value is not None
    same = [it for it in node.inputs if (array := moment.value(it)) is not None and array.shape == value.shape]
    return [Term((), 0.0, Element(it, element.index)) for it in same]


def choices(parts: Sequence[Sequence[Term]]) -> Iterator[list[Term]]:
    """Yield which inputs' parts may sum to the value: all; the first and those after the second, ``x · W + b``; one.

    Attention is such a sum of its ``v`` alone, and a normalisation of its ``gamma`` and ``beta``.
    """
    yield [it for several in parts for it in several]
    if len(parts) > 1:
        yield [it for several in (parts[0], *parts[2:]) for it in several]
    yield from map(list, parts)
    if len(parts) > 2:
        yield [it for several in parts[1:3] for it in several]


def is_nearly(terms: Sequence[Term], number: float) -> bool:
    """Return whether terms sum to a number, but for the rounding of both."""
    products = np.array([it.product for it in terms])
    size = max(float(np.abs(products).sum()), abs(number))
    return bool(np.isfinite(number) and abs(products.sum() - number) <= 1e-12 * size)


def parts_of_input(moment: Moment, node: Node, position: int, element: Element, unit: Unit) -> Iterator[Term]:
    """Yield the elements of an input times what a change of each does to the value."""
    name = node.inputs[position]
    array = moment.value(name)
    slopes = unit(node, position, node.outputs.index(element.name), element.index)
    if array is None or slopes is None or array.dtype.kind != "f":
        return
    flat = np.flatnonzero(slopes)
    for at in flat[:MOST_TERMS]:
        place = tuple(map(int, np.unravel_index(int(at), array.shape)))
        factors = [Factor(element_label(name, place), float(array[place]))]
        slope = float(slopes[place])
        if slope != 1.0:
            use = Use(moment.node_index(node.name), position)
            factors.append(Factor(slope_name(moment, use, element, place, slope), slope))
        told = "" if len(factors) == 1 or "∂" not in factors[1].label else how_asked(moment, node)
        yield replace(term_of(factors, Element(name, place)), told=told)


def how_asked(moment: Moment, node: Node) -> str:
    """Return how a slope of a node is known."""
    return FROM_UNITS if moment.tape.library.get(node.layer) is not None else BY_NUMBERS


def slope_name(moment: Moment, use: Use, element: Element, place: Index, slope: float) -> str:
    """Return what a slope is called: the other operand's element, where the formula is ``x · W`` or ``x × y``.

    A layer without a formula has one operand for the first input, and one for another.
    """
    node, position = moment.graph.nodes[use.node], use.position
    for is_first, other in other_operands(words_of(moment.tape, node), node, position):
        array = moment.value(other)
        at = other_place(is_first, element.index, place, array) if array is not None else None
        if array is not None and at is not None and float(array[at]) == slope:
            return element_label(other, at)
    return f"∂{element_label(element.name, element.index)}/∂{element_label(node.inputs[position], place)}"


def other_operands(words: Words, node: Node, position: int) -> Iterator[tuple[bool, str]]:
    """Yield what an input may be multiplied by, and whether it is the first of the two then."""
    if not words.formula:
        yield from ((position < at, name) for at, name in enumerate(node.inputs) if at != position)
        return
    found = OPERANDS.match(words.formula)
    own = words.inputs[position] if position < len(words.inputs) else ""
    if found and own in (pair := (found["one"], found["other"])) and set(pair) <= set(words.inputs):
        is_first = own == pair[0]
        yield is_first, node.inputs[words.inputs.index(pair[is_first])]


def other_place(is_first: bool, out: Index, place: Index, array: Array) -> Index | None:  # noqa: FBT001  (which operand)
    """Return the element by which an operand's element at ``place`` is multiplied, None where there is none such."""
    if len(place) == len(out) == array.ndim == 2:
        at = (place[1], out[1]) if is_first else (out[0], place[0])
        return at if at[0] < array.shape[0] and at[1] < array.shape[1] else None
    return unstretched(out, array.shape) if array.ndim <= len(out) else None
