"""What a call back changes by a step of its own: parameters whose gradients nobody sees, and which are not checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bptui.checking.finding import Finding, Verdict
from bptui.guest.child.object_arrays import attribute_dict
from bptui.program_checking.called_again import CalledAgain
from layers import Array

OWN_STEP = "a step of its own"
"""The mistake, if it is one, of a backward that updates what forward works with."""


def own_step_findings(
    node: str, layer: str, make: Callable[[], CalledAgain], values: Sequence[Array]
) -> Iterator[Finding]:
    """Yield a caution for each array that forward works with, that a call back changes, and that has no gradient.

    Looked at beside the program's ``values``: with zeros for inputs a step changes nothing.
    """
    again, beside = make(), values_beside(values)
    again.forward(*beside)
    before = {name: np.array(it) for name, it in float_arrays(again.owner)}
    again.gradients([np.ones_like(np.asarray(out, np.float64)) for out in again.outs])
    now = dict(float_arrays(again.owner))
    changed = [name for name, it in before.items() if name in now and not np.array_equal(it, now[name])]
    for name in changed:
        if name not in again.values.held and is_used(make, name, beside):
            reason = f"backward changes {name} by a step of its own, and leaves no gradient of it: that is not checked"
            told = Finding(node, layer, None, "gradient", Verdict.SKIP, reason=reason, mistake=OWN_STEP)
            yield replace(told, slot=f"{node}.{name}")


def float_arrays(owner: Any) -> Iterator[tuple[str, Any]]:
    """Yield the arrays of floats among the attributes of an object, by name."""
    for name, it in (attribute_dict(owner) or {}).items():
        if isinstance(it, np.ndarray) and it.dtype.kind == "f":
            yield name, it


def values_beside(values: Sequence[Array]) -> list[Array]:
    """Return values near others, none of which is 0: where an input is, forward does not show what it works with."""
    draw = np.random.default_rng(11)
    return [x + draw.uniform(0.1, 0.5, x.shape) if x.dtype.kind == "f" else np.where(x == 0, 1, x) for x in values]


def is_used(make: Callable[[], CalledAgain], name: str, values: Sequence[Array]) -> bool:
    """Return whether what a forward makes of values depends on an attribute."""
    plain, other = make(), make()
    plain.forward(*values)
    setattr(other.owner, name, getattr(other.owner, name) * 1.01 + 0.01)
    other.forward(*values)
    return not all(map(np.array_equal, plain.outs, other.outs))
