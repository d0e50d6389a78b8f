"""The circuit: boxes and wires, values above them, gradients below, and the node at the cursor always in sight."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.geometry import Offset, Size

from bptui.circuit import Box, Circuit, Highlight, Painter, Window
from bptui.core.command import Command, RunTo, Select
from bptui.core.graph import Node
from bptui.core.moment import Moment
from bptui.core.schedule import Pass
from bptui.lines.line import Line, Span
from bptui.lines.signs import FAIL, PASS_SIGNS
from bptui.session.status_messages import failed_turn
from bptui.tui.content.circuit_labels import LabelTexts
from bptui.tui.message import Asked
from bptui.tui.pane import Pane
from layers import library

if TYPE_CHECKING:
    from bptui.checking.verdicts import Verdicts

WIRES = 10
"""Cells before a box that must be seen too: where the wires come together."""


class CircuitPanel(Pane):
    """One sheet of the circuit, of which only the visible window is painted. Boxes bear the ``verdicts`` on nodes."""

    verdicts: Verdicts | None = None

    def __init__(self, moment: Moment, *, id: str | None = None) -> None:  # noqa: A002  (Textual's word)
        super().__init__(moment, id=id)
        self.texts = LabelTexts(moment)
        self.circuit = circuit_of(moment)
        self.turn_to(0)

    def turn_to(self, sheet: int) -> None:
        """Show another sheet."""
        self.sheet = sheet
        self.drawing = self.circuit.drawing(sheet)
        self.painter = Painter(self.drawing)

    def heading(self) -> Line:
        title = (Span("Circuit", "title"),)
        if len(self.circuit) == 1:
            return title
        return (*title, Span(f" · sheet {self.sheet + 1}/{len(self.circuit)}", "dim"))

    def footing(self) -> Line:
        arrows = "".join(
            arrow
            for arrow, is_more in zip(
                "←↑↓→",
                (
                    self.window.x > 0,
                    self.window.y > 0,
                    self.window.y + self.window.height < self.drawing.height,
                    self.window.x + self.window.width < self.drawing.width,
                ),
                strict=True,
            )
            if is_more
        )
        return (Span(f"more {arrows}", "dim"),) if arrows else ()

    @property
    def extent(self) -> Size:
        return Size(self.drawing.width, self.drawing.height)

    @property
    def window(self) -> Window:
        """The cells of the drawing that are seen, or around it where it is smaller than the pane."""
        return Window(*self.origin, *self.inside)

    def clamp_origin(self) -> None:
        self.origin = Offset(*self.window.bounded(self.drawing)[:2])

    def show(self, moment: Moment, selected: str | None) -> None:
        if moment.graph is not self.moment.graph:
            self.circuit = circuit_of(moment)
            self.turn_to(0)
        self.moment = moment
        self.follow(selected or moment.name)
        super().show(moment, selected)

    def on_resize(self) -> None:
        self.follow(self.selected or self.moment.name)
        super().on_resize()

    def follow(self, name: str | None) -> None:
        """Turn to the sheet of ``name``, and scroll where its box, or what its step is about, would be out of sight."""
        sheet = 0 if name is None else self.circuit.sheet_of(name)
        if sheet != self.sheet:
            self.turn_to(sheet)
        box = self.drawing.box.get(name) if name else None
        if box is None:
            return
        is_backward = self.moment.pass_ is Pass.BACKWARD
        label = self.circuit.label_width
        if not shows(self.window, box, before=label + WIRES if is_backward else WIRES, after=label):
            ahead = 0.7 if is_backward else 0.25
            self.origin = centred(self.window, box, ahead)

    def view(self, width: int, height: int) -> Sequence[Line]:
        self.texts.moment = self.moment
        if self.is_folded:
            return ()
        window = self.window._replace(width=width, height=height)
        return self.painter.paint(window, self.texts, self.highlight)

    @property
    def highlight(self) -> Highlight:
        """What stands out at this moment: the node at the cursor, and the wires on which the step has put a number."""
        moment, name = self.moment, self.moment.name
        marks = ChainMap({}, self.verdicts.marks(moment.iteration - 1) if self.verdicts else {})
        if name:
            marks[name] = marks.get(name, "") + PASS_SIGNS[moment.pass_]
        if failed := failed_turn(moment):
            marks[failed.name] = FAIL
        wires = moment.changed
        if moment.pass_ is Pass.BACKWARD:
            wires = frozenset(source for source in wires if moment.gradient(source) is not None)
        return Highlight(name, self.selected if self.selected != name else None, wires, marks)

    def prefetch(self) -> None:
        """Draw the neighbouring sheets, so that turning to them costs no more than a step."""
        for sheet in (self.sheet - 1, self.sheet + 1):
            if 0 <= sheet < len(self.circuit):
                self.circuit.drawing(sheet)

    @property
    def pointed_at(self) -> Command | None:
        """The next step of the selected value, where it is not the current one."""
        return None if self.selected in (None, self.moment.name) else RunTo(self.selected)

    def action_move(self, columns: int, rows: int) -> None:
        """Select the nearest box in a direction, on the next sheet where there is none on this."""
        here = self.selected or self.moment.graph.nodes[0].name
        name = self.drawing.neighbour(here, columns, rows) or self.beyond(columns)
        if name is not None:
            self.selected = name
            self.post_message(Asked(Select(name)))

    def beyond(self, columns: int) -> str | None:
        """Return the first node of the sheet in this direction, if there is one."""
        sheet = self.sheet + (columns > 0) - (columns < 0)
        if sheet == self.sheet or not 0 <= sheet < len(self.circuit):
            return None
        boxes = [box for box in self.circuit.drawing(sheet).boxes if box.kind == "node"]
        return min(boxes, key=lambda box: box.x * columns).name

    def on_click(self, event: events.Click) -> None:
        place = Offset(event.x - 1, event.y - 1) + self.origin
        if name := self.drawing.name_at(*place):
            self.post_message(Asked(Select(name)))


def shows(window: Window, box: Box, *, before: int, after: int) -> bool:
    """Tell whether all of a box is seen, and so many cells of the wires before and after it."""
    return (
        window.x <= max(0, box.x - before)
        and box.x + box.width + after <= window.x + window.width
        and window.y <= max(0, box.y - 1)
        and box.y + box.height + 1 <= window.y + window.height
    )


def centred(window: Window, box: Box, ahead: float) -> Offset:
    """Return where the window starts that has a box at this part of its width, and in the middle of its height."""
    x = box.x + box.width // 2 - int(window.width * ahead)
    return Offset(x, box.y + box.height // 2 - window.height // 2)


def circuit_of(moment: Moment) -> Circuit:
    """Return the circuit of the graph that was run; arrays get wider labels than scalars."""
    graph = moment.graph
    is_scalar = all(not value.ndim for name in graph.leaves if (value := moment.value(name)) is not None)
    return Circuit(graph, caption=caption, label_width=9 if is_scalar else 14)


def caption(node: Node) -> str:
    """Return the sign that a person writes for a node's layer, or the layer's name where that sign is a word."""
    layer = library.get(node.layer)
    return layer.symbol if layer and layer.symbol and not layer.symbol[0].isalpha() else node.layer
