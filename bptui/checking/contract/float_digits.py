"""Rule ``dtype``: gradients have all the digits that the value has, and see all those of the inputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bptui.checking.compare_arrays import Gradients, copied, finite, same
from bptui.checking.contract.lint_point import PAUSE, Faults, LintPoint, to_float32
from bptui.checking.fault import FaultError
from bptui.checking.probe import Visit
from layers import Array


def precision_faults(point: LintPoint, handed: tuple[Any, ...], visit: Visit) -> Iterator[FaultError]:
    """Rule ``dtype``: gradients have all the digits that the value has."""
    digits = np.asarray(visit.handed).dtype.itemsize
    for position, gradient in enumerate(handed):
        if gradient is None or not point.probe.subject.takes_gradient[position]:
            continue
        dtype = np.asarray(gradient).dtype
        is_cut = dtype.itemsize < 8 and dtype.itemsize < digits and not point.is_coarse
        if is_cut and not is_made_in_float32(point, position):
            name = point.probe.subject.called(position)
            reason = f"the gradient of {name} is {dtype.name} though everything given is float64"
            yield FaultError("dtype", reason, position, f"truncates to {dtype.name}")


def is_made_in_float32(point: LintPoint, position: int) -> bool:
    """Return whether a layer holds an input that has no more digits: then its gradient needs no more, either."""
    own = point.probe.subject.inputs[position]
    return point.probe.subject.is_held(position) and same(own, to_float32(own))


def truncation_faults(point: LintPoint, first: Gradients) -> Faults:
    """Rule ``dtype``: the gradient sees every digit of the inputs."""
    if point.is_coarse:
        return
    rounded = point.changed(to_float32)
    if all(same(x, y) for x, y in zip(point.inputs, rounded, strict=True)) or not all(map(finite, rounded)):
        return
    visit = point.probe.visit(rounded)
    got = copied(point.probe.backward(visit.layer, point.dout.copy()))
    yield PAUSE
    exact = point.probe.visit(point.changed(next_digit))
    moved = copied(point.probe.backward(exact.layer, point.dout.copy()))
    for position, (one, two, three) in enumerate(zip(first, got, moved, strict=True)):
        if one is None or two is None or three is None or is_made_in_float32(point, position):
            continue
        seen = sensitive_places(point, position, one)
        if seen.any() and same(one[seen], two[seen]) and same(one[seen], three[seen]):
            reason = "the gradient is the same for inputs cut to float32: digits are lost on the way"
            yield FaultError("dtype", reason, position, "truncates to float32")


def sensitive_places(point: LintPoint, position: int, gradient: Array) -> NDArray[np.bool_]:
    """Return where a gradient is bound to change when the inputs do so by less than a float32 can tell."""
    visit = point.probe.visit(point.changed(lambda x: x * (1 + 2.0**-10)))
    there = copied(point.probe.backward(visit.layer, point.dout.copy()))[position]
    if there is None or there.shape != gradient.shape:
        return np.zeros(gradient.shape, np.bool_)
    change = np.abs(there - gradient)
    least = 2.0**-46 * np.fmax(np.abs(gradient), np.abs(point.dout).max(initial=0))
    return np.asarray((change * 2.0**-20 > least) & (change < 2.0**-6 * np.abs(gradient)))


def next_digit(x: Array) -> Array:
    """Return ``x`` changed by less than a float32 can tell."""
    return x * (1 + 2.0**-30)
