"""A deviation far below what counts as wrong, that is exactly a multiple of an input: a penalty's slope is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bptui.checking.diagnosis import Evidence, Mistake
from bptui.checking.diagnosis.jacobians import MOST
from bptui.checking.diagnosis.missing_terms import multiple_of_an_input

LEAST = 1e-7
"""Deviations smaller than this, compared with the gradient, may be those of the differences themselves."""

LARGEST = 16.0
"""Inputs beyond this, and below its inverse, may bend the function so much that differences err by more."""

STEPS = (2.0**-17, 2.0**-14)
"""The error of a difference would be 64 times as large at the second step; what is wrong stays the same."""


def small_deviation(evidence: Evidence) -> Mistake | None:
    """Return the mistake if what backward is off by is a multiple of an input, measured with either of two steps."""
    is_usual = evidence.x.size and 1 / LARGEST <= np.abs(evidence.x).max() <= LARGEST
    if evidence.x.size > MOST or evidence.x.size < 3 or not is_usual or not is_off(evidence):
        return None
    found = [mistake_at(evidence, step) for step in STEPS]
    one, two = found
    return one if one and two and one.is_confirmed_by(two) else None


def mistake_at(evidence: Evidence, step: float) -> Mistake | None:
    """Return the mistake as differences with one step show it."""
    slopes = evidence.measured(evidence.probe, evidence.inputs, evidence.dout, np.arange(evidence.x.size), step=step)
    if slopes is None:
        return None
    at_step = replace(evidence, numeric=slopes.reshape(evidence.x.shape))
    return next(multiple_of_an_input(at_step), None) if is_off(at_step) else None


def is_off(evidence: Evidence) -> bool:
    """Return whether backward is off by more than differences are."""
    return bool(np.linalg.norm(evidence.deviation) > LEAST * np.linalg.norm(evidence.analytic))
