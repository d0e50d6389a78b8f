"""A graph as the drawings of its sheets, each laid out when it is first looked at."""

from __future__ import annotations

from bptui.circuit.drawing import Drawing
from bptui.circuit.layout import draw
from bptui.circuit.sheet import Caption, SheetBuilder
from bptui.circuit.sheet_cuts import Cuts
from bptui.core.graph import Graph, Node

MOST_KEPT = 16
"""Drawings kept; another one takes some 10 ms."""


def layer_name(node: Node) -> str:
    """Return the name of the node's layer."""
    return node.layer


class Circuit:
    """The drawings of ``graph``. Its length is the number of sheets, which count from 0.

    ``label_width`` is how many cells each number at a wire has.
    """

    def __init__(self, graph: Graph, *, caption: Caption = layer_name, label_width: int = 9) -> None:
        self.graph = graph
        self.cuts = Cuts(graph)
        self.caption = caption
        self.label_width = label_width
        self.kept: dict[int, Drawing] = {}

    def __len__(self) -> int:
        return self.cuts.sheets

    def sheet_of(self, name: str) -> int:
        """Return the sheet with the box of ``name``; a leaf's stands where it is first used."""
        return self.cuts.sheet_of(self.graph.slots[name])

    def drawing(self, sheet: int) -> Drawing:
        """Return the drawing of a sheet; those looked at last are kept."""
        drawing = self.kept.pop(sheet, None) or self.draw(sheet)
        self.kept[sheet] = drawing
        if len(self.kept) > MOST_KEPT:
            del self.kept[next(iter(self.kept))]
        return drawing

    def draw(self, sheet: int) -> Drawing:
        """Lay out a sheet anew."""
        parts = SheetBuilder(self.cuts, sheet, self.caption).build()
        return draw(parts, label_width=self.label_width)
