"""From a moment into the source of its step: which layer, on which inputs, and why not where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bptui.core import text
from bptui.core.columns import as_array
from bptui.core.engine import Run
from bptui.core.moment import Moment
from bptui.core.source.line_tape import LineTape
from bptui.core.source.visit import visit
from bptui.core.step import BackwardStep, ForwardStep, UpdateStep
from bptui.errors import BptuiError
from layers import Layer

if TYPE_CHECKING:
    from bptui.core.guest.layer import GuestLayer
    from bptui.core.guest.pending import Pending

PATIENCE = 0.05
"""Seconds that a key may wait for a guest."""

LONGEST = 10.0
"""Seconds after which a guest that has not come back is given up, and its process ended."""


class Entrance:
    """The way into the layers of a run. Nobody waits here for a guest that takes its time: it is asked again."""

    def __init__(self) -> None:
        self.position = 0
        self.pending: Pending | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether a guest is on its way."""
        return self.pending is not None

    def enter(self, moment: Moment) -> LineTape:
        """Return the course of the step that has just run.

        Raises BptuiError where it has no source to go into, and while a guest is on its way through its lines.
        """
        if self.position != moment.position:
            self.position, self.pending = moment.position, None
        patience = 0.0
        if self.pending is None:
            course = begin(moment)
            if isinstance(course, LineTape):
                return course
            self.pending, patience = course, PATIENCE
        if not self.pending.wait(patience) and self.pending.elapsed < LONGEST:
            raise BptuiError(f"{text.visible(str(moment.name), limit=40)} is still running …")
        pending, self.pending = self.pending, None
        return read(pending, seconds=0)


def enter(moment: Moment) -> LineTape:
    """Return the course of the step that has just run, however long that takes. Raises BptuiError as ``begin`` does."""
    course = begin(moment)
    return course if isinstance(course, LineTape) else read(course, seconds=LONGEST)


def begin(moment: Moment) -> LineTape | Pending:
    """Return the course of the step that has just run, for a guest the call that is under way.

    Raises BptuiError where the step has no source to go into.
    """
    run = moment.tape
    if not isinstance(run, Run):
        raise BptuiError("a replay runs no code, so there are no lines to go into")
    match moment.step:
        case ForwardStep() as step:
            return go(run, moment, step)
        case BackwardStep(dout=None) as step:
            raise BptuiError(f"no gradient reaches {text.visible(step.name, limit=40)}: its backward does not run")
        case BackwardStep() as step:
            return go(run, moment, step)
        case UpdateStep():
            raise BptuiError("an update has no layer to go into: N goes back to the backward pass")
        case None:
            raise BptuiError("nothing has run yet: n takes the first step, then s goes into it")


def go(run: Run, moment: Moment, step: ForwardStep | BackwardStep) -> LineTape | Pending:
    """Return the course of one node's step on the inputs that the run gave it."""
    iteration = moment.progress.iteration
    node = run.graph.slots[step.name] - len(run.graph.leaves)
    values = run.iterations[iteration].values
    inputs = [as_array(values[slot])[()] for slot in run.graph.edges[node]]
    layer: Layer | GuestLayer = run.fresh_layer(node)
    dout = step.dout[()] if isinstance(step, BackwardStep) and step.dout is not None else None
    recorded = step.gradients if isinstance(step, BackwardStep) else step.out
    if isinstance(layer, Layer):
        return visit(lambda: layer, inputs, dout, recorded=recorded)
    layer.iteration = iteration
    return ask(layer, inputs, dout, recorded)


def ask(layer: GuestLayer, inputs: list[Any], dout: Any, recorded: Any) -> Pending:
    """Let a guest go into its lines, in its own process."""
    from bptui.core.source.job import JOB  # noqa: PLC0415  (few scenarios have guests)

    more = [recorded] if dout is None else [dout, *recorded]
    return layer.begin_job(JOB, *inputs, *more, given=len(inputs), has_dout=dout is not None)


def read(pending: Pending, *, seconds: float) -> LineTape:
    """Return the course that a guest hands over within ``seconds``. Raises LayerError where it does not."""
    from bptui.core.source.job import read_course  # noqa: PLC0415  (few scenarios have guests)

    return read_course(pending.result(seconds))
