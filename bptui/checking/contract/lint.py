"""The rules of the contract one after the other; none that is broken hides another."""

from __future__ import annotations

from bptui.checking.compare_arrays import copied, copies
from bptui.checking.contract.array_memory import sharing_faults, write_faults
from bptui.checking.contract.dout_linearity import linear_faults
from bptui.checking.contract.float_digits import precision_faults, truncation_faults
from bptui.checking.contract.lint_point import PAUSE, Faults, LintPoint
from bptui.checking.contract.random_draws import drawing_faults
from bptui.checking.contract.repeated_calls import repeat_faults, stale_faults
from bptui.checking.contract.steps_in_backward import taking_step
from bptui.checking.fault import FaultError

RULES = (
    "raises",
    "value",
    "repeatable",
    "mutates",
    "gradients",
    "shape",
    "dtype",
    "finite",
    "shared-memory",
    "second-backward",
    "draws-again",
    "linear",
    "stale-cache",
)
"""The rules of the lint, in the order in which they are looked at."""


def lint(point: LintPoint) -> Faults:
    """Yield what the layer does wrong: a rule that cannot be looked at hides no other. Raises what hides all."""
    visit = point.probe.visit(copies(point.inputs))
    yield from write_faults(point, visit, "forward")
    dout = point.dout.copy()
    handed = point.probe.backward(visit.layer, dout)
    takes_step = yield from taking_step(point, visit, handed)
    if not takes_step:
        yield from write_faults(point, visit, "backward", before=point.dout, dout=dout)
    yield from precision_faults(point, handed, visit)
    yield from sharing_faults(point, handed, visit, dout)
    first = copied(handed)
    yield PAUSE
    draws_again = yield from drawing_faults(point, first)
    rules: list[Faults] = [truncation_faults(point, first)]
    if not takes_step:
        rules = [linear_faults(point, first), *rules, stale_faults(point, visit.out, first)]
    for rule in rules if draws_again or takes_step else [repeat_faults(point, visit, handed, first), *rules]:
        yield PAUSE
        try:
            yield from rule
        except FaultError as fault:
            yield fault
