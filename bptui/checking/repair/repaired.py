"""Trying the edits: the first that makes a wrong gradient right, here and elsewhere, and spoils no other, is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from bptui.checking.compare_arrays import Gradients, copied, copies
from bptui.checking.diagnosis.evidence import NEARER, Evidence, is_measured
from bptui.checking.probe import Probe
from bptui.checking.repair.edit import Edit, places
from bptui.checking.repair.edits_of_axes import edits_of_axes
from bptui.checking.repair.edits_of_copies import edits_of_copies
from bptui.checking.repair.edits_of_derivatives import edits_of_derivatives
from bptui.checking.repair.edits_of_eps import edits_of_eps, forward_without_eps
from bptui.checking.repair.edits_of_operands import edits_of_operands
from bptui.checking.repair.edits_of_parts import edits_of_parts
from bptui.checking.repair.edits_of_sums import edits_of_running_sums, edits_of_sums
from bptui.checking.repair.edits_of_updates import edits_of_updates
from bptui.checking.repair.sensitivity import UNFIT
from bptui.checking.repair.tries import Tries
from bptui.checking.repair.user_function import UserFunction, edited
from layers import Array


def repaired(
    evidence: Evidence,
    functions: Sequence[UserFunction],
    others: Sequence[Evidence],
    tries: Tries,
    *,
    forward: Sequence[UserFunction] = (),
) -> Edit | None:
    """Return the edit of a known kind of mistake that makes the gradient right; None if none does.

    What may belong in a place is seen in the functions of ``forward``, too.
    """
    known, ahead = places(functions), places(forward)
    kinds = (
        edits_of_updates(known),
        edits_of_sums(known),
        edits_of_operands(known),
        edits_of_derivatives(known, ahead),
        edits_of_eps(known, ahead),
        edits_of_running_sums(known),
        edits_of_parts(known, ahead),
        edits_of_copies(ahead),
    )
    return first_right(evidence, others, (edit for kind in kinds for edit in kind), tries)


def mended_forward(evidence: Evidence, functions: Sequence[UserFunction], others: Sequence[Evidence]) -> Edit | None:
    """Return the edit of forward after which backward is right as it stands: another axis, no eps; None if none is."""
    sites = [(it, it.directions) for it in (evidence, *others)]  # how far off it is has to be known before
    for edit in (edit for place in places(functions) for edit in (*edits_of_axes(place), *forward_without_eps(place))):
        if evidence.probe.is_out_of_time:
            return None
        try:
            with edited(edit.changes):
                if all(is_consistent(it) for it, _ in sites):
                    return edit
        except UNFIT:
            continue
    return None


def is_consistent(evidence: Evidence) -> bool:
    """Return whether backward gives the slope of forward as both are now."""
    gradient = evidence.gradient(evidence.probe, evidence.inputs, evidence.dout)
    if gradient is None or gradient.shape != evidence.x.shape:
        return False
    now = replace(evidence, analytic=gradient)
    return all(is_slope(now, v, off_here) for v, off_here in evidence.directions)


def is_slope(evidence: Evidence, v: Array, off_here: float) -> bool:
    """Return whether a gradient says how forward moves along a direction, much better than it did before."""
    size = float(np.sqrt(((v * evidence.analytic) ** 2).sum()))
    off = evidence.off_along(evidence.inputs, evidence.dout, v)
    return off is not None and off <= min(1e-4 * size, NEARER * off_here)


def first_right(evidence: Evidence, others: Sequence[Evidence], edits: Iterator[Edit], tries: Tries) -> Edit | None:
    """Return the first edit that makes the gradient right at all points; None also where all ``tries`` are used up."""
    sites = [(it, it.right_already) for it in (evidence, *others)]  # what is right without an edit
    for edit in edits:
        if not tries.take() or evidence.probe.is_out_of_time:
            return None
        try:
            with edited(edit.changes):
                if all(is_right(it, right) for it, right in sites):
                    return edit
        except UNFIT:
            continue
    return None


def is_right(evidence: Evidence, right_already: Mapping[int, Array]) -> bool:
    """Return whether backward gives what differences say, and nothing else for the inputs that were right already."""
    probe = Probe(evidence.probe.subject, is_frozen=evidence.probe.is_frozen)
    visit = probe.visit(copies(evidence.inputs))
    if not np.array_equal(visit.out, evidence.out, equal_nan=True):
        return False
    gradients = copied(probe.backward(visit.layer, evidence.dout.copy()))
    if set(probe.faults) - set(evidence.probe.faults) or not has_right(gradients, evidence.position, evidence.numeric):
        return False
    return all(has_right(gradients, at, it) for at, it in right_already.items())


def has_right(gradients: Gradients, position: int, numeric: Array) -> bool:
    """Return whether one of the gradients is there, and what was measured."""
    gradient = gradients[position]
    return gradient is not None and is_measured(gradient, numeric)
