"""The terms of an element of a gradient: what each use of its value has added, as products of real numbers.

Where a layer's rule is a product of matrices, or a local derivative that stands element for element, its factors are
numbers of the run. Otherwise a term is what one element of ``dout`` sends back, told by the layer's own backward of a
``dout`` that is 1 there and 0 elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, product

import numpy as np

from bptui.core import text
from bptui.core.graph import Use
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.region import Index
from bptui.core.step import BackwardStep
from bptui.explaining.formula_words import PRODUCT, words_of
from bptui.explaining.recognised_rules import recognised_rule
from bptui.explaining.slope_names import slope_name
from bptui.explaining.term import (
    BY_NUMBERS,
    MOST_TERMS,
    Element,
    Factor,
    Term,
    Unit,
    dout_label,
    element_label,
    how_asked,
    term_of,
    unstretched,
)
from layers import Array

LEAST_ASKED, MOST_WORK = 64, 1_000_000
"""Elements of a dout that a layer is asked about one by one, at least; and elements that it may take in all."""


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


def unit_terms(moment: Moment, step: BackwardStep, use: Use, element: Element, unit: Unit) -> Iterator[Term]:
    """Yield what each element of what arrives sends back, the largest first; all beyond ``MOST_ASKED`` as one."""
    total = float(np.asarray(step.gradients[use.position])[element.index])
    told = how_asked(moment, step.node)
    size = sum(it.size for it in step.douts if it is not None)
    asked, sent = most_asked(size), 0.0
    for term in asked_terms(moment, step, use, element, unit, asked=asked):
        sent += term.product
        yield replace(term, told=told if any("∂" in it.label for it in term.factors) else "")
    if asked < size and abs(rest := total - sent) > 1e-12 * abs(total):
        yield Term((Factor("all smaller douts together", rest),), rest)


def most_asked(size: int) -> int:
    """Return how many elements of a dout of so many a layer is asked about, one by one."""
    return max(LEAST_ASKED, min(MOST_TERMS, MOST_WORK // max(1, size)))


def asked_terms(
    moment: Moment, step: BackwardStep, use: Use, element: Element, unit: Unit, *, asked: int
) -> Iterator[Term]:
    """Yield what the largest elements of what arrives send back, of which there are so many at most."""
    for output, place in islice(largest_places(step), asked):
        out, dout = step.node.outputs[output], np.asarray(step.douts[output])
        sent = unit(step.node, use.position, output, place)
        source = Element(out, place, is_gradient=True)
        if sent is None:
            number = float(np.asarray(step.gradients[use.position])[element.index])
            yield Term((Factor(f"what {text.visible(step.name, limit=40)} sent back", number),), number, source)
            return
        slope = float(sent[element.index])
        if slope:
            factors = [Factor(dout_label(out, place), float(dout[place]))]
            if slope != 1.0:
                label = slope_name(moment, use, Element(out, place), element.index, slope)
                factors.append(Factor(label, slope))
            yield term_of(factors, source)


def largest_places(step: BackwardStep) -> Iterator[tuple[int, Index]]:
    """Yield where what arrives at a step is not 0, output by output, the largest first."""
    for output, dout in enumerate(step.douts):
        if dout is not None:
            sizes = np.abs(dout).reshape(-1)
            for flat in np.argsort(-sizes, kind="stable"):
                if not sizes[flat]:
                    break
                yield output, tuple(map(int, np.unravel_index(int(flat), dout.shape)))
