"""A pane over the screen with rows of which the arrows choose one; the chosen one stays in sight."""

from __future__ import annotations

from abc import abstractmethod

from bptui.core.moment import Moment
from bptui.lines.line import Line, Span, fitted
from bptui.tui.overlay import OverlayPane

CHOSEN, OTHER = "▸ ", "  "
"""What stands before the chosen row, and before the others."""


class ChoicePane(OverlayPane):
    """A list: ``count`` says how long it is, and ``first_row`` in which line of the content it begins."""

    def __init__(self, moment: Moment) -> None:
        super().__init__(moment)
        self.chosen = 0
        self.styles.max_height = "100%"

    @property
    @abstractmethod
    def count(self) -> int:
        """How many rows can be chosen."""

    @property
    def first_row(self) -> int:
        """The line of the content at which the rows begin."""
        return 0

    @property
    def whereabouts(self) -> object:
        return self.chosen, self.origin

    def point(self, columns: int, rows: int) -> None:  # noqa: ARG002
        """Choose another row, and keep it in sight."""
        self.said = ""
        self.chosen = max(0, min(self.chosen + rows, self.count - 1))
        self.made = None
        place = self.first_row + self.chosen
        if not self.origin.y <= place < self.origin.y + self.inside.height:
            self.move(0, place - self.origin.y - self.inside.height // 2)
        self.renew()

    def row_of(self, place: int, line: Line, width: int) -> Line:
        """Return a row as it is shown: marked where it is chosen."""
        if place != self.chosen:
            return fitted((Span(OTHER), *line), width)
        return fitted((Span(CHOSEN, "mark"), *(Span(text, style or "selected") for text, style in line)), width)
