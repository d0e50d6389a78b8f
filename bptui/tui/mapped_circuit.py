"""The circuit as a map: how large what reaches each node is, and what was found about it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from textual.geometry import Offset, Size

from bptui.circuit import Folding, Room, Scale, Window
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.text import number
from bptui.lines.cell_width import cells
from bptui.lines.line import Line
from bptui.tui.content.circuit_labels import LARGEST_NORM
from bptui.tui.content.circuit_map import Place, grid_for, map_lines, norm_range
from bptui.tui.content.node_signs import CircuitSigns
from layers import Array

SHORTEST_NAME = 5
"""Cells of names that can mostly be told apart; where they would be shorter, composites are folded."""


class MappedCircuit:
    """The nodes of a graph in a grid made for ``room``; of more than fit, those around the current one."""

    scale = Scale.MAP
    fits = True

    def __init__(self, folding: Folding, room: Room) -> None:
        self.folding = folding
        self.names = [node.name for node in folding.graph.nodes]
        self.grid = grid_for(self.names, *room)
        self.first = 0
        self.norms: dict[int, tuple[Array, float]] = {}
        self.seen: Sequence[Place] = ()

    @property
    def is_legible(self) -> bool:
        """Whether names are long enough to be told apart."""
        longest = max(map(cells, self.names), default=0)
        return self.grid.name_width >= min(SHORTEST_NAME, longest)

    @property
    def size(self) -> Size:
        """How large the map is."""
        return Size(min(len(self.names), self.grid.columns) * self.grid.cell, self.grid.height)

    def about(self, moment: Moment) -> str:
        """Return in words what the bars are, and from where to where they go."""
        count = len(self.names)
        room = self.grid.columns * self.grid.bands
        all_of_them = (
            f"{count:,} nodes" if not self.folding.home else f"{count:,} for {len(moment.graph.nodes):,} nodes"
        )
        which = all_of_them if count <= room else f"nodes {self.first + 1:,}-{self.first + room:,} of {count:,}"
        what = "‖dout‖" if moment.pass_ is not Pass.FORWARD else "‖out‖"
        low, high = norm_range(self.seen)
        extent = f" ▁ {number(low, 2)} █ {number(high, 2)}" if low < high else ""
        return f"map · {which} · {what}{extent}"

    def followed(self, window: Window, name: str | None) -> Window:
        """Turn to the nodes around ``name``; the map itself is never scrolled."""
        node = self.folding.graph.node_index(self.folding.visible_box(name)) if name else 0
        if node is not None:
            self.first = self.grid.first(len(self.names), node)
        return window._replace(x=0, y=0)

    def bounded(self, window: Window) -> Window:
        """Return the window where it is: all of the map is in sight."""
        return window._replace(x=0, y=0)

    def lines(self, window: Window, selected: str | None, signs: CircuitSigns) -> Sequence[Line]:
        """Return the map at the moment of the ``signs``."""
        moment = signs.moment
        names = self.names[self.first : self.first + self.grid.columns * self.grid.bands]
        self.seen = [Place(name, self.norm(moment, name), self.marked(name, signs)) for name in names]
        current = self.folding.visible_box(moment.name) if moment.name else None
        shown = self.folding.visible_box(selected) if selected else None
        return map_lines(self.seen, current, shown, self.grid)[: window.height]

    def marked(self, name: str, signs: CircuitSigns) -> str:
        """Return the signs at all values that a node of the map stands for."""
        return signs.of_box(self.values_at(name)).text

    def values_at(self, name: str) -> Iterator[str]:
        """Yield the values that a node of the map stands for, all its outputs among them."""
        node = self.folding.graph.node(name)
        for output in node.outputs if node else (name,):
            yield from self.folding.values_in(output)

    def norm(self, moment: Moment, name: str) -> float | None:
        """Return the norm of what has reached a node: its value, or after the forward pass its gradient.

        Several outputs count together, as far as they are there.
        """
        node, look = moment.graph.node(name), moment.value if moment.pass_ is Pass.FORWARD else moment.gradient
        norms = [self.array_norm(look(it)) for it in (node.outputs if node else (name,))]
        known = [it for it in norms if it is not None]
        return math.hypot(*known) if known else None

    def array_norm(self, array: Array | None) -> float | None:
        """Return the norm of an array that is not too large, found once; None of one that is, or is not there."""
        if array is None or array.size > LARGEST_NORM or array.dtype.kind != "f":
            return None
        if not array.ndim:
            return abs(float(array))
        kept = self.norms.get(id(array))
        if kept is None or kept[0] is not array:
            kept = self.norms[id(array)] = (array, float(np.sqrt(np.vdot(array, array))))
        return kept[1]

    def name_at(self, place: Offset) -> str | None:
        """Return the node that stands there."""
        index = self.first + self.grid.index_at(*place)
        return self.names[index] if min(place) >= 0 and index < len(self.names) else None

    def neighbour(self, name: str, columns: int, rows: int) -> str | None:
        """Return the node that stands beside another, above it or below; of a leaf, the first node."""
        shown = self.folding.visible_box(name)
        if shown not in self.names:
            return self.names[0]
        sideways, down = (columns > 0) - (columns < 0), (rows > 0) - (rows < 0)
        index = self.names.index(shown) + sideways + down * self.grid.columns
        return self.names[index] if 0 <= index < len(self.names) else None

    def prefetch(self) -> None:
        """Do nothing: there are no other sheets."""
