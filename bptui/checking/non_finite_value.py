"""A built-in layer's value that is NaN or infinite though its inputs are finite: right there, and the end of checking.

``log(0)`` is -∞ whoever works it out, so this accuses nobody; it says which numbers have to be others.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bptui.checking.compare_arrays import same
from bptui.checking.fault import FaultError
from bptui.checking.finding import plain_index
from bptui.checking.probe import Probe
from bptui.core import text
from layers import Array


def non_finite_value(probe: Probe, out: Array) -> FaultError | None:
    """Return the caution about NaN or infinity that forward makes of finite inputs; None where it makes none."""
    if np.isfinite(out).all():
        return None
    kind = "NaN" if np.isnan(out).any() else "Infinity"
    wanted = np.isnan(out) if kind == "NaN" else np.isinf(out)
    index = plain_index(np.unravel_index(int(np.argmax(wanted)), out.shape))
    made = text.number(float(out[index])).replace("Inf", "Infinity")
    found = ", ".join(operands(probe, out, index))
    what = f"its value{' at ' * bool(index)}{text.index(index)} is {made} though all inputs are finite"
    reason = f"{what}{f': {found}' if found else ''}; nothing can be measured there, nor in what comes of it"
    return FaultError("finite", reason, mistake=f"{kind} of finite numbers", is_caution=True)


def operands(probe: Probe, out: Array, index: tuple[int, ...]) -> Iterator[str]:
    """Yield the numbers that an element is made of; none where they alone do not make it so."""
    inputs = probe.subject.inputs
    try:
        numbers = tuple([np.array(np.broadcast_to(x, out.shape)[index]) for x in inputs])
        is_made_of_them = same(probe.forward(numbers), out[index])
    except (ValueError, FaultError):
        return
    if is_made_of_them:
        for name, x, number in zip(probe.subject.names, inputs, numbers, strict=True):
            where = text.index(index) if x.shape == out.shape else ""
            yield told(text.visible(name) + where, float(number))


def told(name: str, number: float) -> str:
    """Return an operand with its number; a constant is named by that already."""
    return name if name == repr(number) else f"{name} = {text.number(number)}"
