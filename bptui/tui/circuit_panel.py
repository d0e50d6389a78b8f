"""The circuit: boxes and wires, values above them, gradients below, and the node at the cursor always in sight."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.geometry import Offset, Size

from bptui.core.circuit import Circuit, Drawing, Highlight, Painter, Window
from bptui.core.moment import Moment
from bptui.core.schedule import Pass
from bptui.tui.labels import LabelTexts
from bptui.tui.line import Line, Span
from bptui.tui.message import NodeSelected
from bptui.tui.pane import Pane

MOST_SHEETS = 12
"""Drawings kept at a time; one is a few hundred kilobytes."""

SIGNS = {Pass.FORWARD: "▶", Pass.BACKWARD: "◀", Pass.UPDATE: "↻"}


class CircuitPanel(Pane):
    """One sheet of the circuit, of which only the visible window is painted."""

    def __init__(self, moment: Moment, *, id: str | None = None) -> None:  # noqa: A002  (Textual's word)
        super().__init__(moment, id=id)
        self.texts = LabelTexts()
        self.circuit = circuit_of(moment)
        self.sheet = 0
        self.painter: Painter | None = None
        self.painter_sheet = -1

    def heading(self) -> Line:
        title = (Span("Circuit", "title"),)
        if len(self.circuit) == 1:
            return title
        return (*title, Span(f" · sheet {self.sheet + 1}/{len(self.circuit)}", "dim"))

    def footing(self) -> Line:
        drawing, inside = self.drawing, self.inside
        if drawing.width <= inside.width and drawing.height <= inside.height:
            return ()
        return (Span("arrows scroll", "dim"),)

    @property
    def drawing(self) -> Drawing:
        """The sheet that is shown."""
        drawings = self.circuit.drawings
        while len(drawings) > MOST_SHEETS:
            drawings.pop(next(sheet for sheet in drawings if abs(sheet - self.sheet) > 1))
        return self.circuit.drawing(self.sheet)

    @property
    def extent(self) -> Size:
        return Size(self.drawing.width, self.drawing.height)

    def show(self, moment: Moment, selected: str | None) -> None:
        if moment.graph is not self.moment.graph:
            self.circuit, self.painter_sheet = circuit_of(moment), -1
        self.follow(moment, selected)
        super().show(moment, selected)

    def on_resize(self) -> None:
        self.follow(self.moment, self.selected)
        super().on_resize()

    def follow(self, moment: Moment, selected: str | None) -> None:
        """Turn to the sheet of what is selected, and scroll until its box is seen."""
        name = selected or moment.name
        if name is None:
            self.sheet, self.origin = 0, Offset(0, 0)
            return
        self.sheet = self.circuit.sheet_of(name)
        if (box := self.drawing.box.get(name)) is None:
            return
        width, height = self.inside
        self.origin = Offset(
            following(self.origin.x, box.x, box.x + box.width + self.circuit.label_width, width),
            following(self.origin.y, box.y, box.y + box.height, height),
        )

    def view(self, width: int, height: int) -> Sequence[Line]:
        drawing = self.drawing
        if self.painter is None or self.painter_sheet != self.sheet:
            self.painter, self.painter_sheet = Painter(drawing, cell_len), self.sheet
        self.texts.moment = self.moment
        window = Window(*self.corner, width, height)
        return self.painter.paint(window, self.texts, self.highlight)  # type: ignore[return-value]  # the same pairs

    @property
    def corner(self) -> Offset:
        """The drawing's cell in the pane's upper left; before it, where the drawing is centred."""
        width, height = self.inside
        spare_x, spare_y = width - self.drawing.width, height - self.drawing.height
        return Offset(
            -(spare_x // 2) if spare_x > 0 else self.origin.x, -(spare_y // 2) if spare_y > 0 else self.origin.y
        )

    @property
    def highlight(self) -> Highlight:
        """What stands out at this moment."""
        name = self.moment.name
        marks = {name: SIGNS[self.moment.pass_]} if name else {}
        return Highlight(name, self.selected if self.selected != name else None, marks)

    def prefetch(self) -> None:
        """Draw the neighbouring sheets, so that turning to them costs no more than a step."""
        for sheet in (self.sheet + 1, self.sheet - 1):
            if 0 <= sheet < len(self.circuit) and sheet not in self.circuit.drawings:
                self.circuit.drawing(sheet)
                return

    def on_click(self, event: events.Click) -> None:
        place = Offset(event.x - 1, event.y - 1) + self.corner
        if name := self.drawing.name_at(*place):
            self.post_message(NodeSelected(name))


def following(start: int, first: int, end: int, room: int) -> int:
    """Return where a window of ``room`` cells starts so that ``first`` to ``end`` are seen, moved only if needed."""
    if start <= first and end <= start + room:
        return start
    return max(0, (first + end - room) // 2)


def circuit_of(moment: Moment) -> Circuit:
    """Return the circuit of the graph that was run; arrays get wider labels than scalars."""
    graph = moment.graph
    is_scalar = all(not value.ndim for name in graph.leaves if (value := moment.value(name)) is not None)
    return Circuit(graph, cell_len, label_width=8 if is_scalar else 13)
