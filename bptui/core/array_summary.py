"""What a large array is like in one line: counted block by block, so that no key waits for 25 million numbers."""

from __future__ import annotations

import math
from collections import OrderedDict

import numpy as np

from bptui.deferred_dataclass import dataclass
from layers import Array

BLOCK = 1 << 16
"""Elements that are counted between two places where counting can be interrupted."""

AT_ONCE = 1 << 17
"""Elements that may be counted while a key waits."""

REMEMBERED = 64
"""Arrays whose summary is kept, with the array itself: an id alone could come to mean another array."""


@dataclass(frozen=True)
class Summary:
    """Smallest, largest, mean and norm of the finite elements, and how many are zero, NaN and infinite."""

    size: int
    smallest: float
    largest: float
    mean: float
    norm: float
    zeros: int
    nans: int
    infinities: int

    @property
    def is_finite(self) -> bool:
        """Whether neither NaN nor infinity is among the elements."""
        return not (self.nans or self.infinities)


class Survey:
    """A summary in the making: ``advance`` counts some more elements."""

    def __init__(self, array: Array) -> None:
        self.elements = np.asarray(array).reshape(-1)
        self.counted = 0
        self.smallest, self.largest = math.inf, -math.inf
        self.total = self.norm = 0.0
        self.zeros = self.nans = self.infinities = 0

    @property
    def is_complete(self) -> bool:
        """Whether every element has been counted."""
        return self.counted >= self.elements.size

    def advance(self, elements: int) -> None:
        """Count at least ``elements`` more, or all that are left."""
        goal = min(self.counted + elements, self.elements.size)
        while self.counted < goal:
            self.count(self.elements[self.counted : self.counted + BLOCK])
            self.counted += BLOCK

    def count(self, block: Array) -> None:
        """Count one block."""
        is_finite = np.isfinite(block)
        if not is_finite.all():
            nans = int(np.isnan(block).sum())
            self.nans += nans
            self.infinities += block.size - nans - int(is_finite.sum())
            block = block[is_finite]
        if not block.size:
            return
        self.smallest = min(self.smallest, float(block.min()))
        self.largest = max(self.largest, float(block.max()))
        with np.errstate(over="ignore"):
            self.total += float(block.sum(dtype=np.float64))
        self.norm = math.hypot(self.norm, norm(block))
        self.zeros += block.size - int(np.count_nonzero(block))

    @property
    def summary(self) -> Summary:
        """What has been counted."""
        finite = self.elements.size - self.nans - self.infinities
        return Summary(
            size=self.elements.size,
            smallest=self.smallest + 0.0 if finite else math.nan,
            largest=self.largest + 0.0 if finite else math.nan,
            mean=self.total / finite if finite else math.nan,
            norm=self.norm,
            zeros=self.zeros,
            nans=self.nans,
            infinities=self.infinities,
        )


def norm(array: Array) -> float:
    """Return the Euclidean norm of finite numbers of any size; squares neither overflow nor vanish."""
    flat = np.asarray(array, dtype=np.float64).reshape(-1)
    if not flat.size:
        return 0.0
    if flat.size == 1:
        return abs(float(flat[0]))
    with np.errstate(over="ignore", under="ignore"):
        square = float(flat @ flat)
    if 1e-280 < square < 1e300:
        return math.sqrt(square)
    largest = float(np.abs(flat).max())
    if not 0 < largest < math.inf:
        return largest
    scaled = flat / largest
    return largest * math.sqrt(float(scaled @ scaled))


def summarise(array: Array) -> Summary:
    """Return the summary of an array, however large."""
    survey = Survey(array)
    survey.advance(survey.elements.size)
    return survey.summary


class Summaries:
    """The summaries of the arrays asked for lately; those of large ones are made by ``advance``, in idle time."""

    def __init__(self) -> None:
        self.surveys: OrderedDict[int, tuple[Array, Survey]] = OrderedDict()

    def get(self, array: Array) -> Summary | None:
        """Return an array's summary, or None while its elements are still being counted."""
        if np.size(array) <= AT_ONCE >> 6:
            return summarise(array)
        _, survey = self.surveys.setdefault(id(array), (array, Survey(array)))
        self.surveys.move_to_end(id(array))
        while len(self.surveys) > REMEMBERED:
            self.surveys.popitem(last=False)
        if survey.elements.size <= AT_ONCE:
            survey.advance(AT_ONCE)
        return survey.summary if survey.is_complete else None

    def advance(self, elements: int = AT_ONCE) -> bool:
        """Count ``elements`` more of the array asked for last of those that are not counted; False if all are."""
        for _, survey in reversed(self.surveys.values()):
            if not survey.is_complete:
                survey.advance(elements)
                return True
        return False
