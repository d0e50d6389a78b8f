"""From a moment into the source of its step: which layer, on which inputs, and why not where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bptui.core import text
from bptui.core.columns import arriving, as_array, as_optional_array
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.step import BackwardStep, ForwardStep, UpdateStep
from bptui.errors import BptuiError
from bptui.running import Run
from bptui.stepping.line_tape import LineCursor, LineTape
from bptui.stepping.trace_call import Recorded, visit
from layers import Array

if TYPE_CHECKING:
    from bptui.guest.guest_layer import GuestLayer
    from bptui.guest.pending_call import Pending

PATIENCE = 0.05
"""Seconds that a key may wait for a guest."""

LONGEST = 10.0
"""Seconds after which a guest that has not come back is given up, and its process ended."""


class LayerEntrance:
    """The way into the layers of ``run``. Nobody waits here for a guest that takes its time: it is asked again."""

    def __init__(self, run: Run | None) -> None:
        self.run = run
        self.position = 0
        self.pending: Pending | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether a guest is on its way."""
        return self.pending is not None

    def enter(self, moment: Moment, *, goal: int | None = None) -> LineCursor:
        """Return the first line of the step that has just run, or of that whose failure kept the cursor from ``goal``.

        Raises BptuiError where it has no source to go into, and while a guest is on its way through its lines.
        """
        if self.position != moment.position:
            self.position, self.pending = moment.position, None
        patience = 0.0
        if self.pending is None:
            course = begin_stepping(self.run, moment, goal)
            if isinstance(course, LineTape):
                return course.start
            self.pending, patience = course, PATIENCE
        if not self.pending.wait(patience) and self.pending.elapsed < LONGEST:
            raise BptuiError("the layer is still running …")
        pending, self.pending = self.pending, None
        return wait_for_lines(pending, seconds=0).start


def step_into(run: Run, moment: Moment) -> LineTape:
    """Return the course of the step that has just run, however long that takes. Raises BptuiError as ``begin`` does."""
    course = begin_stepping(run, moment)
    return course if isinstance(course, LineTape) else wait_for_lines(course, seconds=LONGEST)


def begin_stepping(run: Run | None, moment: Moment, goal: int | None = None) -> LineTape | Pending:
    """Return the course of a step, for a guest the call that is under way.

    Raises BptuiError where the step has no source to go into.
    """
    if run is None:
        raise BptuiError("a replay runs no code, so there are no lines to go into")
    if run.failure and goal is not None and goal > moment.position == len(run.tape):
        return go_into_failure(run, moment)
    iteration = moment.progress.iteration
    match moment.step:
        case ForwardStep() as step:
            return go(run, iteration, step.name, None, step.outs)
        case BackwardStep(dout=None) as step:
            raise BptuiError(f"no gradient reaches {text.visible(step.name, limit=40)}: its backward does not run")
        case BackwardStep() as step:
            return go(run, iteration, step.name, step.douts, step.gradients)
        case UpdateStep():
            raise BptuiError("an update has no layer to go into: N goes back to the backward pass")
        case None:
            raise BptuiError("nothing has run yet: n takes the first step, then s goes into it")


def go_into_failure(run: Run, moment: Moment) -> LineTape | Pending:
    """Return the course of the step that the run failed at, which is not on its tape."""
    turn = run.tape.order[len(run.tape) + 1]
    douts = arriving_douts(run, moment, turn.name) if turn.pass_ is Pass.BACKWARD else None
    return go(run, turn.iteration - 1, turn.name, douts, None)


def arriving_douts(run: Run, moment: Moment, name: str) -> Sequence[Array | None]:
    """Return what has arrived at the outputs of a node whose backward has not run."""
    node = run.graph.node_index(name)
    assert node is not None
    columns = moment.columns
    totals = [columns.dout if it == run.graph.output else moment.gradient(it) for it in run.graph.nodes[node].outputs]
    dout = arriving(totals, range(len(totals)), [columns.values[slot] for slot in run.graph.slots_of(node)])
    return tuple(map(as_optional_array, dout if isinstance(dout, tuple) else (dout,)))


def go(
    run: Run, iteration: int, name: str, douts: Sequence[Array | None] | None, recorded: Recorded
) -> LineTape | Pending:
    """Return the course of one node's forward or, with douts, of its backward, on the inputs that the run gave it."""
    node = run.graph.node_index(name)
    assert node is not None
    inputs = [as_array(value)[()] for value in run.tape.inputs(iteration, node)]
    numbers = [dout[()] for dout in douts or () if dout is not None]
    if node in run.scenario.guests:
        return ask(run.guest(node, iteration), inputs, numbers, recorded)
    return visit(lambda: run.fresh_layer(node), inputs, numbers, recorded=recorded)


def ask(layer: GuestLayer, inputs: list[Any], douts: list[Any], recorded: Recorded) -> Pending:
    """Let a guest go into its lines, in its own process."""
    from bptui.stepping.guest_job import JOB  # noqa: PLC0415  (few scenarios have guests)

    return layer.begin_job(JOB, *inputs, *douts, *(recorded or ()), given=len(inputs), douts=len(douts))


def wait_for_lines(pending: Pending, *, seconds: float) -> LineTape:
    """Return the course that a guest hands over within ``seconds``. Raises LayerError where it does not."""
    from bptui.stepping.guest_job import read_course  # noqa: PLC0415  (few scenarios have guests)

    return read_course(pending.result(seconds))
