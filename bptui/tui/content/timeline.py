"""The whole run in one row: its passes to scale, where the cursor is, and what there is to jump to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cached_property

from bptui.core.moment import Moment
from bptui.core.order import Order
from bptui.deferred_dataclass import dataclass
from bptui.lines.line import Line, joined

DONE, TO_COME, CURSOR = "━", "─", "┃"

NOTE, ACTION = "✎", "›"
"""Where there is a note, and in a replay where a command was given."""

MOST_RULES = 4
"""Columns for each iteration at least, where the beginning of each is marked."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """The steps of an ``order`` in so many columns; ``marks`` has by step a sign and the name of its style."""

    order: Order
    width: int
    marks: Mapping[int, tuple[str, str]] = field(default_factory=dict)

    def column_of(self, step: int) -> int:
        """Return the first column of a step (from 1)."""
        count, before = len(self.order), step - 1
        return before * self.width // count if count > self.width else -(-before * self.width // count)

    def step_at(self, column: int) -> int:
        """Return the step that a column stands for, the first of several."""
        return max(0, min(column, self.width - 1)) * len(self.order) // self.width + 1

    @cached_property
    def steps(self) -> Sequence[int]:
        """The step of each column."""
        return [self.step_at(column) for column in range(self.width)]

    @cached_property
    def styles(self) -> Sequence[str]:
        """The style of each column: that of a pass, or of a mark."""
        styles = [self.order[step].pass_.value for step in self.steps]
        for step, (_, style) in self.marks.items():
            styles[self.column_of(step)] = style
        return styles

    @cached_property
    def signs(self) -> Mapping[int, str]:
        """By column, the sign that stands there: the beginning of an iteration, or a mark."""
        order, found = self.order, dict[int, str]()
        if order.iterations * MOST_RULES <= self.width:
            found = {self.column_of(order.start(it) + 1): "┼" for it in range(1, order.iterations)}
        return found | {self.column_of(step): sign for step, (sign, _) in self.marks.items()}

    def next_mark(self, step: int, direction: int) -> int | None:
        """Return the nearest step with a mark after (1) or before (-1) a step, None where there is none."""
        that_way = [at for at in self.marks if (at - step) * direction > 0]
        return min(that_way, key=lambda at: abs(at - step), default=None)


def timeline_line(timeline: Timeline, moment: Moment, chosen: int | None = None) -> Line:
    """Return the run in one row, as wide as the timeline is; a step that was ``chosen`` stands out."""
    if not len(timeline.order) or timeline.width < 1:
        return ()
    done = [DONE if step <= moment.position else TO_COME for step in timeline.steps]
    texts = [timeline.signs.get(column, text) for column, text in enumerate(done)]
    styles = list(timeline.styles)
    if moment.position:
        cursor = timeline.column_of(moment.position)
        styles[cursor] = "current"
        texts[cursor] = timeline.signs.get(cursor, CURSOR)
    if chosen is not None:
        styles[timeline.column_of(chosen)] = "selected"
    return joined(texts, styles)
