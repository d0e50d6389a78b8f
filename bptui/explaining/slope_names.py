"""What a slope is called in a term: the element by which a layer multiplies, where it is one, or ``∂y/∂x``."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from bptui.core.graph import Node, Use
from bptui.core.moment import Moment
from bptui.core.region import Index
from bptui.explaining.formula_words import Words, words_of
from bptui.explaining.term import Element, element_label, unstretched
from layers import Array

OPERANDS = re.compile(r"(?P<one>[A-Za-z_]\w*) (?:·|×) (?P<other>[A-Za-z_]\w*)")
"""A formula that begins with the product of two inputs."""

OF_PRODUCTS = frozenset({"MatMul", "Affine", "Einsum", "Conv1d", "Conv2d", "Convolution"})
"""Layers that sum products of two inputs' elements: a slope is an element of the other one."""


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
    if node.layer in OF_PRODUCTS and (found := only_element(moment, node, position, slope)):
        return found
    return f"∂{element_label(element.name, element.index)}/∂{element_label(node.inputs[position], place)}"


def only_element(moment: Moment, node: Node, position: int, slope: float) -> str:
    """Return the one element of another input that a slope is; empty where there is none, or more than one."""
    found = []
    for at, name in enumerate(node.inputs):
        array = moment.value(name) if at != position else None
        if array is not None and array.dtype.kind == "f":
            found += [(name, place) for place in np.argwhere(array == slope)[:2]]
    return element_label(found[0][0], tuple(map(int, found[0][1]))) if len(found) == 1 else ""


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
