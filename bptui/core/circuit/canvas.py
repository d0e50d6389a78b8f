"""Cells to draw on: wires join where their pieces meet, and text covers what it is written on."""

from __future__ import annotations

from collections.abc import Sequence

UP, RIGHT, DOWN, LEFT = 8, 4, 2, 1

WIRES = {
    LEFT: "─",
    RIGHT: "─",
    UP: "│",
    DOWN: "│",
    LEFT | RIGHT: "─",
    UP | DOWN: "│",
    RIGHT | DOWN: "┌",
    LEFT | DOWN: "┐",
    UP | RIGHT: "└",
    UP | LEFT: "┘",
    UP | RIGHT | DOWN: "├",
    UP | LEFT | DOWN: "┤",
    RIGHT | LEFT | DOWN: "┬",
    UP | RIGHT | LEFT: "┴",
    UP | RIGHT | DOWN | LEFT: "┼",
}
"""The character for the sides on which a wire leaves a cell; ┼ is two wires, one running over the other."""


class Canvas:
    """A drawing that grows where it is drawn on, upwards too."""

    def __init__(self) -> None:
        self.wires: dict[tuple[int, int], int] = {}
        self.texts: dict[tuple[int, int], tuple[str, str]] = {}

    def horizontal(self, y: int, left: int, right: int) -> None:
        """Draw a wire along a row, both ends included."""
        if left == right:
            self.wires.setdefault((left, y), 0)
        for x in range(left, right):
            self.add(x, y, RIGHT)
            self.add(x + 1, y, LEFT)

    def vertical(self, x: int, top: int, bottom: int) -> None:
        """Draw a wire along a column, both ends included."""
        for y in range(top, bottom):
            self.add(x, y, DOWN)
            self.add(x, y + 1, UP)

    def add(self, x: int, y: int, side: int) -> None:
        self.wires[x, y] = self.wires.get((x, y), 0) | side

    def write(self, x: int, y: int, cells: Sequence[str], style: str) -> None:
        """Write ``cells`` from (x, y) to the right."""
        for offset, cell in enumerate(cells):
            self.texts[x + offset, y] = (cell, style)

    def top(self) -> int:
        """Return the first row on which something is drawn."""
        return min((y for _, y in (*self.wires, *self.texts)), default=0)

    def rows(self, top: int, width: int, height: int) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        """Return each row from ``top`` on as its cells and their styles."""
        characters = [[" "] * width for _ in range(height)]
        styles = [[""] * width for _ in range(height)]
        for (x, y), sides in self.wires.items():
            characters[y - top][x] = WIRES.get(sides, "─")
            styles[y - top][x] = "wire"
        for (x, y), (cell, style) in self.texts.items():
            characters[y - top][x] = cell
            styles[y - top][x] = style
        return tuple((tuple(cells), tuple(kinds)) for cells, kinds in zip(characters, styles, strict=True))
