"""The parts of one sheet: its nodes, the leaves first used on it, and the ends of wires from and to other sheets.

A value that comes from another sheet enters at an inlet, and one that others use leaves at an outlet. A value
with more than ``MOST_WIRES`` uses on one sheet is treated alike there, as its wires would hide the rest: its
outlet says how often it is used, and each consumer has an inlet of its own beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from bptui.circuit.part import Part, Uses
from bptui.circuit.sheet_cuts import Cuts
from bptui.core.graph import Node, Use
from bptui.core.text import visible
from bptui.lines.cell_width import cut_middle

Caption: TypeAlias = Callable[[Node], str]
"""What is written in a node's box above its name: its layer, or the sign a person writes for it."""

MOST_WIRES = 8
MOST_TARGETS = 3
LONGEST_NAME = 20


class SheetBuilder:
    """Collects the parts of one sheet, each after those that feed it; costs the sheet's size, not the graph's."""

    def __init__(self, cuts: Cuts, sheet: int, caption: Caption) -> None:
        self.cuts = cuts
        self.graph = cuts.graph
        self.sheet = sheet
        self.caption = caption
        self.parts: list[Part] = []
        self.homes: dict[int, int] = {}
        self.inlets: dict[tuple[int, int | None], int] = {}

    def build(self) -> list[Part]:
        """Return the parts of the sheet."""
        for node in self.cuts.span(self.sheet):
            self.add_node(node)
        if self.sheet == 0:
            for slot, uses in enumerate(self.graph.uses[: len(self.graph.leaves)]):
                if not uses:
                    self.add_leaf(slot)
        for slot in list(self.homes):
            self.add_outlet(slot)
        return self.parts

    def add_node(self, index: int) -> None:
        """Add a node, and before it the leaves and inlets that it needs."""
        node, slots = self.graph.nodes[index], self.graph.edges[index]
        inputs = tuple([self.source(slot, index) for slot in slots])
        shares = [
            self.share(source, slot, (Use(index, position),))
            for position, (source, slot) in enumerate(zip(inputs, slots, strict=True))
        ]
        lines = (self.written(self.caption(node)), self.written(node.name))
        slot, *others = self.graph.slots_of(index)
        home = self.homes[slot] = len(self.parts)
        self.parts.append(Part(node.name, "node", lines, inputs, shares))
        for slot in others:
            name = self.graph.names[slot]
            self.homes[slot] = len(self.parts)
            self.parts.append(Part(name, "output", (self.written(name),), (home,), (None,)))

    def source(self, slot: int, consumer: int) -> int:
        """Return the part from which ``consumer`` gets a value, added where it is new."""
        is_crowded = self.is_crowded(slot)
        if self.cuts.sheet_of(slot) == self.sheet:
            if slot not in self.homes:
                self.add_leaf(slot)
            if not is_crowded:
                return self.homes[slot]
        key = (slot, consumer if is_crowded else None)
        if key not in self.inlets:
            self.inlets[key] = len(self.parts)
            self.add_inlet(*key)
        return self.inlets[key]

    def add_leaf(self, slot: int) -> None:
        """Add a leaf's own box."""
        name = self.graph.names[slot]
        self.homes[slot] = len(self.parts)
        self.parts.append(Part(name, "leaf", (self.written(name),)))

    def add_inlet(self, slot: int, consumer: int | None) -> None:
        """Add a box that brings in a value, for one consumer or for all; its gradient is what they give back."""
        name = self.graph.names[slot]
        here, _ = self.cuts.uses(slot, self.sheet)
        uses = tuple([use for use in here if consumer in {None, use.node}])
        home = self.cuts.sheet_of(slot)
        origin = "" if home == self.sheet else f"{home + 1} "
        after = (self.homes[slot],) if home == self.sheet else ()
        self.parts.append(Part(name, "inlet", (f"{origin}→ {self.written(name)}",), gradient=uses, after=after))

    def add_outlet(self, slot: int) -> None:
        """Add a box that takes a value to the uses that no wire from its own box leads to, if there are any."""
        here, elsewhere = self.cuts.uses(slot, self.sheet)
        repeated = len(here) if self.is_crowded(slot) else 0
        uses = self.graph.uses[slot] if repeated else elsewhere
        if uses:
            line = self.targets(repeated, elsewhere)
            source = self.homes[slot]
            shares = (self.share(source, slot, uses),)
            self.parts.append(Part(self.graph.names[slot], "outlet", (line,), (source,), shares))

    def targets(self, repeated: int, elsewhere: Iterable[Use]) -> str:
        """Return where an outlet leads: how many ports on this sheet, and which others, counted from 1."""
        sheets = sorted({self.cuts.sheet_of_node(use.node) + 1 for use in elsewhere})
        more = ["…"] if len(sheets) > MOST_TARGETS else []
        here = [f"{repeated}×"] if repeated else []
        return "→ " + ", ".join([*here, *map(str, sheets[:MOST_TARGETS]), *more])

    def share(self, source: int, slot: int, uses: Uses) -> Uses | None:
        """Return ``uses`` if what they contribute is not all that is written at the source, and so worth writing."""
        summed = self.parts[source].gradient
        if summed is None:
            is_all = len(uses) == len(self.graph.uses[slot]) and self.graph.names[slot] != self.graph.output
        else:
            is_all = len(uses) == len(summed)
        return None if is_all else uses

    def is_crowded(self, slot: int) -> bool:
        """Tell whether a value has too many uses on this sheet for a wire to each."""
        here, _ = self.cuts.uses(slot, self.sheet)
        return len(here) > MOST_WIRES

    def written(self, text: str) -> str:
        """Return ``text`` as it fits into a box."""
        return cut_middle(visible(text), LONGEST_NAME)
