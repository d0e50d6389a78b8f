"""Why a number: the terms that make an element at the cursor, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from bptui.core.assignment import gradient_element
from bptui.core.graph import Node
from bptui.core.reader import Reader
from bptui.core.region import Index
from bptui.core.text import number, shape, visible
from bptui.errors import BptuiError
from bptui.explaining.terms import Element, Terms, terms_of
from bptui.node_backwards import NodeBackwards
from bptui.session.answer import Answer, Question
from bptui.session.selecting import existing_name
from layers import Array

if TYPE_CHECKING:
    from bptui.session.session import Session

MOST_TOLD = 30
"""Terms that one answer tells one by one."""

BAR = 12
"""Cells of the bar of a share."""


def explain_element(session: Session, text: str) -> Question:
    """Begin to explain an element. Raises BptuiError where there is none."""
    element = element_at(session, text)
    return partial(explained_answer, session, element)


def explained_answer(session: Session, element: Element) -> Answer:
    """Return the terms of an element."""
    terms = explained_terms(session, element)
    if terms is None:
        return Answer(f"{element}: not reached", "warning", ok=False)
    return Answer("\n".join(term_lines(terms)), record=terms_record(terms))


def explained_terms(session: Session, element: Element) -> Terms | None:
    """Return what makes an element at the cursor, None where it is not there yet."""
    if session.run is None:
        return terms_of(session.moment, element, no_units)
    backwards = NodeBackwards(session.run, session.tape, session.moment.progress.iteration)
    return terms_of(session.moment, element, backwards.unit)


def element_at(session: Session, text: str) -> Element:
    """Return the element that a text means. Raises BptuiError where there is none of the name or the index."""
    is_gradient, name, index = gradient_element(Reader(text))
    existing_name(session, name)
    array = session.moment.gradient(name) if is_gradient else session.moment.value(name)
    if array is None:
        return Element(name, index or (), is_gradient)
    if index is None and array.size == 1:
        index = (0,) * array.ndim
    if index is None:
        raise BptuiError(
            f"{visible(name, limit=40)} is {shape(array)}: which element?", hint=f"{text}{[0] * array.ndim}"
        )
    if len(index) != array.ndim or any(at >= size for at, size in zip(index, array.shape, strict=True)):
        raise BptuiError(f"{visible(name, limit=40)} is {shape(array)}: there is no element {list(index)} in it")
    return Element(name, index, is_gradient)


def no_units(node: Node, position: int, output: int, place: Index) -> Array | None:  # noqa: ARG001
    """Return that nothing may run."""
    return None


def term_lines(terms: Terms) -> Iterator[str]:
    """Yield the terms in words, one a line, and their sum below."""
    yield f"{terms.element} = {number(terms.number)}" + (f", {terms.note}" if terms.note else "")
    shown = terms.terms[:MOST_TOLD]
    labels = [" × ".join(f"{it.label} {number(it.number)}" for it in term.factors) for term in shown]
    room = min(max(map(len, labels), default=0), 80)
    for term, label in zip(shown, labels, strict=True):
        bar = "█" * min(BAR, round(abs(term.share) * BAR))
        yield f"  {label:<{room}}  = {number(term.product):>11}  {term.share:>7.1%}  {bar}".rstrip()
    others = terms.terms[MOST_TOLD:]
    if others:
        rest = float(np.sum([it.product for it in others]))
        yield f"  {f'{len(others):,} more terms':<{room}}  = {number(rest):>11}  {sum(it.share for it in others):>7.1%}"
    if len(terms.terms) > 1:
        yield f"  {'sum':<{room}}  = {number(float(np.sum([it.product for it in terms.terms]))):>11}"


def terms_record(terms: Terms) -> dict[str, object]:
    """Return the terms as JSON."""
    return {
        "element": str(terms.element),
        "number": number_record(terms.number),
        "terms": [
            {
                "label": term.label,
                "factors": [{"label": it.label, "number": number_record(it.number)} for it in term.factors],
                "product": number_record(term.product),
                "share": number_record(term.share),
                "source": None if term.source is None else str(term.source),
            }
            for term in terms.terms
        ],
        "note": terms.note or None,
    }


def number_record(value: float) -> float | str:
    """Return a number as JSON has it: NaN and infinity as words."""
    if np.isfinite(value):
        return float(value)
    return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
