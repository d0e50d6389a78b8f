"""The terms of an element of a value: parts of the inputs that sum to it, or the inputs that it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from bptui.core import text
from bptui.core.graph import Node, Use
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.step import UpdateStep
from bptui.explaining.sample_terms import sample_terms
from bptui.explaining.slope_names import slope_name
from bptui.explaining.term import MOST_TERMS, Element, Factor, Term, Unit, element_label, how_asked, term_of

MOST_NAMED = 4
"""Elements of which a value is told to be made where it is not a sum."""


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
    """Yield what makes an element of a value: where its node is a sum of parts, those; else its inputs."""
    node = moment.graph.node(element.name)
    assert node is not None
    number = float(np.asarray(moment.value(element.name))[element.index])
    parts = [list(parts_of_input(moment, node, position, element, unit)) for position in range(len(node.inputs))]
    chosen = next((it for it in choices(parts) if it and is_nearly(it, number)), None)
    if chosen is None or any(it.told for it in chosen):
        by_sample = list(sample_terms(moment, node, unit))
        if by_sample and is_nearly(by_sample, number):
            yield from by_sample
            return
    if chosen is not None:
        yield from walkable(moment, node, element, chosen)
        return
    sources = [it for several in parts for it in several] or beside(moment, node, element)
    of = ", ".join(str(it.source) for it in sources[:MOST_NAMED]) + (" …" if len(sources) > MOST_NAMED else "")
    nearest = max(sources, key=lambda it: abs(it.product), default=None)
    layer = text.visible(node.layer, limit=40)
    yield Term((Factor(f"{layer} of {of or 'its inputs'}", number),), number, nearest.source if nearest else None)


def walkable(moment: Moment, node: Node, element: Element, terms: Sequence[Term]) -> Iterator[Term]:
    """Yield terms from which one can go on: of a sum of leaves, ``x̂ × gamma``, to the input that stands beside."""
    onward = next((it.source for it in beside(moment, node, element)), None)
    is_of_leaves = all(it.source is not None and moment.graph.is_leaf(it.source.name) for it in terms)
    if onward is None or not is_of_leaves or onward.name in {it.source.name for it in terms if it.source}:
        yield from terms
        return
    yield from (replace(it, source=onward) if len(it.factors) > 1 else it for it in terms)


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
