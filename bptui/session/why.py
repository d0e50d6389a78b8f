"""Why a number: the terms that make an element at the cursor, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from bptui.core.assignment import gradient_element
from bptui.core.graph import Node
from bptui.core.moment import Moment
from bptui.core.reader import Reader
from bptui.core.region import Index
from bptui.core.text import json_number, number, shape, visible
from bptui.errors import BptuiError
from bptui.explaining.recorded_layers import backwards_of_record
from bptui.explaining.term import Element, Factor, Term, Terms
from bptui.explaining.terms import terms_of
from bptui.lines.paragraph import UNFOLDED
from bptui.node_backwards import NodeBackwards, backwards_of_run
from bptui.session.answer import Answer, Question
from bptui.session.selecting import existing_name
from layers import Array

if TYPE_CHECKING:
    from bptui.session.session import Session

MOST_TOLD = 30
"""Terms that one answer tells one by one."""

LARGEST_SHARE = 1e4
"""A share that is still told in percent."""

LEAST_ROOM, BESIDE = 20, 40
"""Cells for the factors of a term, at least; and those of its product, its share and the bar."""

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
    if is_set(session, element):
        array = array_of(session.moment, element)
        number_set = float(np.asarray(array)[element.index])
        return Terms(element, number_set, (Term((Factor("as you have set it", number_set),), number_set, share=1.0),))
    unit = session_backwards(session).unit

    def known_unit(node: Node, position: int, output: int, place: Index) -> Array | None:
        try:
            return unit(node, position, output, place)
        except BptuiError:
            return None

    return terms_of(session.moment, element, known_unit)


def is_set(session: Session, element: Element) -> bool:
    """Return whether an element is what a person has set it to, in this branch or one that it forks from."""
    branch, now = session.branches.here, array_of(session.moment, element)
    while now is not None and (parent := session.branches.by_name.get(branch.parent or "")) is not None:
        if branch.edit is not None and branch.edit.is_about(
            element.name, session.moment.progress.iteration, of_dout=element.is_gradient
        ):
            before = array_of(parent.tape.at(min(session.moment.position, len(parent.tape))), element)
            is_new = before is None or before[element.index] != now[element.index]
            return is_new and bool(branch.edit.value[element.index] == now[element.index])
        branch = parent
    return False


def array_of(moment: Moment, element: Element) -> Array | None:
    """Return the value or the gradient that an element is one of."""
    return moment.gradient(element.name) if element.is_gradient else moment.value(element.name)


def session_backwards(session: Session) -> NodeBackwards:
    """Return what the nodes send back in the iteration at the cursor; a recording's layers are not all asked."""
    iteration = session.moment.progress.iteration
    if session.run is None:
        return backwards_of_record(session.tape, iteration)
    return backwards_of_run(session.run, session.tape, iteration)


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


def term_lines(terms: Terms) -> Iterator[str]:
    """Yield the element, the terms in words, one a line, and their sum below."""
    yield element_line(terms)
    yield from product_lines(terms, MOST_TOLD)


def element_line(terms: Terms) -> str:
    """Return the element, its number, and how its terms are known."""
    return f"{terms.element} = {number(terms.number)}" + (f", {terms.note}" if terms.note else "")


def product_lines(terms: Terms, most: int, width: int = UNFOLDED) -> Iterator[str]:
    """Yield the terms in words, one a line, of which there are at most so many and one for all others; then the sum.

    What factors are called is cut where a line would be wider than ``width``.
    """
    shown, widest = terms.terms[:most], max(LEAST_ROOM, width - BESIDE)
    labels = [" × ".join(f"{it.label} {number(it.number)}" for it in term.factors) for term in shown]
    labels = [it if len(it) <= widest else f"{it[: widest - 1]}…" for it in labels]
    room = min(max(map(len, labels), default=0), 80)
    for term, label in zip(shown, labels, strict=True):
        bar = "█" * min(BAR, round(abs(term.share) * BAR))
        yield f"  {label:<{room}}  = {number(term.product):>11}  {share_text(term.share):>7}  {bar}".rstrip()
    others = terms.terms[most:]
    if others:
        rest, share = float(np.sum([it.product for it in others])), sum(it.share for it in others)
        yield f"  {f'{len(others):,} more terms':<{room}}  = {number(rest):>11}  {share_text(share):>7}"
    if len(terms.terms) > 1:
        yield f"  {'sum':<{room}}  = {number(float(np.sum([it.product for it in terms.terms]))):>11}"


def share_text(share: float) -> str:
    """Return a share in percent, however little of the terms is left of them where they cancel."""
    return f"{share:.1%}" if abs(share) < LARGEST_SHARE else f"{share:.0e}×"


def terms_record(terms: Terms) -> dict[str, object]:
    """Return the terms as JSON."""
    return {
        "element": str(terms.element),
        "number": json_number(terms.number),
        "terms": [
            {
                "label": term.label,
                "factors": [{"label": it.label, "number": json_number(it.number)} for it in term.factors],
                "product": json_number(term.product),
                "share": json_number(term.share),
                "source": None if term.source is None else str(term.source),
            }
            for term in terms.terms
        ],
        "note": terms.note or None,
    }
