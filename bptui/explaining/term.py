"""A term: a product of real numbers that is part of an element, each factor with its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from bptui.core import text
from bptui.core.graph import Node
from bptui.core.moment import Moment
from bptui.core.region import Index
from layers import Array

FROM_UNITS = "told by the layer's own backward, with a dout of 1 at one element and 0 elsewhere"
BY_NUMBERS = "recognised by the numbers of this run, as the layer does not run here"

MOST_TERMS = 4_096
"""Terms that are told one by one; the others are summed up as one."""

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


def term_of(factors: Sequence[Factor], source: Element | None) -> Term:
    """Return the term that is a product of factors."""
    total = 1.0
    with np.errstate(all="ignore"):
        for factor in factors:
            total = float(np.float64(total) * factor.number)
    return Term(tuple(factors), total + 0.0, source)  # so that there is no -0


def how_asked(moment: Moment, node: Node) -> str:
    """Return how a slope of a node is known."""
    return FROM_UNITS if moment.tape.library.get(node.layer) is not None else BY_NUMBERS


def element_label(name: str, place: Index) -> str:
    """Return how terms write an element of a value: ``W1[0, 2]``."""
    return f"{text.visible(name, limit=40)}{list(place) if place else ''}"


def dout_label(name: str, place: Index) -> str:
    """Return how terms write an element of what arrives at a value: ``dout(a1)[0, 2]``."""
    return f"dout({text.visible(name, limit=40)}){list(place) if place else ''}"


def unstretched(place: Index, shape: Sequence[int]) -> Index:
    """Return which element of an array broadcasting has put at a place."""
    own = place[len(place) - len(shape) :]
    return tuple([0 if size == 1 else at for at, size in zip(own, shape, strict=True)])
