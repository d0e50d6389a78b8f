"""A graph as the drawings of its sheets, each laid out when it is first looked at."""

from __future__ import annotations

from bptui.circuit.drawing import Drawing
from bptui.circuit.layout import Room, draw
from bptui.circuit.scale import Scale
from bptui.circuit.sheet import Caption, SheetBuilder
from bptui.circuit.sheet_cuts import Cuts
from bptui.core.graph import Graph, Node

MOST_KEPT = 16
"""Drawings kept; another one takes some 10 ms."""

NARROWEST_BOX = 5
"""Cells of a node's box with a name of one character."""


def layer_name(node: Node) -> str:
    """Return the name of the node's layer."""
    return node.layer


def least_width(graph: Graph, label_width: int) -> int:
    """Return a width below which no drawing of ``graph`` with labels of ``label_width`` cells can be.

    That is the longest way through it, each node with its box, a label and an arrow.
    """
    depths = [0] * len(graph.names)
    for node, slots in enumerate(graph.edges):
        depth = 1 + max((depths[slot] for slot in slots), default=0)
        for slot in graph.slots_of(node):
            depths[slot] = depth
    return max(depths, default=0) * (NARROWEST_BOX + label_width + 2)


class Circuit:
    """The drawings of ``graph``. Its length is the number of sheets, which count from 0.

    ``label_width`` is how many cells each number at a wire has at the most, and ``narrowest_label`` at the least;
    at the scale of boxes no numbers are drawn.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        scale: Scale = Scale.WHOLE,
        caption: Caption = layer_name,
        label_width: int = 9,
        narrowest_label: int = 6,
    ) -> None:
        self.graph = graph
        self.scale = scale
        self.cuts = Cuts(graph)
        self.caption = caption
        self.label_widths = (0, 0) if scale is Scale.BOXES else (min(narrowest_label, label_width), label_width)
        self.kept: dict[tuple[int, Room | None], Drawing] = {}

    def __len__(self) -> int:
        return self.cuts.sheets

    def sheet_of(self, name: str) -> int:
        """Return the sheet with the box of ``name``; a leaf's stands where it is first used."""
        return self.cuts.sheet_of(self.graph.slots[name])

    def drawing(self, sheet: int, room: Room | None = None) -> Drawing:
        """Return the drawing of a sheet, made for ``room`` if it can be; those looked at last are kept."""
        drawing = self.kept.pop((sheet, room), None) or self.draw(sheet, room)
        self.kept[sheet, room] = drawing
        if len(self.kept) > MOST_KEPT:
            del self.kept[next(iter(self.kept))]
        return drawing

    def draw(self, sheet: int, room: Room | None) -> Drawing:
        """Lay out a sheet anew."""
        parts = SheetBuilder(self.cuts, sheet, self.caption).build()
        if self.scale is Scale.BOXES:
            parts = [part.name_alone for part in parts]
        return draw(parts, label_widths=self.label_widths, room=room)
