"""The health of all nodes over the screen, as far as the cursor is: one steps on, and sees where it gets lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.binding import Binding

from bptui.core.command import Command
from bptui.core.moment import Moment
from bptui.core.verbs import VERBS
from bptui.core.verbs.movement import (
    Back,
    BackwardPass,
    First,
    ForwardPass,
    Last,
    Next,
    NextIteration,
    PreviousIteration,
)
from bptui.explaining.health import Health, NodeHealth
from bptui.lines.line import Line, Span
from bptui.lines.paragraph import paragraph
from bptui.session.health_answer import COLUMNS, health_at, row_of, table_lines, updates_line
from bptui.session.session import Session
from bptui.tui.choice_pane import CHOSEN, ChoicePane
from bptui.tui.keys import textual_name
from bptui.tui.overlay import Overlay

WIDEST = 110
"""Cells that the table and its frame take."""

LESS_NEEDED = (2, 3, 4, 9, 8)
"""Columns that a narrow screen goes without, the first of them first."""

STEPS: tuple[type[Command], ...] = (
    Next,
    Back,
    First,
    Last,
    ForwardPass,
    BackwardPass,
    NextIteration,
    PreviousIteration,
)
"""What moves the cursor under the panel."""


class HealthPane(ChoicePane):
    """What there is to say, and a row for each node, of which the arrows choose one."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.moment)
        self.session = session
        self.health: Health = health_at(session)
        self.styles.max_width = WIDEST

    def show(self, moment: Moment, selected: str | None) -> None:
        self.health = health_at(self.session)
        super().show(moment, selected)

    def heading(self) -> Line:
        moment = self.moment
        is_begun = moment.position > moment.order.start(moment.progress.iteration)
        until = f"up to step {moment.position}" if is_begun else f"all of iteration {moment.progress.iteration + 1}"
        return (Span("Health ", "title"), Span(f" {until}", "dim"))

    def key_words(self) -> tuple[tuple[str, str], ...]:
        return (("n N", "step"), ("] G", "on"), ("Enter", "go to the node"), ("Esc", "closes"))

    def lines(self, width: int, height: int) -> list[Line]:  # noqa: ARG002
        said = [row for words in self.health.sentences for row in paragraph(words, width - 1, self.style, indent=1)]
        updates = paragraph(updates_line(self.health), width - 1, "dim", indent=1) if self.health.updates else []
        return [*said, (), *self.table(width), *([(), *updates] if updates else [])]

    @property
    def style(self) -> str:
        """The style of what there is to say."""
        return "dim" if self.health.sentences == ("nothing stands out",) else "warning"

    def table(self, width: int) -> list[Line]:
        """Return a row for each node, of the columns for which there is room."""
        rows = [COLUMNS, *map(row_of, self.health.nodes)]
        lines, left_out = table_lines(rows), list(LESS_NEEDED)
        while left_out and len(lines[0]) + 2 > width:
            rows, left_out = [without_column(row, left_out[0]) for row in rows], fewer(left_out)
            lines = table_lines(rows)
        head, *nodes = lines
        return [
            (Span(f"  {head}", "dim"),),
            *(self.row_of(at, (Span(line),), width) for at, line in enumerate(nodes)),
        ]

    @property
    def count(self) -> int:
        return len(self.health.nodes)

    @property
    def first_row(self) -> int:
        return next(at for at, line in enumerate(self.content(*self.inside)) if line and line[0].text == CHOSEN) - min(
            self.chosen, self.count - 1
        )

    @property
    def chosen_node(self) -> NodeHealth:
        """The node that the arrows have chosen."""
        return self.health.nodes[min(self.chosen, len(self.health.nodes) - 1)]


def without_column(row: Sequence[str], column: int) -> tuple[str, ...]:
    """Return a row without a column."""
    return (*row[:column], *row[column + 1 :])


def fewer(columns: Sequence[int]) -> list[int]:
    """Return the columns that may still go, once the first of them has gone."""
    first, *others = columns
    return [it - (it > first) for it in others]


class HealthScreen(Overlay[str | None]):
    """The health over the screen; it ends with the node to go to, if with any. ``step`` carries out a command."""

    BINDINGS = [
        Binding("escape,q,exclamation_mark", "close", show=False),
        Binding("enter", "go_there", show=False),
        *(
            Binding(textual_name(key), f"step({it.word!r})", show=False, priority=True)
            for it in STEPS
            for key in it.keys
        ),
    ]

    def __init__(self, session: Session, step: Callable[[Command], object]) -> None:
        self.health = HealthPane(session)
        self.step = step
        super().__init__(self.health)

    def action_go_there(self) -> None:
        """Back, to the node that is chosen."""
        self.dismiss(self.health.chosen_node.name if self.health.health.nodes else None)

    def action_step(self, word: str) -> None:
        """Move the cursor, under the panel."""
        self.step(VERBS[word]())
