"""What an expression may say of the step that has just run: ``dout``, ``pass``, ``gradient(x)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bptui.core.moment import Moment
from bptui.core.step import BackwardStep, ForwardStep, Step, UpdateStep
from layers import Array


def value_at_step(moment: Moment) -> Array | None:
    """Return the value of this step's node, or of its parameter after the update."""
    match moment.step:
        case ForwardStep() as step:
            return step.out
        case BackwardStep() as step:
            return moment.value(step.name)
        case UpdateStep() as step:
            return step.after
        case None:
            return None


def dout_of(moment: Moment) -> Array | None:
    """Return the gradient that has arrived at this step's node."""
    return moment.step.dout if isinstance(moment.step, BackwardStep) else None


def pass_of(moment: Moment) -> str | None:
    """Return the name of this step's pass."""
    return moment.pass_.value if moment.position else None


STEP_NAMES: Mapping[str, Callable[[Moment], Any]] = {
    "out": value_at_step,
    "dout": dout_of,
    "step": lambda moment: moment.position,
    "iteration": lambda moment: moment.iteration,
    "node": lambda moment: moment.name,
    "pass": pass_of,
}
"""What an expression may say of the step that has just run."""


def inputs_of(step: Step) -> Sequence[str]:
    """Return the names of which ``local`` and ``gradient`` can tell at a step."""
    return (step.parameter,) if isinstance(step, UpdateStep) else step.node.inputs


def contribution_of(moment: Moment, name: str) -> Array | None:
    """Return what this step adds to the gradient of one of its inputs, over all its uses; None in the forward pass.

    Raises ValueError where the input takes no gradient.
    """
    match moment.step:
        case BackwardStep() as step:
            return summed(
                [it for it, of in zip(step.gradients, step.node.inputs, strict=True) if of == name], "gradient"
            )
        case UpdateStep() as step:
            return step.gradient
        case _:
            return None


def local_of(moment: Moment, name: str) -> Array | None:
    """Return the local derivative of this step's node by one of its inputs, over all its uses; None in an update.

    Raises ValueError where it is not a single array.
    """
    step = moment.step
    if step is None or isinstance(step, UpdateStep):
        return None
    entries = zip(moment.local(step.name), step.node.inputs, strict=True)
    return summed([it for it, of in entries if of == name], "local derivative that is a single array")


def summed(entries: Sequence[Array | None], what: str) -> Array:
    """Return the sum of arrays. Raises ValueError, which says ``what`` is missing, where one of them is not there."""
    arrays = [it for it in entries if it is not None]
    if len(arrays) < len(entries) or not arrays:
        raise ValueError(f"it has no {what} here")
    return sum(arrays[1:], arrays[0])


AT_STEP: Mapping[str, Callable[[Moment, str], Array | None]] = {
    "grad": lambda moment, name: moment.gradient(name),
    "local": local_of,
    "gradient": contribution_of,
}
"""The functions that look at the run: they take the name of a value. None is for what is not there yet."""
