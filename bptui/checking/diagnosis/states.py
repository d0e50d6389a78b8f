"""What changed on the way: a parameter that backward updates first, an array that forward saves and overwrites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bptui.checking.compare_arrays import copied, copies, same
from bptui.checking.diagnosis.evidence import NEARER, STEP, Evidence
from bptui.checking.diagnosis.mistake import Mistake
from bptui.checking.fault import FaultError
from bptui.checking.line_watch import overwritten_attributes
from layers import Array

CHANGED_FIRST = "parameter changed before it is used"


def updated_first(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a gradient worked out with a parameter that backward has just changed."""
    try:
        visit = evidence.probe.visit(copies(evidence.inputs))
        evidence.probe.backward(visit.layer, evidence.dout.copy())
    except FaultError:
        return
    for position, (before, after) in enumerate(zip(evidence.inputs, visit.given, strict=True)):
        changed = np.asarray(after)
        if before.dtype.kind != "f" or same(before, changed) or position == evidence.position:
            continue
        if evidence.is_slope_at(evidence.with_input(evidence.inputs, changed, position)):
            name = evidence.subject.called(position)
            told = f"Backward changes {name} before it is used: this is the gradient for the changed {name}. "
            yield Mistake(CHANGED_FIRST, told + "Work out what goes back first.")
            return
    if is_slope_afterwards(evidence):
        told = "Backward updates the layer's own parameters before it uses them: this is the gradient for the new. "
        yield Mistake(CHANGED_FIRST, told + "Work out what goes back first.")


def is_slope_afterwards(evidence: Evidence) -> bool:
    """Return whether the gradient is the slope of forward as backward leaves the layer behind."""
    for v, off_here in evidence.directions:
        outs = []
        for step in (STEP, -STEP):
            try:
                visit = evidence.probe.visit(copies(evidence.inputs))
                evidence.probe.backward(visit.layer, evidence.dout.copy())
                moved = evidence.with_input(copies(evidence.inputs), evidence.x + step * v)
                outs.append(evidence.probe.visit(moved, visit.layer).out)
            except FaultError:
                return False
        slope = float((evidence.dout * (outs[0] - outs[1])).sum()) / (2 * STEP)
        if not abs(slope - float((v * evidence.analytic).sum())) <= NEARER * off_here:
            return False
    return True


def saved_and_overwritten(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise an array that forward saves and then writes over; backward is tried with it as it was saved."""
    try:
        layer = evidence.probe.fresh()
        inputs = copies(evidence.inputs)
        found = overwritten_attributes(
            lambda: evidence.subject.inside(layer, inputs), lambda: evidence.probe.visit(inputs, layer)
        )
    except FaultError:
        return
    for overwritten in found:
        if is_right_with(evidence, overwritten.name, overwritten.saved):
            told = f"self.{overwritten.name} is saved in line {overwritten.line} of forward, and what it is a view of "
            told += f"is overwritten in line {overwritten.changed}: backward sees the later numbers. Save a copy."
            yield Mistake("saved array overwritten", told)
            return


def is_right_with(evidence: Evidence, name: str, saved: Array) -> bool:
    """Return whether backward is right once an attribute is what forward has saved in it."""
    try:
        visit = evidence.probe.visit(copies(evidence.inputs))
        instance: Any = evidence.subject.inside(visit.layer, visit.given)
        setattr(instance, name, saved.copy())
        gradient = copied(evidence.probe.backward(visit.layer, evidence.dout.copy()))[evidence.position]
    except (FaultError, AttributeError):
        return False
    if gradient is None or gradient.shape != evidence.numeric.shape:
        return False
    seen = evidence.seen
    return bool(np.allclose(gradient[seen], evidence.numeric[seen], rtol=1e-4, atol=1e-7))
