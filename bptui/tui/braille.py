"""A canvas of braille dots: two by four to a cell, so that a curve is smooth in text."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bptui.tui.line import Line, Span
from layers import Array

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a braille character, by row and column."""


class Canvas:
    """Cells of 2 × 4 dots over a range of x and y."""

    def __init__(self, width: int, height: int, low: tuple[float, float], high: tuple[float, float]) -> None:
        self.width, self.height = width, height
        self.low, self.high = low, high
        self.dots: dict[tuple[int, int], tuple[int, str]] = {}
        self.signs: dict[tuple[int, int], Span] = {}
        self.axes: dict[tuple[int, int], Span] = {}

    def dot_at(self, x: Array, y: Array) -> list[tuple[int, int]]:
        """Return the dots, by column and row from the top left, of the points that lie within."""
        columns = np.rint((x - self.low[0]) / (self.high[0] - self.low[0]) * (self.width * 2 - 1)).astype(int)
        rows = np.rint((self.high[1] - y) / (self.high[1] - self.low[1]) * (self.height * 4 - 1)).astype(int)
        seen = (columns >= 0) & (columns < self.width * 2) & (rows >= 0) & (rows < self.height * 4)
        return list(zip(columns[seen].tolist(), rows[seen].tolist(), strict=True))

    def draw(self, x: Array, y: Array, style: str) -> None:
        """Draw dots; what is drawn later gives its style to a cell that both share."""
        for column, row in self.dot_at(x, y):
            cell = column // 2, row // 4
            self.dots[cell] = (self.dots.get(cell, (0, ""))[0] | DOTS[row % 4][column % 2], style)

    def sign(self, x: float, y: float, span: Span) -> None:
        """Put a character on the cell of a point."""
        for column, row in self.dot_at(np.array([x]), np.array([y])):
            self.signs[column // 2, row // 4] = span

    def draw_axes(self) -> None:
        """Draw the axes, where 0 is in sight, beneath everything else."""
        middle = np.array([(self.low[0] + self.high[0]) / 2]), np.array([(self.low[1] + self.high[1]) / 2])
        for _, row in self.dot_at(middle[0], np.zeros(1)):
            self.axes |= {(column, row // 4): Span("╌", "wire") for column in range(self.width)}
        for column, _ in self.dot_at(np.zeros(1), middle[1]):
            self.axes |= {(column // 2, row): Span("┆", "wire") for row in range(self.height)}

    def row(self, row: int) -> Line:
        """Return one row of cells."""
        return joined(self.cell(column, row) for column in range(self.width))

    def cell(self, column: int, row: int) -> Span:
        """Return one cell: a sign before dots before nothing."""
        if (column, row) in self.signs:
            return self.signs[column, row]
        dots, style = self.dots.get((column, row), (0, ""))
        return Span(chr(0x2800 + dots), style) if dots else self.axes.get((column, row), Span(" "))


def joined(spans: Iterable[Span]) -> Line:
    """Return a line in which neighbours of one style are one span."""
    line: list[Span] = []
    for span in spans:
        if line and line[-1].style == span.style:
            line[-1] = Span(line[-1].text + span.text, span.style)
        else:
            line.append(span)
    return tuple(line)
