"""The judgement of a gradient, element by element: whether it says what the differences say.

Most elements are settled by one small step on each side. Those that are not climb two ladders of steps, which find
out kinks, corners of the domain, and slopes that rounding hides; only a slope that is certain can accuse a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bptui.checking.finding import Rung, Verdict
from bptui.checking.numeric.affine_inputs import MANY, is_affine, measure_straight, rounding_noise
from bptui.checking.numeric.directions import Bundle, Elements
from bptui.checking.numeric.extrapolation import Ladder, climb, sizes_of
from bptui.checking.numeric.finite_differences import SMALLEST, Point, Slopes, measure, power_of_two
from bptui.checking.numeric.independent_axes import Ties
from layers import Array

RELATIVE = 1e-4
"""A gradient this close to the slope is right: softmax losses that add 1e-7 inside the logarithm are, as a rule."""

QUICK_STEP = 2.0**-17
"""The step, compared with the numbers' size, at which a difference's two errors balance."""

SAFETY = 20
"""How many times its estimated error a slope may be off."""

DUST = 1e-9
"""Gradients so small, compared with dout, may be nothing but rounding."""

COARSE_DUST = 2.0**-18
"""The same of a layer whose value is coarse, compared with the largest gradient: 1 - tanh² where tanh is 1, say."""

LARGEST = 2.0**52
"""Beyond, floats are 1 apart and more: whatever a function does between them cannot be seen."""

MOST_CLIMBS = 24
"""Bundles that may climb: after so many that disagree nothing is learnt from more."""

CODES = (Verdict.PASS, Verdict.KINK, Verdict.SKIP, Verdict.FAIL)
PASS, KINK, SKIP, FAIL = range(4)
UNSEEN = -1

Codes: TypeAlias = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class ElementVerdicts:
    """What became of some elements of an input, by their flat ``places``; ``codes`` go by ``CODES``."""

    places: NDArray[np.intp]
    codes: Codes
    analytic: Array
    numeric: Array
    error: Array
    ladders: tuple[Ladder, ...] = ()

    def rungs(self, at: int) -> tuple[Rung, ...]:
        """Return the ladder of one of the elements, or what there is of it."""
        return self.ladders[-1].of(at) if self.ladders else ()

    @property
    def excess(self) -> Array:
        """How much further off each is than it may be; NaN counts as farthest."""
        with np.errstate(all="ignore"):
            off = np.abs(self.analytic - self.numeric) / (np.abs(self.numeric) + self.error + 1e-300)
        return np.where(np.isfinite(off), off, np.inf)


class Judge:
    """Judges the gradient of one input at a point. ``unsteady`` tells how far rounding may have moved it."""

    def __init__(self, point: Point, gradient: Array, unsteady: Callable[[], Array]) -> None:
        self.point = point
        self.gradient = gradient
        self.unsteady = unsteady
        finite = np.abs(gradient[np.isfinite(gradient)])
        self.largest = float(finite.max(initial=0))
        self.climbs = 0

    def judge_columns(self, position: int, ties: Ties, columns: Iterable[int]) -> list[ElementVerdicts]:
        """Judge the elements of some columns of an input."""
        bundles = [Elements(self.point.inputs, position, ties.columns[:, column], ties) for column in columns]
        noise = None
        if len(bundles) >= MANY and self.point.is_number.all() and is_affine(self.point, position):
            noise = rounding_noise(self.point, bundles[0])
        return [self.judge(bundle, bundle.slope(self.gradient), noise) for bundle in bundles]

    def judge(self, bundle: Bundle, analytic: Array, straight: Array | None = None) -> ElementVerdicts:
        """Judge the lines of a bundle, quickly where that will do; ``straight`` ones have that noise."""
        if straight is None:
            rough = measure(self.point, bundle, power_of_two(np.maximum(bundle.reach, 1) * QUICK_STEP))
        else:
            rough = measure_straight(self.point, bundle, straight)
        settled = self.is_settled(rough, analytic)
        if settled.all() or self.climbs >= MOST_CLIMBS:
            codes = np.where(settled, PASS, UNSEEN).astype(np.int8)
            return ElementVerdicts(bundle.places, codes, analytic, rough.central, rough.noise)
        self.climbs += 1
        return self.examine(bundle, analytic)

    def is_settled(self, rough: Slopes, analytic: Array) -> NDArray[np.bool_]:
        """Return where one step shows beyond doubt that the gradient is right and there is no kink."""
        with np.errstate(all="ignore"):
            size = np.maximum(np.abs(analytic), np.abs(rough.central))
            noise = 8 * rough.noise
            is_close = np.abs(analytic - rough.central) <= 0.1 * RELATIVE * size + noise
            is_clear = noise <= 1e-3 * np.maximum(size, 1e-3 * self.largest)
            is_smooth = np.abs(rough.high - rough.low) <= 1e-3 * size + 2 * noise
        is_nothing = (analytic == 0) & (rough.low == 0) & (rough.high == 0)
        return np.asarray((is_close & is_clear & is_smooth & np.isfinite(analytic)) | is_nothing)

    def examine(self, bundle: Bundle, analytic: Array) -> ElementVerdicts:
        """Judge the lines of a bundle by two ladders: on the scale of the numbers, and on a small one."""
        coarse, fine = (climb(self.point, bundle, size) for size in sizes_of(bundle.reach))
        by_fine, by_coarse = self.by_limit(fine, analytic, bundle), self.by_limit(coarse, analytic, bundle)
        by_kink = np.where(fine.is_kink, between(fine, analytic), between(coarse, analytic))
        closer = np.where(is_near(bundle.reach) & (coarse.limit[1] < fine.limit[1]), by_coarse.lenient, by_fine.lenient)
        with np.errstate(invalid="ignore"):
            blocked = (bundle.total((~self.point.is_number).astype(float)) > 0) & ~np.isfinite(analytic)
        choices = [
            (blocked | fine.is_steep | coarse.is_steep | (fine.is_blind & coarse.is_blind), np.int8(SKIP)),
            (by_fine.is_certain & ~fine.is_kink, by_fine.codes),
            (fine.is_kink | (coarse.is_kink & is_near(bundle.reach)), by_kink),
            (by_coarse.is_certain & is_near(bundle.reach), by_coarse.codes),
        ]
        codes: Array = np.select([where for where, _ in choices], [np.asarray(it) for _, it in choices], closer)
        (by_small, is_quiet), (by_large, is_quiet_at_large) = fine.allows(analytic), coarse.allows(analytic)
        acquitted = np.where(is_quiet, by_small, by_large & is_quiet_at_large)
        codes = np.where((codes == FAIL) & acquitted, PASS, codes)
        is_certain = by_fine.is_certain | by_coarse.is_certain
        is_blurred = ((bundle.reach > LARGEST) | bool(np.any(self.point.grain))) & ~is_certain
        codes = np.where((codes == FAIL) & (is_blurred | is_below_steps(bundle.reach)), SKIP, codes)
        use_fine = by_fine.is_certain | (fine.limit[1] <= coarse.limit[1])
        numeric, error = (np.where(use_fine, *pair) for pair in zip(fine.limit, coarse.limit, strict=True))
        if np.any(self.point.grain):
            is_dust = np.abs(analytic - numeric) <= COARSE_DUST * self.largest
            codes = np.where((codes == FAIL) & is_dust, PASS, codes)
        return ElementVerdicts(bundle.places, codes.astype(np.int8), analytic, numeric, error, (coarse, fine))

    def by_limit(self, ladder: Ladder, analytic: Array, bundle: Bundle) -> ByLimit:
        """Compare with what the slopes of a ladder tend to."""
        numeric, error = ladder.limit
        judged = ByLimit(analytic, numeric, error)
        if (judged.codes == FAIL).any():
            everywhere, dout = self.unsteady(), float(np.abs(self.point.dout).max(initial=0))
            dust = float(everywhere.max(initial=0))
            unsteady = np.maximum(bundle.slope(everywhere), dust if dust <= DUST * dout else 0)
            return ByLimit(analytic, numeric, error, unsteady, dout)
        return judged


def is_below_steps(reach: Array) -> NDArray[np.bool_]:
    """Return where numbers are smaller than the smallest step: no step moves them by a little."""
    return np.asarray((reach > 0) & (reach < SMALLEST))


def is_near(reach: Array) -> NDArray[np.bool_]:
    """Return where steps of size 1 are on the scale of the numbers: only there may they alone accuse anyone."""
    return np.asarray((reach == 0) | ((reach >= 2.0**-12) & (reach <= 2.0**12)))


@dataclass(frozen=True, eq=False)
class ByLimit:
    """Elements compared with slopes that have an error; ``unsteady`` is the analytic numbers' own, for a ``dout``."""

    analytic: Array
    numeric: Array
    error: Array
    unsteady: Array | float = 0.0
    dout: float = 0.0

    @cached_property
    def size(self) -> Array:
        """The larger of the two numbers; where backward gave none, that of the slope."""
        return np.fmax(np.where(np.isfinite(self.analytic), np.abs(self.analytic), 0), np.abs(self.numeric))

    @cached_property
    def allowed(self) -> Array:
        """How far apart the two may be."""
        shaky = np.where(self.unsteady <= np.maximum(0.1 * self.size, DUST * self.dout), self.unsteady, 0)
        return RELATIVE * self.size + SAFETY * self.error + 10 * np.nan_to_num(shaky)

    @property
    def is_certain(self) -> NDArray[np.bool_]:
        """Where the slope is known well enough to tell right from wrong."""
        return np.asarray((SAFETY * self.error <= 0.01 * self.size) & np.isfinite(self.numeric))

    @property
    def codes(self) -> Codes:
        """The verdicts, given a slope that is known well."""
        with np.errstate(all="ignore"):
            return np.where(np.abs(self.analytic - self.numeric) <= self.allowed, PASS, FAIL).astype(np.int8)

    @property
    def lenient(self) -> Codes:
        """The verdicts where the slope is not known well: twice as far off is still no failure."""
        with np.errstate(all="ignore"):
            off = np.abs(self.analytic - self.numeric) > 2 * self.allowed
            lost = ~np.isfinite(self.analytic) & np.isfinite(self.allowed)
        return np.where(np.isfinite(self.error) & (off | lost), FAIL, PASS).astype(np.int8)


def between(ladder: Ladder, analytic: Array) -> Codes:
    """Return the verdicts at kinks: right is whatever lies between the two sides."""
    low, high, error = ladder.hull()
    slack = error + RELATIVE * np.maximum(np.abs(low), np.abs(high))
    with np.errstate(invalid="ignore"):
        inside = (analytic >= low - slack) & (analytic <= high + slack)
    return np.where(inside, KINK, FAIL).astype(np.int8)
