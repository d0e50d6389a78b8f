"""An answer of several lines, over the screen: a list, a chart, the terms of a number."""

from __future__ import annotations

from textual.binding import Binding

from bptui.core.moment import Moment
from bptui.lines.line import Line, Span
from bptui.tui.overlay import Overlay, OverlayPane


class AnswerPane(OverlayPane):
    """The lines of an answer, to scroll through; the first one is the heading where it is not one of a list."""

    def __init__(self, moment: Moment, text: str) -> None:
        super().__init__(moment)
        self.text_lines = text.splitlines()

    def heading(self) -> Line:
        return (Span(f"Step {self.moment.position}", "title"),)

    def lines(self, width: int, height: int) -> list[Line]:  # noqa: ARG002
        return [(Span(line),) for line in self.text_lines]


class AnswerScreen(Overlay[None]):
    """An answer over the whole screen."""

    BINDINGS = [Binding("escape,q,enter", "close", show=False)]

    def __init__(self, moment: Moment, text: str) -> None:
        super().__init__(AnswerPane(moment, text))
