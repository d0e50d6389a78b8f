"""The gradients of one layer at one point, input by input, against what differences say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bptui.checking.compare_arrays import copied, copies
from bptui.checking.finding import Verdict, Worst, plain_index, verdict_of
from bptui.checking.numeric.bisection import Search
from bptui.checking.numeric.finite_differences import Point, last_digit_moved
from bptui.checking.numeric.independent_axes import find_ties
from bptui.checking.numeric.judge import CODES, FAIL, KINK, UNSEEN, ElementVerdicts, Judge
from bptui.checking.numeric.noise import grain_of
from bptui.checking.probe import Probe
from bptui.checking.work import Work
from layers import Array

LEAST = 4
"""As many columns of a large input are measured in any case, whatever they cost."""

CALL = 50_000
ELEMENT = 4
"""What a forward and its bookkeeping cost, roughly, in nanoseconds: in themselves, and for each number."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """One input's gradient held against differences: the verdict on each element that was looked at.

    ``grain`` is how coarse the layer's value is where that has to be allowed for.
    """

    position: int
    analytic: Array
    parts: Sequence[ElementVerdicts]
    is_whole: bool
    grain: float = 0.0

    @cached_property
    def verdict(self) -> Verdict:
        """What the elements come to."""
        seen = {code for part in self.parts for code in np.unique(part.codes).tolist() if code != UNSEEN}
        return verdict_of(CODES[code] for code in seen)

    def as_failed(self) -> Comparison:
        """Return the same with all of its elements failed: what they have in common has shown that they are wrong."""
        parts = [replace(part, codes=np.full_like(part.codes, FAIL)) for part in self.parts]
        return replace(self, parts=parts)

    @cached_property
    def numeric(self) -> Array:
        """The slopes that were measured, NaN elsewhere."""
        slopes = np.full(self.analytic.shape, np.nan)
        for part in self.parts:
            slopes.reshape(-1)[part.places] = part.numeric
        return slopes

    @cached_property
    def is_off(self) -> NDArray[np.bool_]:
        """Which elements failed."""
        return self.having(FAIL)

    @cached_property
    def is_seen(self) -> NDArray[np.bool_]:
        """Which elements were looked at."""
        return ~np.isnan(self.numeric) | self.having(FAIL)

    def having(self, code: int) -> NDArray[np.bool_]:
        """Return which elements have a verdict."""
        found = np.zeros(self.analytic.size, np.bool_)
        for part in self.parts:
            found[part.places[part.codes == code]] = True
        return found.reshape(self.analytic.shape)

    @cached_property
    def standing_out(self) -> tuple[ElementVerdicts, int] | None:
        """The element that tells most: the worst of those that failed, otherwise a kink, otherwise the farthest."""
        for wanted in (FAIL, KINK, 0):
            found = [
                (float(np.where(part.codes == wanted, part.excess, -1).max(initial=-1)), part) for part in self.parts
            ]
            if found and max(found, key=lambda it: it[0])[0] >= 0:
                part = max(found, key=lambda it: it[0])[1]
                return part, int(np.argmax(np.where(part.codes == wanted, part.excess, -1)))
        return None

    @cached_property
    def worst(self) -> Worst | None:
        """That element in numbers."""
        if self.standing_out is None:
            return None
        part, at = self.standing_out
        index = np.unravel_index(int(part.places[at]), self.analytic.shape)
        return Worst(plain_index(index), float(part.analytic[at]), float(part.numeric[at]), float(part.error[at]))


class Gradients:
    """A layer's gradients at a point, for a random dout, and the differences to hold them against."""

    def __init__(self, probe: Probe, inputs: tuple[Array, ...], dout: Array, *, budget: float) -> None:
        self.probe = probe
        self.inputs = tuple(map(read_only, inputs))
        self.budget = budget
        visit = probe.visit(copies(inputs))
        self.point = Point(
            probe.forward,
            self.inputs,
            probe.subject.changed(self.inputs, last_digit_moved),
            visit.out,
            np.where(np.isfinite(visit.out), dout, 0),
        )
        self.analytic = copied(probe.backward(visit.layer, self.point.dout.copy()))

    @cached_property
    def a_digit_away(self) -> tuple[Any, ...]:
        """The gradients at inputs that differ by their last digit."""
        visit = self.probe.visit(self.point.a_digit_away)
        return copied(self.probe.backward(visit.layer, self.point.dout.copy()))

    def compare(self, position: int) -> Work[Comparison]:
        """Hold the gradient of one input against differences; a layer whose value is coarse is given its due."""
        comparison = yield from self.compare_at(self.point, position)
        if comparison.verdict not in {Verdict.FAIL, Verdict.KINK} or not np.any(self.coarse_point.grain):
            return comparison
        allowing = yield from self.compare_at(self.coarse_point, position)
        return replace(allowing, grain=float(np.max(self.coarse_point.grain)))

    @cached_property
    def coarse_point(self) -> Point:
        """The same point, with how coarse the layer's value is there."""
        return replace(self.point, grain=grain_of(self.point))

    def compare_at(self, point: Point, position: int) -> Work[Comparison]:
        """Hold the gradient of one input against differences, a column at a time."""
        gradient = self.analytic[position]
        analytic = np.zeros(self.inputs[position].shape) if gradient is None else gradient
        judge = Judge(point, analytic, lambda: self.unsteady(position, analytic))
        ties = find_ties(self.probe.forward, self.inputs, position, self.point.out)
        yield
        columns = ties.columns.shape[1]
        affordable = max(LEAST, int(min(columns, self.budget / len(self.probe.subject.taking) / self.cost)))
        is_whole = columns <= affordable
        parts: list[ElementVerdicts] = []
        for column in range(columns) if is_whole else evenly_spaced(columns, affordable):
            parts += judge.judge_columns(position, ties, [column])
            yield
        for part in () if is_whole else Search(judge, position, ties).results():
            parts.append(part)
            yield
        return Comparison(position, analytic, parts, is_whole)

    @property
    def cost(self) -> float:
        """What measuring one column costs, roughly, in nanoseconds."""
        return 2 * (CALL + ELEMENT * (sum(x.size for x in self.inputs) + self.point.out.size))

    def unsteady(self, position: int, analytic: Array) -> Array:
        """Return how far the last digits of the inputs move the gradient."""
        moved = self.a_digit_away[position]
        if moved is None or moved.shape != analytic.shape:
            return np.zeros(analytic.shape)
        with np.errstate(all="ignore"):
            return np.abs(moved - analytic)


def evenly_spaced(columns: int, many: int) -> list[int]:
    """Return ``many`` columns, spread evenly."""
    return [int(column) for column in np.unique(np.linspace(0, columns - 1, many).astype(int))]


def read_only(x: Array) -> Array:
    """Return a view that cannot be written to."""
    view = np.asarray(x).view()
    view.flags.writeable = False
    return view
