"""From a moment into the source of its step: which layer, on which inputs, and why not where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from bptui.core import text
from bptui.core.columns import as_array
from bptui.core.engine import Run
from bptui.core.moment import Moment
from bptui.core.source.line_tape import LineTape
from bptui.core.source.visit import Recorded, visit
from bptui.core.step import BackwardStep, ForwardStep, UpdateStep
from bptui.errors import BptuiError


@runtime_checkable
class Visitable(Protocol):
    """A stand-in for a layer that runs elsewhere, and is visited there."""

    def visit(self, inputs: Sequence[Any], dout: Any, recorded: Recorded) -> LineTape:
        """Return the course of its forward, or with a ``dout`` of its backward."""
        ...


def enter(moment: Moment) -> LineTape:
    """Return the course of the step that has just run. Raises BptuiError where it has no source to go into."""
    run = moment.tape
    if not isinstance(run, Run):
        raise BptuiError("a replay runs no code, so there are no lines to go into")
    match moment.step:
        case ForwardStep() as step:
            return visit_node(run, moment, step.name, None, step.out)
        case BackwardStep(dout=None) as step:
            raise BptuiError(f"no gradient reaches {text.visible(step.name, limit=40)}: its backward does not run")
        case BackwardStep() as step:
            return visit_node(run, moment, step.name, step.dout, step.gradients)
        case UpdateStep():
            raise BptuiError("an update has no layer to go into: N goes back to the backward pass")
        case None:
            raise BptuiError("nothing has run yet: n takes the first step, then s goes into it")


def visit_node(run: Run, moment: Moment, name: str, dout: Any, recorded: Recorded) -> LineTape:
    """Return the course of one node's forward or backward on the inputs that the run gave it."""
    node = run.graph.slots[name] - len(run.graph.leaves)
    values = run.iterations[moment.progress.iteration].values
    inputs = [as_array(values[slot])[()] for slot in run.graph.edges[node]]
    layer = run.fresh_layer(node)
    if isinstance(layer, Visitable):
        return layer.visit(inputs, dout, recorded)
    return visit(lambda: layer, inputs, None if dout is None else dout[()], recorded=recorded)
