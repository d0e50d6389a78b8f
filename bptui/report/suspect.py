"""Where a run went wrong: the first step that made a NaN or an infinity."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from bptui.core import text
from bptui.core.step import BackwardStep, ForwardStep, Step, UpdateStep
from bptui.core.tape import Tape
from layers import Array


class Suspect(NamedTuple):
    """What made the first NaN or infinity: the step of this number, or 0 where a value was given so; and in words."""

    number: int
    told: str


def find_suspect(tape: Tape) -> Suspect | None:
    """Return where the first NaN or infinity comes from, None where all numbers are finite."""
    start = tape.at(0)
    for name in tape.graph.leaves:
        if kind := odd_kind([value for value in [start.value(name)] if value is not None]):
            return Suspect(0, f"{text.visible(name)} has {kind} in it to begin with")
    for step in tape:
        if kind := odd_kind(made(step)):
            told = f"{text.visible(step.name)} made the first {kind}, in step {step.number} ({step.pass_.value})"
            return Suspect(step.number, told)
    return None


def made(step: Step) -> Iterable[Array]:
    """Return the arrays that a step made."""
    match step:
        case ForwardStep():
            return (step.out,)
        case BackwardStep():
            return [gradient for gradient in step.gradients if gradient is not None]
        case UpdateStep():
            return (step.after,)


def odd_kind(arrays: Iterable[Array]) -> str:
    """Return ``NaN`` or ``infinity`` where one is in ``arrays``, and nothing where all is finite."""
    odd = [array for array in arrays if not np.isfinite(array).all()]
    if not odd:
        return ""
    return "NaN" if any(np.isnan(array).any() for array in odd) else "infinity"
