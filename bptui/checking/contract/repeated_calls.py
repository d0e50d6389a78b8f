"""Rules about calling a layer again: a second backward, other inputs in between, another instance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bptui.checking.compare_arrays import Gradients, alike, copied, copies, first_difference, same, without
from bptui.checking.contract.array_memory import write_faults
from bptui.checking.contract.lint_point import PAUSE, Faults, LintPoint
from bptui.checking.fault import FaultError
from bptui.checking.probe import Visit
from layers import Array


def repeat_faults(point: LintPoint, visit: Visit, handed: tuple[Any, ...], first: Gradients) -> Iterator[FaultError]:
    """Rule ``second-backward``: backward leaves the layer as it was, and hands out new memory each time.

    One that takes from a stack what its forward has put there goes back once only, which is no mistake.
    """
    try:
        yield from second_backward_faults(point, visit, handed, first)
    except FaultError as fault:
        if fault.rule != "raises":
            raise
        reason = f"backward can be called once for each forward: after that, {fault.reason}"
        yield FaultError("second-backward", reason, mistake="goes back once", is_caution=True)


def second_backward_faults(
    point: LintPoint, visit: Visit, handed: tuple[Any, ...], first: Gradients
) -> Iterator[FaultError]:
    """Yield what is wrong with backward when it is called again after one forward."""
    other = point.other.copy()
    answer = copied(point.probe.backward(visit.layer, other))
    yield from write_faults(point, visit, "backward", before=point.other, dout=other)
    is_changed = not all(a is None or same(a, np.asarray(b)) for a, b in zip(first, handed, strict=True))
    again = copied(point.probe.backward(visit.layer, point.dout.copy()))
    if first_difference(again, first) is not None and adds_until_forward(point, visit, first):
        reason = "backward adds to what an earlier call has left, until forward runs again"
        yield FaultError("second-backward", reason, None, "adds up", is_caution=True)
        return
    if is_changed:
        reason = "a second backward changes the gradients that the first one returned"
        yield FaultError("shared-memory", reason, mistake="uses its memory again")
    if growing := growing_sums(point, again, first, answer):
        yield sums_caution(point, growing)
    position = first_difference(without(again, growing), without(first, growing))
    if position is not None:
        reason = "backward called once more with the same dout gives another gradient"
        yield FaultError("second-backward", reason, position, "backward changes the layer, or is random")
        return
    fresh = point.gradients(point.other)
    growing = growing_sums(point, answer, fresh, first)
    position = first_difference(without(answer, growing), without(fresh, growing))
    if position is not None:
        reason = "backward called once more with another dout gives what no first call would"
        yield FaultError("second-backward", reason, position, "stale cache")


def adds_until_forward(point: LintPoint, visit: Visit, first: Gradients) -> bool:
    """Return whether earlier calls still show in what backward returns, and a new forward lets it start anew.

    An engine for automatic differentiation that sums into ``.grad`` does so: its objects are made in forward.
    """
    taking = [at for at in point.probe.subject.taking if not point.probe.subject.is_held(at)]
    left = copied(point.probe.backward(visit.layer, np.zeros_like(point.dout)))
    if not any(left[at] is not None and np.any(left[at]) for at in taking):
        return False
    fresh = point.gradients(np.zeros_like(point.dout))
    if any(it is not None and np.any(it) for it in fresh):
        return False
    anew = point.probe.visit(tuple(np.array(x) for x in visit.given), visit.layer)
    return first_difference(copied(point.probe.backward(anew.layer, point.dout.copy())), first) is None


def growing_sums(point: LintPoint, got: Gradients, alone: Gradients, before: Gradients) -> tuple[int, ...]:
    """Return for which inputs a layer keeps the sum of all calls: one alone, and what was there before it."""
    parts = enumerate(zip(got, alone, before, strict=True))
    return tuple([at for at, it in parts if point.probe.subject.is_held(at) and is_sum_of_two(point, *it)])


def is_sum_of_two(point: LintPoint, got: Array | None, one: Array | None, other: Array | None) -> bool:
    """Return whether a gradient is the sum of two others, and not one of them alone."""
    if got is None or one is None or other is None or alike(got, one, 1e-10):
        return False
    size = float(np.nan_to_num(np.abs(one) + np.abs(other)).max(initial=0))
    return bool(np.allclose(got, one + other, rtol=1e-9 * point.loss, atol=1e-12 * point.loss * size))


def sums_caution(point: LintPoint, growing: tuple[int, ...]) -> FaultError:
    """Return the caution about gradients that are summed over all calls, as some frameworks do it."""
    names = " and ".join(point.probe.subject.called(at) for at in growing)
    told = f"the gradients of {names} grow" if len(growing) > 1 else f"the gradient of {names} grows"
    reason = f"{told} from call to call until {'they are' if len(growing) > 1 else 'it is'} zeroed"
    return FaultError("second-backward", reason, growing[0], "adds up", is_caution=True)


def stale_faults(point: LintPoint, out: Array, first: Gradients) -> Faults:
    """Rule ``stale-cache``: neither what went through before nor another instance leaves a trace."""
    others = point.changed(elsewhere)
    used = point.probe.visit(others)
    dout = point.other.copy() if used.out.shape == point.other.shape else used.out * 0 + 1
    left = copied(point.probe.backward(used.layer, dout))
    yield PAUSE
    again = point.probe.visit(copies(point.inputs), used.layer)
    if not same(again.out, out):
        reason = "after other inputs went through, forward gives another value than a fresh layer"
        yield FaultError("stale-cache", reason, mistake="stale cache")
    got = copied(point.probe.backward(used.layer, point.dout.copy()))
    growing = growing_sums(point, got, first, left)
    position = first_difference(without(got, growing), without(first, growing))
    if position is not None:
        reason = "after other inputs went through, backward gives another gradient than a fresh layer"
        yield FaultError("stale-cache", reason, position, "stale cache")
        return
    yield PAUSE
    visit = point.probe.visit(copies(point.inputs))
    point.probe.visit(others)
    position = first_difference(copied(point.probe.backward(visit.layer, point.dout.copy())), first)
    if position is not None:
        reason = "another instance's forward changes this one's backward: what is kept belongs on self"
        yield FaultError("stale-cache", reason, position, "kept on the class instead of on self")


def elsewhere(x: Array) -> Array:
    """Return values of the same shape and size as those of ``x``, in another order."""
    return x.reshape(-1)[::-1].reshape(x.shape) * np.random.default_rng(x.size + 2).uniform(0.5, 0.9, x.shape)
