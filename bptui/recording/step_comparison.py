"""The first number of a recorded step that is another in a run of now: its place, both values, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bptui.core.step import BackwardStep, ForwardStep, Step, UpdateStep
from bptui.core.tape import Tape
from bptui.core.tape_diff import array_difference
from layers import Array

DECIDING = {
    "Relu": "mask",
    "LeakyRelu": "mask",
    "PRelu": "mask",
    "Elu": "mask",
    "Abs": "sign",
    "Clip": "mask",
    "Max": "argmax",
    "Min": "argmin",
    "MaxPool2d": "argmax",
    "Maximum": "choice",
    "Minimum": "choice",
    "Where": "choice",
    "Dropout": "mask",
}
"""Layers that decide between elements, and what their decision is called: it is the same or it is not."""

LOCAL = "local by"
"""What is said of a local derivative, before the input's name."""


@dataclass(frozen=True, eq=False)
class Divergence:
    """The first number that is another now: at a ``step``, ``what`` of which node, the element, and both numbers.

    ``decision`` is what a layer has decided otherwise, and ``branch`` where that is not the main one.
    """

    step: int
    pass_: str
    name: str
    what: str
    index: tuple[int, ...] | None
    recorded: Array | None
    now: Array | None
    decision: str = ""
    branch: str = ""

    @property
    def numbers(self) -> tuple[float, float] | None:
        """The recorded number and the one now."""
        if self.index is None or self.recorded is None or self.now is None:
            return None
        return float(self.recorded[self.index]), float(self.now[self.index])


def compared_tapes(recorded: Tape, now: Tape, rtol: float) -> tuple[int, Divergence | None]:
    """Return how many steps of a program's recording were compared with another run's, and the first difference."""
    for number in range(1, len(recorded) + 1):
        step = recorded.step(number)
        if number > len(now):
            return number, divergence_in_words(step, "the program has no such step now")
        other = now.step(number)
        if (step.name, step.pass_) != (other.name, other.pass_):
            return number, divergence_in_words(step, f"the program's step is {other.pass_.value} of {other.name} now")
        if (found := other_start(recorded, now, step, rtol) or other_step(step, other, rtol)) is not None:
            return number, found
    return len(recorded), None


def divergence_in_words(step: Step, what: str) -> Divergence:
    """Return a difference at a step that is not one of numbers."""
    return Divergence(step.number, step.pass_.value, step.name, what, None, None, None)


def other_start(recorded: Tape, now: Tape, step: Step, rtol: float) -> Divergence | None:
    """Return which leaf of an iteration is another now, at the iteration's first step; by names that both have."""
    iteration = step.iteration - 1
    if step.number != recorded.order.start(iteration) + 1:
        return None
    there, here = (leaves_of(tape, iteration) for tape in (recorded, now))
    for name in (it for it in there if it in here):
        if (found := other_array(there[name], here[name], rtol)) is not None:
            return Divergence(step.number, "", name, "value", *found)
    return None


def leaves_of(tape: Tape, iteration: int) -> dict[str, Array]:
    """Return the leaves that an iteration (from 0) starts from, by name."""
    names = tape.order.passes(iteration).graph.leaves
    return {name: np.asarray(it) for name, it in zip(names, tape.iterations[iteration].values, strict=False)}


def other_step(recorded: Step, now: Step, rtol: float) -> Divergence | None:
    """Return what of a step is another now."""
    for (what, value), (_, other) in zip(all_arrays(recorded), all_arrays(now), strict=False):
        if what.startswith(LOCAL) and (value is None or other is None):
            continue  # which layers tell theirs is another thing from version to version
        if (found := other_array(value, other, rtol)) is not None:
            decision = decision_of(recorded, what, value, other, found.at)
            return Divergence(recorded.number, recorded.pass_.value, recorded.name, what, *found, decision)
    return None


class OtherArray(NamedTuple):
    """Where two arrays are apart, None where they are not to be compared by elements, and both."""

    at: tuple[int, ...] | None
    recorded: Array | None
    now: Array | None


def other_array(recorded: Array | None, now: Array | None, rtol: float) -> OtherArray | None:
    """Return where an array is another now; with an ``rtol`` of 0 the sign of a zero and the dtype count, too."""
    if (found := array_difference(recorded, now, rtol)) is not None:
        return OtherArray(found[0], recorded, now)
    if rtol or recorded is None or now is None:
        return None
    if recorded.dtype != now.dtype:
        return OtherArray(None, recorded, now)
    others = (np.signbit(recorded) != np.signbit(now)) & (recorded == now) if recorded.dtype.kind == "f" else np.False_
    return OtherArray(tuple(map(int, np.argwhere(others)[0])), recorded, now) if others.any() else None


def all_arrays(step: Step) -> Iterator[tuple[str, Array | None]]:
    """Yield all that is recorded of a step, and what it is; local derivatives come before what is made of them."""
    match step:
        case ForwardStep():
            yield from ((f"value {name}" if name != step.name else "value", it) for name, it in outputs_of_step(step))
        case BackwardStep():
            yield from (("dout", dout) for dout in step.douts)
            yield from ((f"{LOCAL} {name}", it) for name, it in zip(step.node.inputs, step.local, strict=False))
            yield from ((f"gradient of {name}", it) for name, it in zip(step.node.inputs, step.gradients, strict=False))
        case UpdateStep():
            yield "gradient", step.gradient
            yield "before", step.before
            yield "after", step.after


def outputs_of_step(step: ForwardStep) -> Iterator[tuple[str, Array]]:
    """Yield the outputs of a step by name."""
    return zip(step.node.outputs, step.outs, strict=True)


def decision_of(step: Step, what: str, value: Array | None, now: Array | None, index: tuple[int, ...] | None) -> str:
    """Return what a layer has decided otherwise, where that is why two numbers differ; empty where it is not."""
    if not isinstance(step, BackwardStep) or step.node.layer not in DECIDING or step.node.origin:
        return ""
    if index is None or value is None or now is None or not what.startswith((LOCAL, "gradient")):
        return ""
    return DECIDING[step.node.layer] if (value[index] == 0) is not (now[index] == 0) else ""
