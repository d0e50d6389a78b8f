"""The rows of stations: as many wires straight as the order in the columns allows.

Each column is placed by pool-adjacent-violators for medians (Best and Chakravarti 1990): of all placements
that keep order and distances, it is the one with the least sum of the wires' vertical lengths.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bptui.circuit.column_assignment import Link, StationGrid

SWEEPS = 6


class Wish(NamedTuple):
    """A row at which one wire would be straight, and how much that matters."""

    row: int
    weight: int


def assign_rows(grid: StationGrid, *, gap: int = 1) -> list[int]:
    """Return the top row of every station; the least of them is 0. Framed parts stand ``gap`` rows apart."""
    placing = Placing(grid, gap)
    for sweep in range(SWEEPS):
        last = sweep >= SWEEPS - 2
        for column in grid.columns:
            placing.place(column, left=True, right=last)
        for column in reversed(grid.columns):
            placing.place(column, left=last, right=True)
    least = min(placing.top, default=0)
    return [row - least for row in placing.top]


def squeezed(grid: StationGrid, tops: Sequence[int], height: int) -> list[int]:
    """Return the top rows moved up as far as it takes to end above row ``height``, as far as the columns can."""
    rows = max([height, *(packed_height(grid, column) for column in grid.columns)])
    moved = list(tops)
    for column in grid.columns:
        limit = rows
        for station in reversed(column):
            limit -= grid.height(station)
            moved[station] = min(moved[station], limit)
            limit = moved[station]
    return moved


def packed_height(grid: StationGrid, column: Sequence[int]) -> int:
    """Return the rows that the stations of a column take one right below the other."""
    return sum(grid.height(station) for station in column)


class Placing:
    """The top row of every station as it stands at the moment."""

    def __init__(self, grid: StationGrid, gap: int) -> None:
        self.grid = grid
        self.rows_between = gap
        self.top = [0] * len(grid.nets)
        for column in grid.columns:
            for station, offset in zip(column, self.offsets(column), strict=True):
                self.top[station] = offset

    def offsets(self, column: list[int]) -> list[int]:
        """Return the top rows of ``column`` when it is packed as closely as may be."""
        offsets: list[int] = []
        bottom = 0
        for upper, station in zip([None, *column[:-1]], column, strict=True):
            bottom += 0 if upper is None else self.gap(upper, station)
            offsets.append(bottom)
            bottom += self.grid.height(station)
        return offsets

    def gap(self, upper: int, lower: int) -> int:
        """Rows left empty between two neighbours: passages run side by side."""
        both = (upper, lower)
        return 0 if all(map(self.grid.is_flat, both)) else self.rows_between

    def place(self, column: list[int], *, left: bool, right: bool) -> None:
        """Move the stations of ``column`` to where their wires to the ``left`` and ``right`` are shortest."""
        offsets = self.offsets(column)
        blocks: list[tuple[int, list[Wish], int]] = []
        for station, offset in zip(column, offsets, strict=True):
            wishes = [Wish(wish.row - offset, wish.weight) for wish in self.wishes(station, left=left, right=right)]
            block = (median(wishes), wishes, 1)
            while blocks and blocks[-1][0] > block[0]:
                _, earlier, count = blocks.pop()
                together = earlier + block[1]
                block = (median(together), together, count + block[2])
            blocks.append(block)
        rows = [row for row, _, count in blocks for _ in range(count)]
        for station, row, offset in zip(column, rows, offsets, strict=True):
            self.top[station] = row + offset

    def wishes(self, station: int, *, left: bool, right: bool) -> list[Wish]:
        """Return the top rows at which the wires of ``station`` would be straight."""
        wishes = []
        if left:
            for port, source in enumerate(self.grid.feeds[station]):
                wishes.append(self.straight(source, Link(station, port), moving=station))
        if right:
            wishes += [self.straight(station, link, moving=station) for link in self.grid.links[station]]
        return wishes or [Wish(self.top[station], 1)]

    def straight(self, source: int, link: Link, *, moving: int) -> Wish:
        """Return the top row of ``moving``, either end of the wire, that makes it straight."""
        drop = self.grid.out(source) - self.grid.port(link)
        row = self.top[source] + drop if moving == link.station else self.top[link.station] - drop
        is_only_one = len(self.grid.feeds[link.station]) == 1
        return Wish(row, self.weight(source) * self.weight(link.station) * (2 if is_only_one else 1))

    def weight(self, station: int) -> int:
        """Return how much a straight wire matters there: the way through the nodes before that of a leaf."""
        if self.grid.is_passage(station):
            return 4
        return 3 if self.grid.parts[station].kind == "node" else 1


def median(wishes: list[Wish]) -> int:
    """Return the least row at which half of the weight is reached."""
    ordered = sorted(wishes)
    half = sum(wish.weight for wish in ordered) / 2
    for wish in ordered:
        half -= wish.weight
        if half <= 0:
            return wish.row
    return ordered[-1].row
