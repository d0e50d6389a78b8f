"""A graph cut into sheets, as the schematic of a large circuit is: about forty nodes each, in forward order."""

from __future__ import annotations

from bisect import bisect_left

from bptui.circuit.part import Uses
from bptui.core.graph import Graph, Use

LARGEST_SHEET = 80
"""So many nodes still fit on one sheet; with their leaves it is laid out in some 30 ms."""

NODES_A_SHEET = 40


class Cuts:
    """Which sheet each value has its box on, and which uses of a value are on a sheet."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes = len(graph.nodes)
        self.sheets = 1 if self.nodes <= LARGEST_SHEET else -(-self.nodes // NODES_A_SHEET)

    def span(self, sheet: int) -> range:
        """Return the nodes of a sheet, by index; all sheets are of nearly equal size."""
        return range(self.nodes * sheet // self.sheets, self.nodes * (sheet + 1) // self.sheets)

    def sheet_of_node(self, node: int) -> int:
        """Return the sheet whose span has the node."""
        return ((node + 1) * self.sheets - 1) // self.nodes

    def sheet_of(self, slot: int) -> int:
        """Return the sheet of a value's own box: a node's, and for a leaf the one where it is first used."""
        node = self.graph.node_at(slot)
        if node is not None:
            return self.sheet_of_node(node)
        uses = self.graph.uses[slot]
        return self.sheet_of_node(uses[0].node) if uses else 0

    def uses(self, slot: int, sheet: int) -> tuple[Uses, Uses]:
        """Return the uses of a value by the nodes of ``sheet``, and those by others."""
        uses, span = self.graph.uses[slot], self.span(sheet)
        first, last = bisect_left(uses, Use(span.start, 0)), bisect_left(uses, Use(span.stop, 0))
        return uses[first:last], uses[:first] + uses[last:]
