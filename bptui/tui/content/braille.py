"""A canvas of braille dots: two by four to a cell, so that a curve is smooth in text."""

from __future__ import annotations

import numpy as np

from bptui.lines.line import Line, Span, joined
from layers import Array

DOTS = np.array(((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80)))
"""The bit of each dot of a braille character, by row and column."""

Point = tuple[float, float]


class BrailleCanvas:
    """Cells of 2 × 4 dots over a range of x and y, and signs on top of them."""

    def __init__(self, width: int, height: int, low: Point, high: Point) -> None:
        self.width, self.height = width, height
        self.low, self.high = low, high
        self.dots = np.zeros((height, width), dtype=int)
        self.styles = [[""] * width for _ in range(height)]
        self.signs: dict[tuple[int, int], Span] = {}
        self.axes: dict[tuple[int, int], str] = {}

    def dots_at(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return the rows and columns of the dots, from the top left, of the points that lie within."""
        columns = np.rint((x - self.low[0]) * ((self.width * 2 - 1) / (self.high[0] - self.low[0])))
        rows = np.rint((self.high[1] - y) * ((self.height * 4 - 1) / (self.high[1] - self.low[1])))
        seen = (columns >= 0) & (columns < self.width * 2) & (rows >= 0) & (rows < self.height * 4)
        return rows[seen].astype(int), columns[seen].astype(int)

    def draw(self, x: Array, y: Array, style: str) -> None:
        """Draw dots; what is drawn later gives its style to a cell that both share."""
        rows, columns = self.dots_at(x, y)
        np.bitwise_or.at(self.dots, (rows // 4, columns // 2), DOTS[rows % 4, columns % 2])
        for row, column in zip((rows // 4).tolist(), (columns // 2).tolist(), strict=True):
            self.styles[row][column] = style

    def sign(self, x: float, y: float, span: Span) -> None:
        """Put a character on the cell of a point."""
        rows, columns = self.dots_at(np.array([x]), np.array([y]))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            self.signs[row // 4, column // 2] = span

    def draw_axes(self) -> None:
        """Draw the axes, where 0 is in sight, beneath everything else."""
        middle_x, middle_y = ((low + high) / 2 for low, high in zip(self.low, self.high, strict=True))
        for row in self.dots_at(np.array([middle_x]), np.zeros(1))[0].tolist():
            self.axes |= {(row // 4, column): "╌" for column in range(self.width)}
        for column in self.dots_at(np.zeros(1), np.array([middle_y]))[1].tolist():
            self.axes |= {(row, column // 2): "┆" for row in range(self.height)}

    def row(self, row: int) -> Line:
        """Return one row of cells: signs before dots before axes before nothing."""
        dots = self.dots[row].tolist()
        texts = [chr(0x2800 + it) if it else self.axes.get((row, at), " ") for at, it in enumerate(dots)]
        styles = [style if it else "wire" for style, it in zip(self.styles[row], dots, strict=True)]
        for (line, column), (sign, style) in self.signs.items():
            if line == row:
                texts[column], styles[column] = sign, style
        return joined(texts, styles)
