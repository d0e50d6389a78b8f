"""What two runs differ in, over the screen: the arrows go from difference to difference, and both arrays are shown."""

from __future__ import annotations

from textual.binding import Binding

from bptui.core.moment import Moment
from bptui.core.tape_diff import Difference
from bptui.core.text import visible
from bptui.lines.cell_width import cells
from bptui.lines.line import Line, Span, fitted
from bptui.lines.paragraph import paragraph
from bptui.session.answer import RunComparison
from bptui.session.differences import only_in_one
from bptui.tui.choice_pane import OTHER, ChoicePane
from bptui.tui.content.side_by_side import difference_rows, rule_below, side_by_side, titled
from bptui.tui.overlay import Overlay

LOWEST = 6
"""Rows that two arrays beside each other take at least."""


class DiffPane(ChoicePane):
    """The differences, the first one first and then by size, and below them the two arrays of the chosen one."""

    def __init__(self, moment: Moment, comparison: RunComparison) -> None:
        super().__init__(moment)
        self.labels = visible(comparison.here, limit=40), visible(comparison.there, limit=40)
        self.diff = comparison.diff
        first = [comparison.diff.first] if comparison.diff.first else []
        self.differences: list[Difference] = [*first, *comparison.diff.largest]
        self.tables: dict[int, tuple[Line, list[Line]]] = {}
        self.styles.max_width = "100%"

    @property
    def count(self) -> int:
        return len(self.differences)

    def heading(self) -> Line:
        here, there = self.labels
        told = f"  {self.diff.different:,} of {self.diff.compared:,} arrays differ"
        return (Span(f"{here} | {there}", "title"), Span(told, "dim"))

    def key_words(self) -> tuple[tuple[str, str], ...]:
        return (("↑ ↓", "choose"), ("Enter", "go to the step"), ("Esc", "closes"))

    def lines(self, width: int, height: int) -> list[Line]:
        rows = self.rows_shown(height)
        top = max(0, min(self.chosen - rows // 2, self.count - rows))
        if width not in self.tables:
            self.tables[width] = difference_rows(self.differences, self.labels, width - cells(OTHER))
        columns, texts = self.tables[width]
        table = [self.row_of(at, texts[at], width) for at in range(top, min(self.count, top + rows))]
        lacking = [row for it in only_in_one(self.diff, *self.labels) for row in paragraph(it, width - 1, indent=1)]
        if not self.differences:
            return lacking
        chosen = self.differences[self.chosen]
        room = max(LOWEST, height - len(table) - len(lacking) - 3)
        below = side_by_side(chosen, self.labels, width, room)
        head = fitted((Span(OTHER), *columns), width)
        rule = fitted(rule_below(top, len(table), self.count, width), width)
        return [*lacking, head, *table, rule, titled(chosen), *below]

    def rows_shown(self, height: int) -> int:
        """Return how many differences are in sight at once."""
        return max(1, min(self.count, (height - LOWEST) // 2))

    @property
    def first_row(self) -> int:
        return -self.chosen  # the chosen row is always in sight

    @property
    def chosen_difference(self) -> Difference | None:
        """The difference that the arrows have chosen."""
        return self.differences[self.chosen] if self.differences else None


class DiffScreen(Overlay[Difference | None]):
    """The differences over the screen; it ends with the one to go to, if with any."""

    BINDINGS = [
        Binding("escape,q", "close", show=False),
        Binding("enter", "go_there", show=False, priority=True),
    ]

    def __init__(self, moment: Moment, comparison: RunComparison) -> None:
        self.differing = DiffPane(moment, comparison)
        super().__init__(self.differing)

    def action_go_there(self) -> None:
        """Back, to the step of the difference that is chosen."""
        self.dismiss(self.differing.chosen_difference)
