"""The debugger: a cursor over a tape. Every command moves it; nothing is ever undone or computed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import chain
from typing import Protocol

from bptui.core.moment import Moment
from bptui.core.order import Order, Pass
from bptui.core.tape import Tape
from bptui.core.verbs.movement import (
    Back,
    BackwardPass,
    Finish,
    First,
    ForwardPass,
    GoTo,
    GoToIteration,
    Into,
    Last,
    LineBack,
    Next,
    NextIteration,
    PreviousIteration,
    ReverseFinish,
    RunTo,
    Travel,
)
from bptui.errors import BptuiError


class Lines(Protocol):
    """A place in the source of a step's layer: a cursor over the lines that ran."""

    def next(self, count: int = 1) -> Lines:
        """Return the place ``count`` lines on, or at the end where there are fewer."""

    def back(self, count: int = 1) -> Lines | None:
        """Return the place ``count`` lines back, or None where that is before the first."""


class Entrance(Protocol):
    """The way into the source of a step's layer."""

    @property
    def is_waiting(self) -> bool:
        """Whether a layer is on its way through its lines."""

    def enter(self, moment: Moment, *, goal: int) -> Lines:
        """Return the first line of the step that has just run, or of the one that failed before ``goal``.

        Raises BptuiError where it has no source to go into, and while its layer is on its way through its lines.
        """


class NoEntrance:
    """The entrance of a tape whose layers cannot be gone into."""

    is_waiting = False

    def enter(self, moment: Moment, *, goal: int) -> Lines:  # noqa: ARG002
        """Raise BptuiError."""
        raise BptuiError("a replay runs no code, so there are no lines to go into")


class Debugger:
    """A cursor over ``tape``, at ``position``: the number of steps before it.

    Where a command asks for a step that has not run yet, the cursor goes as far as the tape reaches, and on to
    its ``goal`` at the next ``catch_up``. Inside the source of the step's layer, ``lines`` is a second cursor.
    """

    def __init__(self, tape: Tape, open_entrance: Callable[[], Entrance] = NoEntrance) -> None:
        self.tape = tape
        self.open_entrance = open_entrance
        self.goal = 0
        self.position = 0
        self.lines: Lines | None = None

    @property
    def moment(self) -> Moment:
        """All that is known at the cursor."""
        return self.tape.at(self.position)

    def do(self, command: Travel) -> Moment:
        """Carry out a command, as far as the ends of the order let it go.

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

    def destination(self, command: Travel) -> int:  # noqa: C901, PLR0911, PLR0912  (one case, one return a command)
        """Return the position that a command asks for, which may lie beyond the ends."""
        order, here = self.tape.order, self.position
        match command:
            case Next(count):
                return here + count
            case Back(count):
                return here - count
            case Finish(count):
                return finish(order, here, count - bool(self.lines))
            case ReverseFinish(count):
                inside = bool(self.lines)
                return reverse_finish(order, here - inside, count - inside)
            case GoTo(step):
                return step
            case First():
                return 1
            case Last():
                return len(order)
            case GoToIteration(iteration):
                return order.start(max(0, min(iteration - 1, order.iterations))) + 1
            case NextIteration(count):
                return in_iteration(order, here, order.iteration_of(here) + count)
            case PreviousIteration(count):
                return in_iteration(order, here, order.iteration_of(here) - count)
            case ForwardPass():
                return pass_start(order, here, Pass.FORWARD)
            case BackwardPass():
                return pass_start(order, here, Pass.BACKWARD)
            case RunTo(str(name), count):
                return run_to(order, here, name, count)
            case RunTo() | Into() | LineBack():
                return here

    @cached_property
    def entrance(self) -> Entrance:
        """The way into the layers, opened when it is first wanted."""
        return self.open_entrance()

    def lines_after(self, command: Travel) -> Lines | None:
        """Return where a command leads in the source of the step's layer; None is out of it."""
        match command:
            case Into(count) if self.lines:
                return self.lines.next(count)
            case Into(count):
                return self.entrance.enter(self.moment, goal=self.goal).next(count - 1)
            case LineBack(count) if self.lines:
                return self.lines.back(count)
            case _:
                return None


def in_iteration(order: Order, position: int, iteration: int) -> int:
    """Return the position in another ``iteration`` (from 0, or the nearest that there is) that is as far in it."""
    target = max(0, min(iteration, order.iterations - 1))
    done = max(1, position - order.start(order.iteration_of(position)))
    return min(order.start(target) + done, order.start(target + 1))


def finish(order: Order, position: int, count: int) -> int:
    """Return the last step of the ``count``-th pass that is not finished at ``position``."""
    for _ in range(min(count, len(order))):
        ends = [start - 1 for start in pass_starts_around(order, position)]
        position = next((end for end in ends if end > position), len(order))
    return position


def reverse_finish(order: Order, position: int, count: int) -> int:
    """Return the first step of the ``count``-th pass, going back, that has begun before ``position``."""
    for _ in range(min(count, len(order))):
        starts = pass_starts_around(order, position)
        position = next((start for start in reversed(starts) if start < position), 0)
    return position


def pass_starts_around(order: Order, position: int) -> list[int]:
    """Return the first steps of the passes of this iteration, the one before and the one after, in order."""
    here = order.progress(position).iteration
    return list(chain.from_iterable(order.pass_starts(it) for it in range(max(0, here - 1), here + 2)))


def pass_start(order: Order, position: int, pass_: Pass) -> int:
    """Return the first step of a pass of the iteration at ``position``; ``position`` where the pass is empty."""
    iteration = order.progress(position).iteration
    starts = (start for start in order.pass_starts(iteration) if order[start].pass_ is pass_)
    return next(starts, position)


def run_to(order: Order, position: int, name: str, count: int) -> int:
    """Return where going on to the next step of ``name`` leads, ``count`` times."""
    for _ in range(min(count, len(order))):
        before, position = position, nearest_step(order, position, name)
        if position == before:
            break
    return position


def nearest_step(order: Order, position: int, name: str) -> int:
    """Return the nearest later step of ``name``, or else the nearest earlier, or else ``position``."""
    here = order.progress(position).iteration
    around = range(max(0, here - 1), min(here + 2, order.iterations))
    steps = sorted(chain.from_iterable(steps_of(order, iteration, name) for iteration in around))
    later = [step for step in steps if step > position]
    earlier = [step for step in steps if step < position]
    return later[0] if later else earlier[-1] if earlier else position


def steps_of(order: Order, iteration: int, name: str) -> Iterator[int]:
    """Yield a name's steps in ``iteration`` (from 0): where it is computed, gets its gradient and is updated."""
    for pass_ in Pass:
        if (number := order.step_number(iteration, pass_, name)) is not None:
            yield number
    if order.passes(iteration).graph.is_leaf(name) and (number := order.complete_at(iteration, name)) is not None:
        yield number
