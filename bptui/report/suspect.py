"""Where a run went wrong: the first step that made a NaN or an infinity."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bptui.core import text
from bptui.core.step import BackwardStep, ForwardStep, Step, UpdateStep
from bptui.core.tape import Tape
from layers import Array


def first_not_finite(tape: Tape) -> Step | None:
    """Return the first step that made a NaN or an infinity, None where none did."""
    return next((step for step in tape if not all(map(is_finite, made(step)))), None)


def made(step: Step) -> Iterable[Array]:
    """Return the arrays that a step made."""
    match step:
        case ForwardStep():
            return (step.out,)
        case BackwardStep():
            return [gradient for gradient in step.gradients if gradient is not None]
        case UpdateStep():
            return (step.after,)


def is_finite(array: Array) -> bool:
    """Return whether an array has neither NaN nor infinity."""
    return bool(np.isfinite(array).all())


def tell_suspect(step: Step) -> str:
    """Return in words what the first step with a NaN or an infinity did."""
    kind = "NaN" if any(np.isnan(array).any() for array in made(step)) else "infinity"
    return f"{text.visible(step.name)} made the first {kind}, in step {step.number} ({step.pass_.value})"
