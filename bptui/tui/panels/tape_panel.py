"""The tape: every step of the run as a row, those done, those recorded ahead, and those that have not run yet.

Only the visible rows are made, so a million steps cost what ten do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from textual import events
from textual.geometry import Offset, Size

from bptui.core.command import Command
from bptui.core.moment import Moment
from bptui.core.order import Pass, Turn
from bptui.core.step import BackwardStep, ForwardStep, UpdateStep
from bptui.core.stop import Stops
from bptui.core.text import visible
from bptui.core.verbs.movement import GoTo
from bptui.lines.cell_width import cells, cut_middle
from bptui.lines.line import Line, Span, fitted, line_width
from bptui.lines.signs import FAIL, PASS_SIGNS, SIGN_STYLES
from bptui.session.status_messages import failed_turn
from bptui.tui.content.circuit_labels import ArrayTexts
from bptui.tui.content.loss_line import loss_line
from bptui.tui.content.stop_signs import sign_at_step
from bptui.tui.content.tape_rows import Rule, TapeRows
from bptui.tui.message import Asked
from bptui.tui.pane import VerdictPane
from layers import Array

Marks: TypeAlias = Callable[[int], Mapping[str, str]]
"""The verdicts of an iteration (from 0) as signs, by node."""

NO_STOPS = Stops()

NARROWEST, WIDEST = 9, 22
"""Cells of a step's number, for which the layer's name is cut where there is no room for both."""

LOWEST_WITH_COURSE = 5
"""Rows above which one is for the course of the loss."""


class TapePanel(VerdictPane):
    """The steps around the cursor. It follows the cursor, in jumps, so that a step mostly moves one mark.

    Where nodes have been checked, a column has the ``verdicts`` on them.
    """

    def __init__(self, moment: Moment, *, id: str | None = None, stops: Stops | None = None) -> None:  # noqa: A002  (Textual's word)
        super().__init__(moment, id=id)
        self.stops = Stops() if stops is None else stops
        self.texts = ArrayTexts()
        self.chosen: int | None = None

    def heading(self) -> Line:
        iterations = self.moment.order.iterations
        which = f" · iteration {self.moment.iteration}/{iterations}" if iterations > 1 else ""
        return (Span("Tape", "title"), Span(which, "dim")) if which else (Span("Tape", "title"),)

    @property
    def extent(self) -> Size:
        return Size(self.inside.width, len(TapeRows(self.moment.order)) + self.lines_above)

    @property
    def lines_above(self) -> int:
        """Rows that stay where they are above the steps: the course of the loss, where there is one."""
        return int(self.moment.order.iterations > 1 and self.inside.height > LOWEST_WITH_COURSE)

    def view(self, width: int, height: int) -> list[Line]:
        marks = self.verdicts.marks if self.verdicts else None
        if self.is_folded:
            top = TapeRows(self.moment.order).of(self.moment.position or 1)
            return tape_lines(self.moment, top, width, height, self.texts, marks=marks, stops=self.stops)
        above = [loss_line(self.moment, width)] if self.lines_above else []
        room = height - len(above)
        steps = tape_lines(
            self.moment,
            self.origin.y,
            width,
            room,
            self.texts,
            marks=marks,
            chosen=self.chosen,
            stops=self.stops,
        )
        return [*above, *steps]

    @property
    def pointed_at(self) -> Command | None:
        """The step that the arrows have chosen."""
        return None if self.chosen is None else GoTo(self.chosen)

    def footing(self) -> Line:
        if self.chosen is None:
            return super().footing()
        return (Span("Enter ", "key"), Span(f"goes to step {self.chosen} ", "dim"))

    @property
    def whereabouts(self) -> object:
        return self.chosen or self.moment.position, self.origin

    def point(self, columns: int, rows: int) -> None:  # noqa: ARG002
        """Choose another step."""
        self.choose((self.chosen or self.moment.position) + rows)

    def choose(self, number: int) -> None:
        """Choose a step, none where it is the one at the cursor, and scroll to it."""
        number = max(1, min(number, len(self.moment.order)))
        self.chosen = number if number != self.moment.position else None
        row = TapeRows(self.moment.order).of(number)
        self.origin = Offset(0, nearest_top(self.origin.y, row, self.inside.height - self.lines_above))
        self.renew()

    def show(self, moment: Moment, selected: str | None) -> None:
        if moment.position != self.moment.position:
            self.chosen = None
        row = TapeRows(moment.order).of(moment.position) if moment.position else -1
        self.origin = Offset(0, following(self.origin.y, row, self.inside.height - self.lines_above))
        super().show(moment, selected)

    def on_click(self, event: events.Click) -> None:
        if self.is_folded:
            return
        rows, row = TapeRows(self.moment.order), self.origin.y + event.y - 1 - self.lines_above
        if self.lines_above < event.y <= self.inside.height and row < len(rows):
            there = rows.at(row)
            number = self.moment.order.start(there.iteration - 1) + 1 if isinstance(there, Rule) else there
            self.post_message(Asked(GoTo(number)))


def nearest_top(top: int, row: int, height: int) -> int:
    """Return the first visible row such that ``row`` is seen, moved as little as may be."""
    return min(max(top, row - height + 1), row)


def following(top: int, row: int, height: int) -> int:
    """Return the first visible row such that ``row`` is seen, moved by whole stretches and only where needed."""
    if top <= row < top + height - 1 or row < 0:
        return top if row >= 0 else 0
    return max(0, row - height // 4)


def tape_lines(
    moment: Moment,
    top: int,
    width: int,
    height: int,
    texts: ArrayTexts,
    *,
    marks: Marks | None = None,
    chosen: int | None = None,
    stops: Stops = NO_STOPS,
) -> list[Line]:
    """Return the tape from row ``top`` (from 0) on, steps and rules; ``marks`` has the verdicts on nodes.

    The step that is ``chosen`` is marked.
    """
    rows = TapeRows(moment.order)
    there = [rows.at(row) for row in range(top, min(top + height, len(rows)))]
    numbers = [it for it in there if not isinstance(it, Rule)]
    steps = iter(step_lines(moment, numbers, width, texts, marks=marks, chosen=chosen, stops=stops))
    return [rule_line(moment, it, width) if isinstance(it, Rule) else next(steps) for it in there]


def rule_line(moment: Moment, rule: Rule, width: int) -> Line:
    """Return the row before an iteration."""
    style = "strong" if rule.iteration == moment.iteration and moment.position else "dim"
    title = f" iteration {rule.iteration:,} "
    return (Span("──", "frame"), Span(title, style), Span("─" * max(0, width - len(title) - 2), "frame"))


def step_lines(
    moment: Moment,
    numbers: Sequence[int],
    width: int,
    texts: ArrayTexts,
    *,
    marks: Marks | None,
    chosen: int | None,
    stops: Stops,
) -> list[Line]:
    """Return the rows of some steps, their columns in line."""
    digits = len(str(max(numbers, default=0)))
    turns = [moment.order[number] for number in numbers]
    names = [visible(turn.name) for turn in turns]
    longest = min(max(map(cells, names), default=0), max(4, width // 2))
    names = [cut_middle(name, longest) for name in names]
    rows = [
        tape_line(moment, turn, name, digits, longest, is_chosen=turn.number == chosen, stop=sign_at_step(stops, turn))
        for turn, name in zip(turns, names, strict=True)
    ]
    verdicts = [verdict(marks(turn.iteration - 1), turn) for turn in turns] if marks else []
    if any(it.text.strip() for it in verdicts):
        rows = [(*row[:-1], it, row[-1]) for row, it in zip(rows, verdicts, strict=True)]
    room = max(width - max(map(line_width, rows), default=0) - 2, NARROWEST)
    if width < 3 * NARROWEST:
        return rows
    outcomes = (outcome(moment, turn, min(room, WIDEST), texts) for turn in turns)
    return [
        (*fitted(row, width - len(text) - 2), Span(" "), Span(text, style))
        for row, (text, style) in zip(rows, outcomes, strict=True)
    ]


def outcome(moment: Moment, turn: Turn, width: int, texts: ArrayTexts) -> Span:
    """Return the number of a step that is done: a value, the gradient that arrived, or what a parameter became."""
    if turn.number > moment.position:
        return Span("")
    match moment.tape.step(turn.number):
        case ForwardStep(out=array):
            return Span(texts.text(array, width), "value")
        case BackwardStep() as step:
            dout = first_that_tells(step)
            return Span("none", "dim") if dout is None else Span(texts.text(dout, width), "gradient")
        case UpdateStep(after=array):
            return Span(texts.text(array, width), "update")


def first_that_tells(step: BackwardStep) -> Array | None:
    """Return the gradient that has arrived at a node; of those of several outputs the first that is not zeros."""
    if len(step.douts) == 1:
        return step.dout
    return next((it for it in step.douts if it is not None and it.any()), step.dout)


def tape_line(
    moment: Moment, turn: Turn, name: str, digits: int, longest: int, *, is_chosen: bool = False, stop: str = ""
) -> Line:
    """Return one row: the cursor or else a ``stop``, the pass, the number, the name and the layer."""
    is_here = turn.number == moment.position
    is_done = turn.number < moment.position
    has_run = turn.number <= len(moment.tape)
    failed = failed_turn(moment)
    sign = FAIL if failed and failed.number == turn.number else PASS_SIGNS[turn.pass_] if has_run else "·"
    style = "current" if is_here else "selected" if is_chosen else turn.pass_.value if is_done else "dim"
    padded = name + " " * (longest - cells(name))
    text = f" {turn.number:>{digits}} {padded} "
    return (
        Span("➤" if is_here else "▸" if is_chosen else stop or " ", "bad" if stop and not is_here else "mark"),
        Span(sign, style),
        Span(text, style if is_here else "" if is_done else "dim"),
        Span(work(moment, turn), style if is_here else "dim"),
    )


def verdict(marks: Mapping[str, str], turn: Turn) -> Span:
    """Return what was found about the node of a step."""
    mark = marks.get(turn.name, "") if turn.pass_ is not Pass.UPDATE else ""
    return Span(f"{mark or ' '} ", SIGN_STYLES.get(mark, ""))


def work(moment: Moment, turn: Turn) -> str:
    """Return what is done in a step: the node's layer, or the update."""
    if turn.pass_ is Pass.UPDATE:
        return "update"
    node = moment.order.passes(turn.iteration - 1).graph.node(turn.name)
    return visible(node.layer) if node else ""
