"""A graph cut into sheets, as the schematic of a large circuit is: about forty nodes each, in forward order.

On a sheet, a value that comes from another one enters at an inlet, and one that others use leaves at an
outlet. A value with more than ``MOST_WIRES`` uses on one sheet is treated alike there, as its wires would
hide the rest: its outlet says how often it is used, and each consumer has an inlet of its own beside it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import TypeAlias

from bptui.core.circuit.cells import CellLength, shorten
from bptui.core.circuit.draw import draw
from bptui.core.circuit.drawing import Drawing
from bptui.core.circuit.part import Part, Uses
from bptui.core.graph import Graph, Node, Use
from bptui.core.text import visible

Caption: TypeAlias = Callable[[Node], str]
"""What is written in a node's box above its name: its layer, or the sign a person writes for it."""

LARGEST_SHEET = 80
NODES_A_SHEET = 40
MOST_WIRES = 8
LONGEST_NAME = 20
MOST_TARGETS = 3


def layer_name(node: Node) -> str:
    """Return the name of the node's layer."""
    return node.layer


class Circuit:
    """The drawings of ``graph``, sheet by sheet, each made when it is first looked at and kept."""

    def __init__(
        self, graph: Graph, cell_length: CellLength, *, caption: Caption = layer_name, label_width: int = 9
    ) -> None:
        self.graph = graph
        self.cell_length = cell_length
        self.caption = caption
        self.label_width = label_width
        self.cuts = cut(len(graph.nodes))
        self.drawings: dict[int, Drawing] = {}

    def __len__(self) -> int:
        return len(self.cuts)

    def sheet_of(self, name: str) -> int:
        """Return the sheet, from 0, on which the box of ``name`` stands: a leaf's where it is first used."""
        return self.sheet_of_slot(self.graph.slots[name])

    def drawing(self, sheet: int) -> Drawing:
        """Return the drawing of a sheet."""
        if sheet not in self.drawings:
            self.drawings[sheet] = draw(
                SheetBuilder(self, sheet).build(), self.cell_length, label_width=self.label_width
            )
        return self.drawings[sheet]

    def sheet_of_slot(self, slot: int) -> int:
        """Return the sheet of a value's own box."""
        first = slot - len(self.graph.leaves)
        if first >= 0:
            return self.sheet_of_node(first)
        uses = self.graph.uses[slot]
        return self.sheet_of_node(uses[0].node) if uses else 0

    def sheet_of_node(self, node: int) -> int:
        return bisect_left(self.cuts, node + 1, key=lambda span: span.stop)


