"""Cells to draw on: wires join where their pieces meet, and text covers what it is written on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeAlias

UP, RIGHT, DOWN, LEFT = 8, 4, 2, 1

WIRES = {
    LEFT: "─",
    RIGHT: "─",
    LEFT | RIGHT: "─",
    UP: "│",
    DOWN: "│",
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

HEAVY = str.maketrans("─│┌┐└┘├┤┬┴┼", "━┃┏┓┗┛┣┫┳┻╋")
"""The same, drawn heavily."""

OVER = {"─": "┿", "│": "╂"}
"""A heavy wire where it runs over a light one."""

Sides: TypeAlias = "dict[tuple[int, int], int]"
"""For each cell, by x and y, the sides on which a wire leaves it."""


DrawnRow: TypeAlias = "tuple[tuple[str, ...], tuple[str, ...]]"
"""The cells of one row and their styles; the second cell of a wide character is empty."""

WirePieces: TypeAlias = "tuple[tuple[int, str], ...]"
"""The cells of a wire in one row, each with its column."""


class Canvas:
    """A drawing that grows where it is drawn on, upwards too. Each wire belongs to a net."""

    def __init__(self) -> None:
        self.wires: defaultdict[int, Sides] = defaultdict(dict)
        self.texts: dict[tuple[int, int], tuple[str, str]] = {}

    def horizontal(self, net: int, y: int, left: int, right: int) -> None:
        """Draw a wire along a row, both ends included."""
        sides = self.wires[net]
        if left < right:
            sides[left, y] = sides.get((left, y), 0) | RIGHT
            sides[right, y] = sides.get((right, y), 0) | LEFT
        for x in range(left + 1, right):
            sides[x, y] = sides.get((x, y), 0) | LEFT | RIGHT

    def vertical(self, net: int, x: int, top: int, bottom: int) -> None:
        """Draw a wire along a column, both ends included."""
        sides = self.wires[net]
        if top < bottom:
            sides[x, top] = sides.get((x, top), 0) | DOWN
            sides[x, bottom] = sides.get((x, bottom), 0) | UP
        for y in range(top + 1, bottom):
            sides[x, y] = sides.get((x, y), 0) | UP | DOWN

    def write(self, x: int, y: int, cells: Sequence[str], style: str) -> None:
        """Write ``cells`` from (x, y) to the right."""
        for offset, cell in enumerate(cells):
            self.texts[x + offset, y] = (cell, style)

    def joined(self) -> Sides:
        """Return the sides of all wires together."""
        joined: Sides = {}
        for wire in self.wires.values():
            for cell, sides in wire.items():
                joined[cell] = joined.get(cell, 0) | sides
        return joined

    def rows(self, top: int, width: int, height: int) -> tuple[DrawnRow, ...]:
        """Return each row from ``top`` on as its cells and their styles."""
        characters = [[" "] * width for _ in range(height)]
        styles = [[""] * width for _ in range(height)]
        for (x, y), sides in self.joined().items():
            characters[y - top][x] = WIRES[sides]
            styles[y - top][x] = "wire"
        for (x, y), (cell, style) in self.texts.items():
            characters[y - top][x] = cell
            styles[y - top][x] = style
        return tuple((tuple(cells), tuple(kinds)) for cells, kinds in zip(characters, styles, strict=True))

    def heavy(self, top: int, height: int) -> tuple[dict[int, WirePieces], ...]:
        """Return, for each row from ``top`` on, each net's wire as it looks drawn heavily."""
        rows: list[dict[int, list[tuple[int, str]]]] = [{} for _ in range(height)]
        joined = self.joined()
        for net, wire in self.wires.items():
            for (x, y), sides in wire.items():
                if (x, y) in self.texts:
                    continue
                piece = WIRES[sides].translate(HEAVY) if sides == joined[x, y] else OVER[WIRES[sides]]
                rows[y - top].setdefault(net, []).append((x, piece))
        return tuple({net: tuple(pieces) for net, pieces in row.items()} for row in rows)
