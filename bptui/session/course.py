"""The course of an expression over a run: a number for each step, or where there are several for each iteration."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import NamedTuple

import numpy as np

from bptui.core.expression import evaluate
from bptui.core.moment import Moment
from bptui.core.tape import Tape
from bptui.errors import ExpressionError

LOOKED_BACK = 50
"""Steps of an iteration in which its last number is looked for."""


class CoursePoint(NamedTuple):
    """A number of a course, and the step or the iteration (from 1) that it belongs to; None is for none."""

    at: int
    value: float | None


class Course:
    """The numbers of ``expression`` at no more than ``most`` places of a tape, as far as they are worked out."""

    def __init__(self, expression: str, tape: Tape, most: int) -> None:
        self.expression = expression
        self.tape = tape
        self.most = most
        self.known: dict[int, float | None] = {}

    @property
    def is_over_iterations(self) -> bool:
        """Whether its places are iterations, and not steps."""
        return self.tape.order.iterations > 1

    @property
    def places(self) -> list[int]:
        """The steps or the iterations (from 1) that it is drawn at, in order, the first and the last among them."""
        order, here = self.tape.order, len(self.tape)
        count = order.iteration_of(here) + (here > order.start(order.iteration_of(here))) if here else 0
        last = min(count, order.iterations) if self.is_over_iterations else here
        if last <= self.most:
            return list(range(1, last + 1))
        return [1 + round(place * (last - 1) / (self.most - 1)) for place in range(self.most)]

    def advance(self, seconds: float) -> bool:
        """Work out numbers that are missing for so many seconds; return whether that was all."""
        end = monotonic() + seconds
        for place in self.places:
            if place not in self.known:
                if monotonic() > end:
                    return False
                self.known[place] = self.number_at(place)
        return True

    @property
    def points(self) -> list[CoursePoint]:
        """What is known by now."""
        return [CoursePoint(place, self.known.get(place)) for place in self.places]

    def number_at(self, place: int) -> float | None:
        """Return the number at a step, or the last one of an iteration; None where there is none."""
        if not self.is_over_iterations:
            return single_number(self.expression, self.tape.at(place))
        return next((it for it in map(self.single, self.steps_of(place)) if it is not None), None)

    def single(self, step: int) -> float | None:
        """Return the number at a step."""
        return single_number(self.expression, self.tape.at(step))

    def steps_of(self, iteration: int) -> Iterator[int]:
        """Yield the steps of an iteration (from 1), the last one first."""
        order = self.tape.order
        start, end = order.start(iteration - 1), min(order.start(iteration), len(self.tape))
        yield from range(end, max(start, end - LOOKED_BACK), -1)


def single_number(expression: str, moment: Moment) -> float | None:
    """Return what an expression comes to at a moment if that is one number, and else None."""
    try:
        value = evaluate(expression, moment)
    except ExpressionError:
        return None
    if not isinstance(value, np.ndarray) or value.size != 1 or value.dtype.kind not in "fiub":
        return None
    return float(value.reshape(()))
