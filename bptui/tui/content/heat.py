"""A heat map: two numbers to a cell, one above the other, in colours that run from blue through white to vermilion."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from bptui.core import text
from bptui.lines.line import Line, Span, joined
from layers import Array

NEGATIVE, NEUTRAL, POSITIVE = (0x00, 0x5B, 0x96), (0xF7, 0xF7, 0xF7), (0xD5, 0x5E, 0x00)
"""Blue and vermilion of Okabe and Ito (2008), which colour-blind readers can tell apart."""

STEPS = 16
"""Shades to each side of white."""

NOT_FINITE = 2 * STEPS + 1
NOT_FINITE_COLOUR = "#f0e442"
LARGEST_CELL = 4


class Fit(NamedTuple):
    """How large a number is drawn, in half cells to a side, and how many rows and columns are in sight."""

    zoom: int
    rows: int
    columns: int


def heat_fit(shape: tuple[int, int], width: int, height: int) -> Fit:
    """Return how a matrix fits into ``width`` × ``height`` cells: enlarged where it is small, cut where it is large."""
    rows, columns = shape
    zoom = min(LARGEST_CELL, width // max(1, columns), 2 * height // max(1, rows))
    zoom = max(1, zoom - zoom % 2) if zoom > 1 else 1
    return Fit(zoom, min(rows, 2 * height // zoom), min(columns, width // zoom))


def shades(window: Array, scale: float) -> Array:
    """Return for each number its shade: 0 at ``-scale``, ``STEPS`` at 0, twice that at ``scale``."""
    is_finite = np.isfinite(window)
    numbers = np.where(is_finite, window, 0).astype(np.float64)
    with np.errstate(over="ignore"):
        relative = np.clip(numbers / scale, -1, 1) if scale > 0 else np.zeros_like(numbers)
    return np.where(is_finite, np.rint((relative + 1) * STEPS).astype(int), NOT_FINITE)


@cache
def colour(shade: int) -> str:
    """Return a shade as Rich writes colours."""
    if shade == NOT_FINITE:
        return NOT_FINITE_COLOUR
    far = abs(shade - STEPS) / STEPS
    end = POSITIVE if shade > STEPS else NEGATIVE
    parts = (round(near + (there - near) * far) for near, there in zip(NEUTRAL, end, strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


@cache
def shade_pair(upper: int, lower: int) -> str:
    """Return two shades, one above the other, as Rich writes them."""
    return f"{colour(upper)} on {colour(lower)}"


def colour_rows(window: Array, scale: float, zoom: int) -> list[Line]:
    """Return a matrix as colours, each number ``zoom`` cells wide and half as many high."""
    enlarged = shades(window, scale).repeat(zoom, axis=0).repeat(zoom, axis=1).tolist()
    upper, lower = enlarged[::2], enlarged[1::2]
    return [half_blocks(above, below) for above, below in zip_longest(upper, lower)]


def half_blocks(above: Sequence[int], below: Sequence[int] | None) -> Line:
    """Return one row of cells: the upper numbers in the foreground, the lower ones behind."""
    if below is None:
        return joined("▀" * len(above), map(colour, above))
    return joined("▀" * len(above), map(shade_pair, above, below))


def legend(scale: float, width: int) -> Line:
    """Return what the colours mean: ``-0.3 ▀▀▀▀▀ 0 ▀▀▀▀▀ 0.3``."""
    end = text.number(scale, 3)
    room = width - 2 * len(end) - 6
    if room < 6:
        return (Span(f"±{end}"[: max(0, width)], "dim"),)
    half = min(STEPS, room // 2)
    steps = [round(at * STEPS / half) for at in range(half)]
    negative = joined("█" * half, map(colour, steps))
    positive = joined("█" * half, (colour(2 * STEPS - it) for it in reversed(steps)))
    return (Span(f"-{end} ", "dim"), *negative, Span(" 0 ", "dim"), *positive, Span(f" {end}", "dim"))
