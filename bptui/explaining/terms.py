"""The terms that make one element of a value or a gradient: products of real numbers that sum to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from bptui.core.moment import Moment
from bptui.explaining.gradient_terms import gradient_terms
from bptui.explaining.term import Element, Factor, Term, Terms, Unit
from bptui.explaining.value_state import before_update
from bptui.explaining.value_terms import leaf_terms, value_terms

EXACT, ROUNDING = 1e-13, 1e-9
"""How far from an element, relative to its terms' sizes, they may sum to: in another order, and of rounded slopes."""

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
    if not found:
        notes.append("all of its terms are 0")
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
    if terms and np.isfinite(rest) and abs(rest) > EXACT * max(size, abs(number)):
        label = "rounding" if abs(rest) <= ROUNDING * max(size, abs(number)) else "what these do not explain"
        terms = [*terms, Term((Factor(label, rest),), rest)]
    whole = number or size
    shared = [replace(it, share=it.product / whole + 0.0 if whole and np.isfinite(whole) else 0.0) for it in terms]
    return sorted(shared, key=lambda it: -abs(it.product))
