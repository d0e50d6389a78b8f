"""Numbers as a row of bars: the course of something over steps or iterations, at a glance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from bptui.lines.line import Span

BARS = "▁▂▃▄▅▆▇█"

STEEP = 20
"""Ratio of the largest to the least number from which on bars are on a log scale."""


def is_steep(values: Iterable[float | None]) -> bool:
    """Return whether the values are positive, and differ so much that a log scale tells more of them."""
    finite = finite_ones(values)
    return bool(finite) and min(finite) > 0 and max(finite) > STEEP * min(finite)


def finite_ones(values: Iterable[float | None]) -> list[float]:
    """Return the values that are there and finite."""
    return [it for it in values if it is not None and math.isfinite(it)]


def bars(values: Sequence[float | None], current: int) -> Iterator[Span]:
    """Yield a bar for each value, from the least to the largest of them; the current one stands out."""
    if is_steep(values):
        values = [it if it is None or not it > 0 or math.isinf(it) else math.log(it) for it in values]
    finite = finite_ones(values)
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    texts = [bar_of(it, low, high) for it in values]
    yield Span("".join(texts[:current]), "value")
    yield Span(texts[current], "current")
    yield Span("".join(texts[current + 1 :]), "dim")


def bar_of(value: float | None, low: float, high: float) -> str:
    """Return one bar: ``·`` for what has not been reached, ``!`` for what is not finite."""
    if value is None:
        return "·"
    if not math.isfinite(value):
        return "!"
    span = high / 2 - low / 2  # halves, for the difference of two large numbers may be infinite
    share = (value / 2 - low / 2) / span if span > 0 else 0.0
    return BARS[round(share * (len(BARS) - 1))]


def charted(values: Sequence[float | None], height: int) -> list[str]:
    """Return a chart of bars, ``height`` rows of text from the top down; what is not there is a gap."""
    finite = finite_ones(values)
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    levels = [bar_level(it, low, high, height * len(BARS)) for it in values]
    return ["".join(cell_of(level, row) for level in levels) for row in reversed(range(height))]


def bar_level(value: float | None, low: float, high: float, most: int) -> int:
    """Return how many eighths of a cell high a bar is; 0 where there is none to draw."""
    if value is None or not math.isfinite(value):
        return 0
    span = high / 2 - low / 2
    return 1 + round((value / 2 - low / 2) / span * (most - 1)) if span > 0 else most // 2


def cell_of(level: int, row: int) -> str:
    """Return what of a bar is in one row, counted from the lowest."""
    inside = min(len(BARS), level - row * len(BARS))
    return BARS[inside - 1] if inside > 0 else " "
