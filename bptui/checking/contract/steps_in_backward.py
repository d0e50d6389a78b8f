"""A backward that updates parameters itself, as many do: a caution, for what it worked out before that is right."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np

from bptui.checking.compare_arrays import copies, same
from bptui.checking.contract.lint_point import LintPoint
from bptui.checking.fault import FaultError
from bptui.checking.line_watch import attributes_of
from bptui.checking.probe import Visit
from bptui.core import text
from layers import Array

TAKES_STEP = "updates inside backward"


def taking_step(point: LintPoint, visit: Visit, handed: tuple[Any, ...]) -> Generator[FaultError | None, None, bool]:
    """Find out whether backward updates parameters itself, which many do; what is worked out before is right."""
    subject = point.probe.subject
    found = False
    for position, (before, after) in enumerate(zip(point.inputs, visit.given, strict=True)):
        if not subject.is_held(position) or handed[position] is None or same(before, np.asarray(after)):
            continue
        told = told_step(point, position, np.asarray(after) - before, np.asarray(handed[position]))
        if told is not None:
            found = True
            reason = f"backward updates {subject.called(position)} itself{told}"
            reason += "; the run does its own updates, and starts each forward from its own numbers"
            yield FaultError("mutates", reason, position, TAKES_STEP, is_caution=True)
    if not found and subject.is_users and forgets_its_state(point, visit) and follows_dout(point):
        reason = "backward changes what forward works with, as if it took the step of an optimiser itself"
        yield FaultError("mutates", reason, None, TAKES_STEP, is_caution=True)
        return True
    return found


def told_step(point: LintPoint, position: int, change: Array, gradient: Array) -> str | None:
    """Return what there is to say of a step by which a parameter is changed, None where it is not one.

    A step goes against the gradient: by a multiple of it, or as Adam does in each element by itself. What a parameter
    changes by without any dout, as with weight decay, is no part of that.
    """
    if (rate := rate_of(change, gradient)) is not None:
        return f", by -{text.number(rate)} × its gradient"
    still = point.probe.visit(copies(point.inputs))
    point.probe.backward(still.layer, np.zeros_like(point.dout))
    rest = change - (np.asarray(still.given[position]) - point.inputs[position])
    return "" if rate_of(rest, gradient) is not None or goes_against(rest, gradient) else None


def goes_against(change: Array, gradient: Array) -> bool:
    """Return whether a change has the other sign than a gradient, wherever that has one."""
    return change.shape == gradient.shape and bool(change.any() and (change * gradient <= 0).all())


def forgets_its_state(point: LintPoint, visit: Visit) -> bool:
    """Return whether forward gives another value on the same inputs once backward has run."""
    fresh = point.probe.visit(copies(point.inputs))
    again = point.probe.visit(copies(point.inputs), fresh.layer)
    if not same(again.out, visit.out):
        return False
    point.probe.backward(fresh.layer, point.dout.copy())
    return not same(point.probe.visit(copies(point.inputs), fresh.layer).out, visit.out)


def follows_dout(point: LintPoint) -> bool:
    """Return whether what backward changes on the layer is twice as much for twice the dout, as a step is."""
    once, twice = (changes_by_backward(point, times * point.dout) for times in (1.0, 2.0))
    pairs = [(change, twice[name]) for name, change in once.items() if name in twice]
    return bool(pairs) and all(np.allclose(2 * one, two, rtol=1e-6, atol=1e-12) for one, two in pairs)


def changes_by_backward(point: LintPoint, dout: Array) -> dict[str, Array]:
    """Return by how much backward changes the arrays that a layer keeps, by attribute."""
    visit = point.probe.visit(copies(point.inputs))
    instance = point.probe.subject.inside(visit.layer, visit.given)
    before = {name: it.copy() for name, it in attributes_of(instance).items() if isinstance(it, np.ndarray)}
    point.probe.backward(visit.layer, dout)
    now = {name: it for name, it in attributes_of(instance).items() if isinstance(it, np.ndarray)}
    kept = [name for name, old in before.items() if old.dtype.kind == "f" and name in now]
    moved = {name: now[name] - before[name] for name in kept if now[name].shape == before[name].shape}
    return {name: change for name, change in moved.items() if change.any()}


def rate_of(change: Array, gradient: Array) -> float | None:
    """Return how many times a gradient a change takes off, None where it is not that."""
    if change.shape != gradient.shape or not gradient.any():
        return None
    rate = -float(np.sum(change * gradient)) / float(np.sum(gradient * gradient))
    return rate if rate > 0 and np.allclose(change, -rate * gradient, rtol=1e-6, atol=1e-12) else None
