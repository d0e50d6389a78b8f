"""The row above the keys: the whole run, to be clicked at and walked along from mark to mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import events

from bptui.checking.verdicts import Verdicts
from bptui.core.command import Command
from bptui.core.moment import Moment
from bptui.core.order import Order, Pass
from bptui.core.stop import Stops
from bptui.core.verbs.movement import GoTo
from bptui.lines.line import Line
from bptui.lines.signs import FAIL, STOP
from bptui.tui.content.timeline import ACTION, NOTE, Timeline, timeline_line
from bptui.tui.message import Asked
from bptui.tui.pane import VerdictPane

MOST_MARKED = 2_000
"""Steps of a run of which all are marked; of a longer one, those of the iteration at the cursor."""

Marks = dict[int, tuple[str, str]]


class TimelinePanel(VerdictPane):
    """One row. ``actions`` are the steps at which a recorded session did something, where it is replayed."""

    is_framed = False

    def __init__(
        self,
        moment: Moment,
        *,
        id: str | None = None,  # noqa: A002
        stops: Stops,
        notes: Mapping[int, Sequence[str]],
        actions: Sequence[int] = (),
    ) -> None:
        super().__init__(moment, id=id)
        self.stops = stops
        self.notes = notes
        self.actions = actions
        self.chosen: int | None = None
        self.known: tuple[object, Timeline] | None = None

    def lines(self, width: int, height: int) -> list[Line]:  # noqa: ARG002
        return [timeline_line(self.timeline, self.moment, self.chosen)]

    @property
    def timeline(self) -> Timeline:
        """The run's timeline, made anew where there is something else to mark."""
        order, width = self.moment.order, self.size.width
        iteration = self.moment.progress.iteration if len(order) > MOST_MARKED else -1
        known = self.verdicts.version if self.verdicts else 0
        notes = sum(map(len, self.notes.values()))
        key = (id(order), len(order), width, iteration, known, self.stops.version, notes)
        if self.known is None or self.known[0] != key:
            self.known = key, Timeline(order, width, self.marks(order, iteration))
        return self.known[1]

    def marks(self, order: Order, iteration: int) -> Marks:
        """Return the marks by step: what is wrong stands before a stop, and that before a note."""
        iterations = range(order.iterations) if iteration < 0 else (iteration,)
        found: Marks = {step: (ACTION, "dim") for step in self.actions if step}
        found |= {max(1, at): (NOTE, "mark") for at, notes in self.notes.items() if notes}
        for it in iterations:
            found |= stop_marks(self.stops, order, it)
            found |= wrong_marks(self.verdicts, order, it)
        return found

    @property
    def pointed_at(self) -> Command | None:
        """The step that the arrows have chosen."""
        return None if self.chosen is None else GoTo(self.chosen)

    @property
    def whereabouts(self) -> object:
        return self.chosen

    def point(self, columns: int, rows: int) -> None:
        """Choose the next mark that way."""
        direction = 1 if columns + rows > 0 else -1
        there = self.timeline.next_mark(self.chosen or self.moment.position, direction)
        self.chosen = there if there is not None else self.chosen
        self.renew()

    def show(self, moment: Moment, selected: str | None) -> None:
        if moment.position != self.moment.position:
            self.chosen = None
        super().show(moment, selected)

    def on_click(self, event: events.Click) -> None:
        self.post_message(Asked(GoTo(self.timeline.step_at(event.x))))


def stop_marks(stops: Stops, order: Order, iteration: int) -> Marks:
    """Return the steps of an iteration (from 0) at which a stop stands that is about a node."""
    found: Marks = {}
    for stop in stops.by_number.values():
        if stop.node is not None:
            passes = [stop.pass_] if stop.pass_ else list(Pass)
            steps = (order.step_number(iteration, pass_, stop.node) for pass_ in passes)
            found |= {step: (STOP, "mark") for step in steps if step is not None}
    return found


def wrong_marks(verdicts: Verdicts | None, order: Order, iteration: int) -> Marks:
    """Return the backward steps of the nodes that are wrong in an iteration (from 0)."""
    wrong = verdicts.wrong(iteration) if verdicts else ()
    steps = (order.step_number(iteration, Pass.BACKWARD, it.node) for it in wrong)
    return {step: (FAIL, "bad") for step in steps if step is not None}
