"""Columns of a circuit: every part one column to the right of what feeds it, long wires as passages between.

A *station* is what stands in a column: a part, known by its index, or a *passage*, where a wire goes through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import NamedTuple

from bptui.circuit.part import Part
from bptui.deferred_dataclass import dataclass


class Link(NamedTuple):
    """A wire's end at a port of a station in the next column."""

    station: int
    port: int


@dataclass(eq=False, slots=True)
class StationGrid:
    """The stations by column, and the wires between neighbouring columns.

    A value has at most one passage in a column, however many consumers lie beyond: its wire forks late.
    ``nets`` has, for each station, the part whose value leaves it.
    """

    parts: Sequence[Part]
    columns: list[list[int]]
    nets: list[int]
    feeds: list[list[int]] = field(default_factory=list)
    links: list[list[Link]] = field(default_factory=list)

    def is_passage(self, station: int) -> bool:
        """Tell whether ``station`` is a wire going through, and not a part."""
        return station >= len(self.parts)

    def is_flat(self, station: int) -> bool:
        """Tell whether ``station`` is a mere row: a passage, or a name without a frame."""
        return self.is_passage(station) or not self.parts[station].is_framed

    def bottom(self, tops: Sequence[int]) -> int:
        """Return the first row below all stations, of which ``tops`` has the first rows."""
        return max((top + self.height(station) for station, top in enumerate(tops)), default=0)

    def height(self, station: int) -> int:
        """Return how many rows it takes."""
        return 1 if self.is_passage(station) else self.parts[station].height

    def out(self, station: int) -> int:
        """Return the row of its output, from its top."""
        return 0 if self.is_passage(station) else self.parts[station].out

    def port(self, link: Link) -> int:
        """Return the row of a port, from the top of its station."""
        return 0 if self.is_passage(link.station) else self.parts[link.station].ports[link.port]

    def connect(self, source: int, target: int) -> None:
        """Draw a wire from ``source`` to the next port of ``target``."""
        self.links[source].append(Link(target, len(self.feeds[target])))
        self.feeds[target].append(source)


def build_grid(parts: Sequence[Part]) -> StationGrid:
    """Return the columns of ``parts``, each of which comes after those that feed it."""
    column = assign_columns(parts)
    columns: list[list[int]] = [[] for _ in range(max(column, default=-1) + 1)]
    for index, place in enumerate(column):
        columns[place].append(index)
    count = len(parts)
    grid = StationGrid(parts, columns, list(range(count)), [[] for _ in parts], [[] for _ in parts])
    passages: dict[tuple[int, int], int] = {}
    for index, part in enumerate(parts):
        for source in part.inputs:
            before = source
            for place in range(column[source] + 1, column[index]):
                if (source, place) not in passages:
                    passages[source, place] = add_passage(grid, before, place)
                before = passages[source, place]
            grid.connect(before, index)
    return grid


def add_passage(grid: StationGrid, before: int, place: int) -> int:
    """Lead the wire of ``before`` through the column ``place`` and return the new station."""
    station = len(grid.nets)
    grid.nets.append(grid.nets[before])
    grid.feeds.append([])
    grid.links.append([])
    grid.columns[place].append(station)
    grid.connect(before, station)
    return station


def assign_columns(parts: Sequence[Part]) -> list[int]:
    """Return each part's column: the longest path to it, or further right.

    What nothing but leaves and inlets leads to stands just before its first consumer, where its wires are short.
    """
    earliest: list[int] = []
    is_loose: list[bool] = []
    for part in parts:
        earliest.append(1 + max((earliest[source] for source in part.inputs + part.after), default=-1))
        is_loose.append(all(is_loose[source] for source in part.inputs))
    column, limit = earliest[:], [len(parts)] * len(parts)
    for index in reversed(range(len(parts))):
        part = parts[index]
        if is_loose[index] and limit[index] < len(parts):
            column[index] = limit[index]
        for source in part.inputs + part.after:
            limit[source] = min(limit[source], column[index] - 1)
    return column