def cut(count: int) -> list[range]:
    """Return the nodes of each sheet, by index: all on one, or sheets of nearly equal size."""
    sheets = 1 if count <= LARGEST_SHEET else -(-count // NODES_A_SHEET)
    return [range(count * sheet // sheets, count * (sheet + 1) // sheets) for sheet in range(sheets)]


class SheetBuilder:
    """Collects the parts of one sheet, each after those that feed it; costs the sheet's size, not the graph's."""

    def __init__(self, circuit: Circuit, sheet: int) -> None:
        self.circuit = circuit
        self.graph = circuit.graph
        self.sheet = sheet
        self.nodes = circuit.cuts[sheet]
        self.parts: list[Part] = []
        self.homes: dict[int, int] = {}
        self.inlets: dict[tuple[int, int | None], int] = {}

    def build(self) -> list[Part]:
        """Return the parts of the sheet."""
        for node in self.nodes:
            self.add_node(node)
        if self.sheet == 0:
            unused = (slot for slot in range(len(self.graph.leaves)) if not self.graph.uses[slot])
            for slot in unused:
                self.add_home(slot)
        for slot in list(self.homes):
            self.add_outlet(slot)
        return self.parts

    def add_node(self, index: int) -> None:
        """Add a node, and before it the leaves and inlets that it needs."""
        node = self.graph.nodes[index]
        slots = self.graph.edges[index]
        inputs = tuple([self.source(slot, index) for slot in slots])
        shares = [self.share(slot, (Use(index, position),)) for position, slot in enumerate(slots)]
        lines = (self.written(self.circuit.caption(node)), self.written(node.name))
        self.homes[len(self.graph.leaves) + index] = len(self.parts)
        self.parts.append(Part(node.name, "node", lines, inputs, shares))

    def source(self, slot: int, consumer: int) -> int:
        """Return the part from which ``consumer`` gets a value, added where it is new."""
        is_crowded = self.is_crowded(slot)
        if self.circuit.sheet_of_slot(slot) == self.sheet:
            home = self.homes[slot] if slot in self.homes else self.add_home(slot)
            if not is_crowded:
                return home
        key = (slot, consumer if is_crowded else None)
        if key not in self.inlets:
            self.inlets[key] = self.add_inlet(slot, consumer if is_crowded else None)
        return self.inlets[key]

    def add_home(self, slot: int) -> int:
        """Add a leaf's own box."""
        name = self.graph.names[slot]
        self.homes[slot] = len(self.parts)
        self.parts.append(Part(name, "leaf", (self.written(name),)))
        return self.homes[slot]

    def add_inlet(self, slot: int, consumer: int | None) -> int:
        """Add a box that brings in a value from elsewhere; its gradient is what its own wires bring back."""
        name = self.graph.names[slot]
        uses = tuple([use for use in self.uses_here(slot) if consumer in {None, use.node}])
        home = self.circuit.sheet_of_slot(slot)
        after = (self.homes[slot],) if home == self.sheet else ()
        sheet = "" if home == self.sheet else f"{home + 1} "
        self.parts.append(Part(name, "inlet", (f"{sheet}→ {self.written(name)}",), gradient=uses, after=after))
        return len(self.parts) - 1

    def add_outlet(self, slot: int) -> None:
        """Add a box that takes a value to where it is used beside the wires drawn here, if it is."""
        uses = self.uses_outside(slot)
        if uses:
            share = self.share(slot, uses)
            name = self.graph.names[slot]
            self.parts.append(Part(name, "outlet", (self.targets(slot, uses),), (self.homes[slot],), (share,)))

    def targets(self, slot: int, uses: Uses) -> str:
        """Return where the wires of an outlet lead: sheets by number, and the number of inlets on this one."""
        here = len(self.uses_here(slot)) if self.is_crowded(slot) else 0
        sheets = sorted({self.circuit.sheet_of_node(use.node) + 1 for use in uses} - {self.sheet + 1})
        more = ["…"] if len(sheets) > MOST_TARGETS else []
        return "→ " + ", ".join([f"{here}×"] * bool(here) + [*map(str, sheets[:MOST_TARGETS]), *more])

    def share(self, slot: int, uses: Uses) -> Uses | None:
        """Return ``uses`` if their contribution is not the whole gradient at the source, which is worth writing."""
        if self.is_crowded(slot) or self.circuit.sheet_of_slot(slot) != self.sheet:
            whole = self.uses_here(slot)
            if self.is_crowded(slot):
                whole = tuple([use for use in whole if use.node == uses[0].node])
        else:
            whole = self.graph.uses[slot]
        is_output = self.graph.names[slot] == self.graph.output
        return uses if len(whole) > len(uses) or is_output else None

    def is_crowded(self, slot: int) -> bool:
        return len(self.uses_here(slot)) > MOST_WIRES

    def uses_here(self, slot: int) -> Uses:
        """Return the uses of a value by the nodes of this sheet."""
        first, last = self.places_here(slot)
        return self.graph.uses[slot][first:last]

    def uses_outside(self, slot: int) -> Uses:
        """Return the uses of a value to which no wire on this sheet leads from its own box."""
        if self.is_crowded(slot):
            return self.graph.uses[slot]
        first, last = self.places_here(slot)
        return self.graph.uses[slot][:first] + self.graph.uses[slot][last:]

    def places_here(self, slot: int) -> tuple[int, int]:
        uses = self.graph.uses[slot]
        return bisect_left(uses, Use(self.nodes.start, 0)), bisect_left(uses, Use(self.nodes.stop, 0))

    def written(self, text: str) -> str:
        return shorten(visible(text), LONGEST_NAME, self.circuit.cell_length)
