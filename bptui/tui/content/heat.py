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

MOST_READ = 1 << 20
"""Elements that are looked at to draw a whole matrix."""


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


class Frame(NamedTuple):
    """The cells, first to last, that a frame is drawn around."""

    left: int
    top: int
    right: int
    bottom: int

    def character(self, x: int, y: int) -> str:
        """Return what the frame puts on a cell; nothing inside it and outside."""
        if not (self.left <= x <= self.right and self.top <= y <= self.bottom):
            return ""
        across = "╶" if self.left == self.right else "┌" if x == self.left else "┐" if x == self.right else "─"
        if self.top == self.bottom:
            return "▣" if self.left == self.right else "[" if x == self.left else "]" if x == self.right else "─"
        if y == self.top:
            return "┬" if across == "╶" else across
        if y == self.bottom:
            return "┴" if across == "╶" else {"┌": "└", "┐": "┘"}.get(across, "─")
        return "│" if x in {self.left, self.right} else ""


def downsampled(matrix: Array, rows: int, columns: int) -> Array:
    """Return a matrix in at most so many rows and columns, each element the largest by size of a block.

    What is not finite comes first. Of a very large matrix only every ``rows_skipped``-th row is read.
    """
    matrix = matrix[:: rows_skipped(matrix)]
    edges = [
        np.arange(min(most, size)) * size // min(most, size)
        for most, size in zip((rows, columns), matrix.shape, strict=True)
    ]
    high, low = (
        extreme.reduceat(extreme.reduceat(matrix, edges[0], axis=0), edges[1], axis=1)
        for extreme in (np.maximum, np.minimum)
    )
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(low) > np.abs(high), low, high)


def rows_skipped(matrix: Array) -> int:
    """Return how many rows of a matrix there are for each one that is read to draw it as a whole."""
    return max(1, matrix.size // MOST_READ)


def block_of(place: int, size: int, blocks: int) -> int:
    """Return which of the ``blocks`` into which ``size`` elements are parted has the one at ``place``."""
    return -(-(place + 1) * blocks // size) - 1


def overview_lines(small: Array, scale: float, frame: Frame) -> list[Line]:
    """Return a small matrix as colours, two numbers to a cell, with a frame on it."""
    numbers = shades(small, scale).tolist()
    lines = []
    for y, (above, below) in enumerate(zip_longest(numbers[::2], numbers[1::2])):
        styles = list(map(colour, above)) if below is None else list(map(shade_pair, above, below))
        drawn = [frame.character(x, y) for x in range(len(above))]
        texts = [character or "▀" for character in drawn]
        lines.append(joined(texts, ["strong" if it else style for it, style in zip(drawn, styles, strict=True)]))
    return lines


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
