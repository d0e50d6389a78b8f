"""An answer of several lines, over the screen: a list, a chart, the terms of a number."""

from __future__ import annotations

from textual.binding import Binding

from bptui.core.moment import Moment
from bptui.lines.cell_width import cells
from bptui.lines.line import Line, Span
from bptui.lines.paragraph import wrap
from bptui.tui.overlay import Overlay, OverlayPane

NARROWEST = 50
"""Cells of a short answer, its frame included."""


class AnswerPane(OverlayPane):
    """The lines of an answer, to scroll through; it takes the room that they need."""

    def __init__(self, moment: Moment, text: str) -> None:
        super().__init__(moment)
        self.answered = text.splitlines()
        self.styles.width = max(NARROWEST, *(cells(line) + 4 for line in self.answered))
        self.styles.max_width = "100%"
        self.styles.height = len(self.answered) + 4
        self.styles.max_height = "100%"

    def heading(self) -> Line:
        return (Span(f"Step {self.moment.position}", "title"),)

    def lines(self, width: int, height: int) -> list[Line]:  # noqa: ARG002
        return [(), *(row for line in self.answered for row in answer_rows(line, width))]


class AnswerScreen(Overlay[None]):
    """An answer over the screen."""

    BINDINGS = [Binding("escape,q,enter", "close", show=False)]

    def __init__(self, moment: Moment, text: str) -> None:
        super().__init__(AnswerPane(moment, text))


def answer_rows(line: str, width: int) -> list[Line]:
    """Return a line of an answer, folded under its beginning where it is too long."""
    inside = line.lstrip()
    indent = len(line) - len(inside) + 1
    first, *others = wrap(inside, max(1, width - indent - 1)) or [""]
    return [(Span(" " * indent + first),), *((Span(" " * (indent + 2) + row),) for row in others)]
