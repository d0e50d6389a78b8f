"""The map of a graph: a name, a bar and a verdict for each node, so that a hundred fit into one pane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from bptui.core.text import visible
from bptui.lines.cell_width import cells, cut_middle
from bptui.lines.line import Line, Span
from bptui.tui.content.node_signs import sign_spans

BARS = "▁▂▃▄▅▆▇█"
LONGEST_NAME = 12
NAME_WIDTHS = (10, 8, 6, 5, 4, 3)
"""Cells of a name, from those that are tried first to the last resort before names are left out."""


class Place(NamedTuple):
    """What the map says of one node: its ``norm``, None where it is not there yet, and its ``signs``."""

    name: str
    norm: float | None
    signs: str = ""


class MapGrid(NamedTuple):
    """How nodes stand: ``columns`` in a band, ``bands`` one below the other, names of ``name_width`` cells or none.

    Between two bands there are ``gap`` empty rows.
    """

    columns: int
    bands: int
    name_width: int
    gap: int = 1

    @property
    def cell(self) -> int:
        """Cells that a node takes along a band."""
        return self.name_width + 2 if self.name_width else 1

    @property
    def rows(self) -> int:
        """Rows that a band takes, the gap after it included."""
        return 2 + bool(self.name_width) + self.gap

    @property
    def height(self) -> int:
        """Rows of all bands."""
        return self.bands * self.rows - self.gap

    def first(self, count: int, current: int) -> int:
        """Return the first of ``count`` nodes in sight: the bands that hold the current one."""
        room = self.columns * self.bands
        if count <= room:
            return 0
        band = max(0, current // self.columns - self.bands // 2)
        return min(band, -(-count // self.columns) - self.bands) * self.columns

    def index_at(self, x: int, y: int) -> int:
        """Return which node in sight stands at a cell."""
        return y // self.rows * self.columns + min(x // self.cell, self.columns - 1)


def grid_for(names: Sequence[str], width: int, height: int) -> MapGrid:
    """Return the grid with the longest names in which all nodes fit, or else the one for as many as may be."""
    longest = min(max(map(cells, names), default=1), LONGEST_NAME)
    for name_width, gap in product((longest, *[it for it in NAME_WIDTHS if it < longest], 0), (1, 0)):
        columns = max(1, width // (name_width + 2 if name_width else 1))
        grid = MapGrid(columns, max(1, -(-len(names) // columns)), name_width, gap)
        if grid.height <= height:
            return grid
    return grid._replace(bands=max(1, height // grid.rows))


def map_lines(places: Sequence[Place], current: str | None, selected: str | None, grid: MapGrid) -> list[Line]:
    """Return the nodes in sight, band after band."""
    extent = norm_range(places)
    lines: list[Line] = []
    for start in range(0, len(places), grid.columns):
        band = places[start : start + grid.columns]
        if start:
            lines += [()] * grid.gap
        if grid.name_width:
            lines.append(tuple([name_span(it, current, selected, grid.name_width) for it in band]))
        lines.append(tuple([bar_span(it, current, grid, extent) for it in band]))
        lines.append(tuple([span for it in band for span in sign_spans(it.signs, grid.cell)]))
    return lines


def norm_range(places: Sequence[Place]) -> tuple[float, float]:
    """Return the least and the largest norm that are neither zero nor infinite; 1 and 1 where there is none."""
    norms = [it.norm for it in places if it.norm and math.isfinite(it.norm)]
    return min(norms, default=1.0), max(norms, default=1.0)


def name_span(place: Place, current: str | None, selected: str | None, width: int) -> Span:
    """Return a node's name in its cell, the current one in brackets; others may be a cell wider."""
    whole = visible(place.name)
    name = cut_middle(whole, width)
    if place.name != current and cells(whole) == width + 1:
        return Span(f" {whole}", "selected" if place.name == selected else "")
    blanks = width - cells(name)
    text = " " * (blanks // 2) + name + " " * (blanks - blanks // 2)
    if place.name == current:
        return Span(f"[{text}]", "current")
    return Span(f" {text} ", "selected" if place.name == selected else "")


def bar_span(place: Place, current: str | None, grid: MapGrid, extent: tuple[float, float]) -> Span:
    """Return a node's norm as a bar on a log scale, in the middle of its cell."""
    style = "gradient"
    if not grid.name_width and place.name == current:
        style = "current"
    if place.norm is None:
        return Span("·".center(grid.cell), "dim" if style == "gradient" else style)
    if not math.isfinite(place.norm):
        return Span("!".center(grid.cell), "error")
    return Span(norm_bar(place.norm, extent).center(grid.cell), style)


def norm_bar(norm: float, extent: tuple[float, float]) -> str:
    """Return the bar of a norm between the least and the largest; 0 is written as such."""
    if not norm:
        return "0"
    low, high = map(math.log10, extent)
    share = (math.log10(norm) - low) / (high - low) if high > low else 0.5
    return BARS[round(share * (len(BARS) - 1))]
