"""Rules about memory: a layer writes into nothing that it was given, and its gradients share none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

from bptui.checking.compare_arrays import same
from bptui.checking.contract.lint_point import LintPoint
from bptui.checking.fault import FaultError
from bptui.checking.probe import Visit
from layers import Array


def write_faults(
    point: LintPoint, visit: Visit, method: str, *, before: Array | None = None, dout: Array | None = None
) -> Iterator[FaultError]:
    """Rule ``mutates``: inputs, dout and the output stay as they were."""
    for position, (x, given) in enumerate(zip(point.inputs, visit.given, strict=True)):
        if not same(x, given):
            reason = f"{method} writes into its input {point.probe.subject.called(position)}, which others still use"
            yield FaultError("mutates", reason, position, "writes into its input")
    if before is not None and dout is not None and not same(before, dout):
        reason = f"{method} writes into dout, which may be the gradient of other nodes, too"
        yield FaultError("mutates", reason, mistake="writes into dout")
    if not same(visit.out, np.asarray(visit.handed)):
        yield FaultError("mutates", f"{method} writes into what forward returned", mistake="writes into its output")


def sharing_faults(point: LintPoint, handed: tuple[Any, ...], visit: Visit, dout: Array) -> Iterator[FaultError]:
    """Rule ``shared-memory``: whoever changes one gradient changes no other, nor an input."""
    own = [(i, it) for i, it in enumerate(handed) if isinstance(it, np.ndarray) and not np.may_share_memory(it, dout)]
    called = point.probe.subject.called
    for (i, one), (j, two) in combinations(own, 2):
        if np.shares_memory(one, two):
            reason = f"the gradients of {called(i)} and {called(j)} are the same memory"
            yield FaultError("shared-memory", reason, i, "gradients share memory")
    for i, one in own:
        for j, x in enumerate(visit.given):
            if isinstance(x, np.ndarray) and np.may_share_memory(one, x) and np.shares_memory(one, x):
                reason = f"the gradient of {called(i)} is the memory of the input {called(j)}"
                yield FaultError("shared-memory", reason, i, "gradient is a view of an input")
