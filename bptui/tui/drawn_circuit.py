"""The circuit as boxes and wires: which sheet is in sight, what is written at its wires, and what stands out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.geometry import Offset, Size

from bptui.circuit import Circuit, Drawing, Folding, Highlight, Label, Painter, Room, Scale, Window
from bptui.core.graph import Graph, Node
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.lines.line import Line, Span
from bptui.lines.signs import PASS_SIGNS
from bptui.tui.content.circuit_labels import LabelTexts, label_widths
from bptui.tui.content.node_signs import CircuitSigns
from layers import library

MOST_LAYERS = 3
"""Layers of a folded composite that are all written; of more, the first and the last."""


class DrawnCircuit:
    """One sheet of a circuit, made for ``room``."""

    def __init__(self, moment: Moment, scale: Scale, folding: Folding, room: Room) -> None:
        least, most = label_widths(moment)
        graph = folding.graph
        self.scale = scale
        self.folding = folding
        captions = partial(folded_caption, moment.graph, folding)
        self.circuit = Circuit(graph, scale=scale, caption=captions, label_width=most, narrowest_label=least)
        self.room = room
        self.texts = LabelTexts(moment)
        self.turn_to(0)

    def turn_to(self, sheet: int) -> None:
        """Show another sheet."""
        self.sheet = sheet
        self.drawing: Drawing = self.circuit.drawing(sheet, self.room)
        self.painter = Painter(self.drawing)

    @property
    def size(self) -> Size:
        """How large the sheet is."""
        return Size(self.drawing.width, self.drawing.height)

    @property
    def fits(self) -> bool:
        """Whether the room shows all of the graph."""
        return len(self.circuit) == 1 and self.size.width <= self.room.width and self.size.height <= self.room.height

    def about(self, moment: Moment) -> str:
        """Return in words what is shown of the graph."""
        parts = [self.scale.value] if self.scale is not Scale.WHOLE else []
        if len(self.folding.graph.nodes) < len(moment.graph.nodes):
            parts.append(f"{len(self.folding.graph.nodes)} for {len(moment.graph.nodes)} nodes")
        if len(self.circuit) > 1:
            parts.append(f"sheet {self.sheet + 1}/{len(self.circuit)}")
        return " · ".join(parts)

    def followed(self, window: Window, name: str | None) -> Window:
        """Turn to the sheet of ``name``, and return the window moved to its box where that is out of sight."""
        shown = self.folding.visible_box(name) if name else None
        sheet = self.circuit.sheet_of(shown) if shown else 0
        if sheet != self.sheet:
            self.turn_to(sheet)
        if shown is None:
            return window.bounded(self.drawing)
        node = self.folding.graph.node(shown)
        return window.bounded(self.drawing).following(self.drawing, shown, node.inputs if node else ())

    def bounded(self, window: Window) -> Window:
        """Return the window moved back over the drawing."""
        return window.bounded(self.drawing)

    def lines(self, window: Window, selected: str | None, signs: CircuitSigns) -> Sequence[Line]:
        """Return what a window shows at the moment of the ``signs``."""
        self.texts.moment = signs.moment
        return self.painter.paint(window, self.text, self.highlight(window, selected, signs))

    def text(self, label: Label) -> Span:
        """Return what is written at a label, whose uses are those of the folded graph."""
        if label.uses is not None:
            label = label._replace(uses=tuple(map(self.folding.use, label.uses)))
        return self.texts(label)

    def highlight(self, window: Window, selected: str | None, signs: CircuitSigns) -> Highlight:
        """Return what stands out: the node at the cursor, and the wires on which the step has put a number."""
        moment = signs.moment
        name = self.folding.visible_box(moment.name) if moment.name else None
        shown = self.folding.visible_box(selected) if selected else None
        marks = {it: signs.of_box(self.folding.values_in(it)).text for it in self.boxes_in(window)}
        if name in marks:
            marks[name] += PASS_SIGNS[moment.pass_]
        wires = moment.changed
        if moment.pass_ is Pass.BACKWARD:
            wires = frozenset(source for source in wires if moment.gradient(source) is not None)
        return Highlight(name, shown if shown != name else None, wires, marks)

    def boxes_in(self, window: Window) -> set[str]:
        """Return the values that have a box in the rows of a window."""
        rows = self.drawing.boxes_by_row[max(0, window.y) : window.y + window.height]
        return {self.drawing.boxes[index].name for row in rows for index in row}

    def name_at(self, place: Offset) -> str | None:
        """Return the value whose box is there."""
        return self.drawing.name_at(*place)

    def neighbour(self, name: str, columns: int, rows: int) -> str | None:
        """Return the value whose box is nearest in a direction, on the next sheet where there is none on this."""
        return self.drawing.neighbour(self.folding.visible_box(name), columns, rows) or self.beyond(columns)

    def beyond(self, columns: int) -> str | None:
        """Return the first node of the sheet to the right or left, if there is one."""
        sheet = self.sheet + (columns > 0) - (columns < 0)
        if sheet == self.sheet or not 0 <= sheet < len(self.circuit):
            return None
        boxes = [box for box in self.circuit.drawing(sheet, self.room).boxes if box.kind == "node"]
        return min(boxes, key=lambda box: box.x * columns).name

    def prefetch(self) -> None:
        """Draw the neighbouring sheets, so that turning to them costs no more than a step."""
        for sheet in (self.sheet - 1, self.sheet + 1):
            if 0 <= sheet < len(self.circuit):
                self.circuit.drawing(sheet, self.room)


def folded_caption(graph: Graph, folding: Folding, node: Node) -> str:
    """Return what is written for a node's layer: of a composite that is folded, for the layers in it, in their order.

    A box with the sign of its last layer alone would seem to add what goes into its product.
    """
    whole = graph.node(node.name)
    inside = [graph.node(name) for name in folding.inner.get(node.name, ())]
    if whole is None or whole.layer != node.layer or not inside:
        return caption(node)
    layers = [caption(it) for it in dict.fromkeys((*inside, whole)) if it]
    return " ".join(layers if len(layers) <= MOST_LAYERS else (layers[0], "…", layers[-1]))


def caption(node: Node) -> str:
    """Return the sign that a person writes for a node's layer, or the layer's name where that sign is a word."""
    layer = library.get(node.layer)
    return layer.symbol if layer and layer.symbol and not layer.symbol[0].isalpha() else node.layer
