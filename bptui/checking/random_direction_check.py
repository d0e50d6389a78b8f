"""The quick look at a node: one random direction through all its inputs at once, for one random dout.

It costs one backward and three forwards and still sees a single element, among a hundred thousand, that is off by a
thousandth. What it cannot call right is checked in full, which finds the element.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bptui.checking.fault import FaultError
from bptui.checking.numeric.bisection import PRECISION, STEP, random_direction
from bptui.checking.numeric.directions import Direction, along
from bptui.checking.numeric.finite_differences import Point, measure
from bptui.checking.probe import Probe
from bptui.checking.sample_points import random_douts
from bptui.checking.subject import Subject
from layers import Array

DIRECTIONS = 1


def agrees_in_one_direction(subject: Subject) -> bool:
    """Return whether the gradients promise the slope that there is, along a random direction; False if in doubt."""
    probe = Probe(subject)
    try:
        visit = probe.visit(subject.inputs)
        dout, _ = random_douts(visit.out)
        gradients = probe.backward(visit.layer, dout)
        fits = [is_gradient_of(gradients[at], subject.inputs[at]) for at in subject.taking]
        if probe.faults or not (all(fits) and np.isfinite(visit.out).all()):
            return False
        point = Point(probe.forward, subject.inputs, subject.inputs, visit.out, dout)
        return all(agrees(point, subject, gradients, seed) for seed in range(DIRECTIONS))
    except FaultError:
        return False


def agrees(point: Point, subject: Subject, gradients: tuple[Any, ...], seed: int) -> bool:
    """Return whether gradients and one step each way along a random direction agree."""
    pairs = zip(subject.inputs, subject.takes_gradient, strict=True)
    directions = tuple([random_direction(x, seed + at) if takes else None for at, (x, takes) in enumerate(pairs)])
    slope, size = along(directions, gradients)
    rough = measure(point, Direction(subject.inputs, directions), STEP)
    if rough.high - rough.low > 1e-3 * size + 16 * rough.noise:
        return False
    return bool(abs(slope - rough.central[0]) <= PRECISION * size + 8 * rough.noise[0])


def is_gradient_of(gradient: Any, x: Array) -> bool:
    """Return whether something is a gradient of ``x`` at all."""
    is_array = isinstance(gradient, np.ndarray | float)
    return is_array and np.shape(gradient) == x.shape and np.asarray(gradient).dtype == np.float64
