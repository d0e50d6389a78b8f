"""The debugger: a cursor over a tape. Every command moves it; nothing is ever undone or computed again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from bptui.core.command import (
    Back,
    Command,
    Finish,
    First,
    GoTo,
    Into,
    Last,
    LineBack,
    Next,
    PassStart,
    ReverseFinish,
    RunTo,
)
from bptui.core.moment import Moment
from bptui.core.order import Pass, Schedule
from bptui.core.tape import Tape

if TYPE_CHECKING:
    from bptui.stepping.line_tape import LineCursor
    from bptui.stepping.step_into import Entrance


class Debugger:
    """A cursor over ``tape``, at ``position``: the number of steps before it.

    Where a command asks for a step that has not run yet, the cursor goes as far as the tape reaches, and on to
    its ``goal`` at the next ``catch_up``. Inside the source of the step's layer, ``lines`` is a second cursor.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.goal = 0
        self.position = 0
        self.lines: LineCursor | None = None

    @property
    def moment(self) -> Moment:
        """All that is known at the cursor."""
        return self.tape.at(self.position)

    def do(self, command: Command) -> Moment:
        """Carry out a command, as far as the ends of the schedule let it go.

        Raises BptuiError, and stays, where it goes into a step that has no source.
        """
        lines = self.lines_after(command)
        self.goal = max(0, min(self.destination(command), len(self.tape.order)))
        self.lines = lines
        return self.catch_up()

    def catch_up(self) -> Moment:
        """Go on towards the goal, as far as the tape reaches by now."""
        self.position = min(self.goal, len(self.tape))
        return self.moment

    def destination(self, command: Command) -> int:  # noqa: C901, PLR0911  (one case, one return a command)
        """Return the position that a command asks for, which may lie beyond the ends."""
        schedule, here = self.tape.order, self.position
        match command:
            case Next(count):
                return here + count
            case Back(count):
                return here - count
            case Finish(count):
                return finish(schedule, here, count - bool(self.lines))
            case ReverseFinish(count):
                inside = bool(self.lines)
                return reverse_finish(schedule, here - inside, count - inside)
            case GoTo(step):
                return step
            case First():
                return 1
            case Last():
                return len(schedule)
            case PassStart(pass_):
                return pass_start(schedule, here, pass_)
            case RunTo(name):
                return run_to(schedule, here, name)
            case Into() | LineBack():
                return here

    @cached_property
    def entrance(self) -> Entrance:
        """The way into the layers."""
        from bptui.stepping.step_into import Entrance  # noqa: PLC0415  (few sessions go into a layer, and start sooner)

        return Entrance()

    def lines_after(self, command: Command) -> LineCursor | None:
        """Return where a command leads in the source of the step's layer; None is out of it."""
        match command:
            case Into(count) if self.lines:
                return self.lines.next(count)
            case Into(count):
                return self.entrance.enter(self.moment, goal=self.goal).start.next(count - 1)
            case LineBack(count) if self.lines:
                return self.lines.back(count)
            case _:
                return None


def finish(schedule: Schedule, position: int, count: int) -> int:
    """Return the last step of the ``count``-th pass that is not finished at ``position``."""
    for _ in range(count):
        ends = [start - 1 for start in pass_starts_around(schedule, position)]
        position = next((end for end in ends if end > position), len(schedule))
    return position


def reverse_finish(schedule: Schedule, position: int, count: int) -> int:
    """Return the first step of the ``count``-th pass, going back, that has begun before ``position``."""
    for _ in range(count):
        starts = pass_starts_around(schedule, position)
        position = next((start for start in reversed(starts) if start < position), 0)
    return position


def pass_starts_around(schedule: Schedule, position: int) -> list[int]:
    """Return the first steps of the passes of this iteration, the one before and the one after, in order."""
    here = schedule.progress(position).iteration
    return list(chain.from_iterable(schedule.pass_starts(it) for it in range(max(0, here - 1), here + 2)))


def pass_start(schedule: Schedule, position: int, pass_: Pass) -> int:
    """Return the first step of a pass of the iteration at ``position``; ``position`` where the pass is empty."""
    iteration = schedule.progress(position).iteration
    starts = (start for start in schedule.pass_starts(iteration) if schedule[start].pass_ is pass_)
    return next(starts, position)


def run_to(schedule: Schedule, position: int, name: str) -> int:
    """Return the nearest later step of ``name``, or else the nearest earlier, or else ``position``."""
    here = schedule.progress(position).iteration
    around = range(max(0, here - 1), min(here + 2, schedule.iterations))
    steps = sorted(chain.from_iterable(steps_of(schedule, iteration, name) for iteration in around))
    later = [step for step in steps if step > position]
    earlier = [step for step in steps if step < position]
    return later[0] if later else earlier[-1] if earlier else position


def steps_of(schedule: Schedule, iteration: int, name: str) -> Iterator[int]:
    """Yield a name's steps in ``iteration`` (from 0): where it is computed, gets its gradient and is updated."""
    for pass_ in Pass:
        if (number := schedule.step_number(iteration, pass_, name)) is not None:
            yield number
    slot = schedule.graph.slots[name]
    orders = schedule.arrivals[slot].orders
    if slot < len(schedule.graph.leaves) and orders:
        yield iteration * schedule.length + schedule.forward + orders[-1] + 1
