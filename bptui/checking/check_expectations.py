"""``[expect]``: known numbers, and whether the run has them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bptui.checking.finding import Finding, Verdict, Worst, plain_index
from bptui.core import text
from bptui.core.tape import Tape
from bptui.scenario.scenario import Expect
from layers import Array

RULE = "expect"


def check_expectations(tape: Tape, expect: Expect) -> Iterator[Finding]:
    """Yield a finding for each value and each gradient that a scenario expects."""
    values, gradients = tape.values, tape.gradients
    for name, wanted in expect.values.items():
        yield compare(tape, name, values[name], wanted, given_to=None, expect=expect)
    for name, wanted in expect.gradients.items():
        yield compare(tape, name, gradients[name], wanted, given_to=name, expect=expect)


def compare(
    tape: Tape, name: str, got: Array | None, wanted: Array, *, given_to: str | None, expect: Expect
) -> Finding:
    """Return the finding on one expectation; ``given_to`` names the value whose gradient it is about."""
    node = tape.graph.node(name)
    layer = node.layer if node else None
    what = f"the gradient of {text.visible(name)}" if given_to else text.visible(name)
    if got is None:
        reason = f"{what} has none: no gradient reaches it"
        return Finding(name, layer, given_to, RULE, Verdict.FAIL, reason=reason, mistake="unexpected")
    if wanted.shape not in {(), got.shape}:
        reason = f"{what} is {text.shape(got)}, and {text.shape(wanted)} is expected"
        return Finding(name, layer, given_to, RULE, Verdict.FAIL, reason=reason, mistake="unexpected")
    wanted = np.broadcast_to(wanted, got.shape)
    with np.errstate(all="ignore"):
        allowed = np.asarray(expect.atol + expect.rtol * np.abs(wanted))
        fits = (got == wanted) | (np.abs(got - wanted) <= allowed) | (np.isnan(got) & np.isnan(wanted))
    if fits.all():
        return Finding(name, layer, given_to, RULE, Verdict.PASS)
    worst = farthest(got, wanted, allowed, fits)
    count = int(fits.size - np.count_nonzero(fits))
    reason = f"{what} is not as expected in {count} of {fits.size} elements"
    return Finding(name, layer, given_to, RULE, Verdict.FAIL, worst=worst, reason=reason, mistake="unexpected")


def farthest(got: Array, wanted: Array, allowed: Array, fits: Array) -> Worst:
    """Return the element that is farthest off: what was got, what was expected, and how much was allowed."""
    with np.errstate(all="ignore"):
        off = np.where(fits, -1, np.nan_to_num(np.abs(got - wanted) / allowed, nan=np.inf))
    index = plain_index(np.unravel_index(int(np.argmax(off)), off.shape))
    return Worst(index, float(got[index]), float(wanted[index]), float(allowed[index]))
