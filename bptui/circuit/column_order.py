"""The order of stations within their columns: barycentre sweeps and swaps of neighbours, until few wires cross.

Sugiyama, Tagawa and Toda (1981), with the swaps of Gansner et al. (1993).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable

from bptui.circuit.column_assignment import Link, StationGrid

SWEEPS = 8


def order_columns(grid: StationGrid) -> None:
    """Sort each column of ``grid`` so that few wires cross."""
    places = ColumnPlaces(grid)
    best, fewest = copy(grid.columns), places.crossings()
    for sweep in range(SWEEPS):
        if not fewest:
            break
        places.sweep(rightwards=sweep % 2 == 0)
        places.swap_neighbours()
        crossings = places.crossings()
        if crossings < fewest:
            best, fewest = copy(grid.columns), crossings
    grid.columns[:] = best


def copy(columns: list[list[int]]) -> list[list[int]]:
    """Return the columns as they stand, untouched by later swaps."""
    return [column[:] for column in columns]


class ColumnPlaces:
    """Where each station stands in its column at the moment, from 0 at the top to 1 at the bottom."""

    def __init__(self, grid: StationGrid) -> None:
        self.grid = grid
        self.place = [0.0] * len(grid.nets)
        for column in grid.columns:
            self.number(column)

    def number(self, column: list[int]) -> None:
        """Take note of where the stations of ``column`` stand."""
        for index, station in enumerate(column):
            self.place[station] = (index + 0.5) / len(column)

    def end(self, link: Link) -> float:
        """Return where a wire ends: ports lie one under the other within their station's place."""
        column_share = 1e-4  # less than the distance of any two stations, so that ports never mix
        return self.place[link.station] + link.port * column_share / len(self.grid.feeds[link.station])

    def sweep(self, *, rightwards: bool) -> None:
        """Sort column after column by the mean place of what feeds it, or leftwards of what it feeds."""
        columns = self.grid.columns if rightwards else reversed(self.grid.columns)
        for column in columns:
            keys = {station: self.barycentre(station, rightwards=rightwards) for station in column}
            column.sort(key=keys.__getitem__)
            self.number(column)

    def barycentre(self, station: int, *, rightwards: bool) -> float:
        feeding = [self.place[source] for source in self.grid.feeds[station]]
        fed = [self.end(link) for link in self.grid.links[station]]
        seen = (feeding or fed) if rightwards else (fed or feeding)
        return sum(seen) / len(seen) if seen else self.place[station]

    def swap_neighbours(self) -> None:
        """Swap two neighbours wherever fewer wires cross afterwards."""
        for column in self.grid.columns:
            for index in range(len(column) - 1):
                upper, lower = column[index], column[index + 1]
                if self.crossings_of(lower, upper) < self.crossings_of(upper, lower):
                    column[index], column[index + 1] = lower, upper
            self.number(column)

    def crossings_of(self, upper: int, lower: int) -> int:
        """Count how often the wires of two neighbours cross when they stand in this order."""
        feeds, links, place = self.grid.feeds, self.grid.links, self.place
        left = inversions([place[s] for s in feeds[upper]], [place[s] for s in feeds[lower]])
        return left + inversions(map(self.end, links[upper]), [self.end(link) for link in links[lower]])

    def crossings(self) -> int:
        """Count the crossings in the whole grid."""
        return sum(self.crossings_after(column) for column in self.grid.columns)

    def crossings_after(self, column: list[int]) -> int:
        """Count the crossings between ``column`` and the next one."""
        above: list[float] = []
        count = 0
        for station in sorted(column, key=self.place.__getitem__):
            ends = [self.end(link) for link in self.grid.links[station]]
            count += sum(len(above) - bisect_right(above, end) for end in ends)
            for end in ends:
                insort(above, end)
        return count


def inversions(upper: Iterable[float], lower: list[float]) -> int:
    """Count the pairs that stand the wrong way round."""
    return sum(high > low for high in upper for low in lower)
