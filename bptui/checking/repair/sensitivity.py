"""Where an edit may help: in places where another number changes what is wrong, and nothing that is right."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from bptui.checking.compare_arrays import Gradients, copied, copies
from bptui.checking.diagnosis.evidence import Evidence
from bptui.checking.fault import FaultError
from bptui.checking.probe import Probe
from bptui.checking.repair.edit import CodePlace
from bptui.checking.repair.tries import Tries
from bptui.checking.repair.user_function import edited

UNFIT = (SyntaxError, ValueError, FaultError)
"""What says that a function cannot be edited like that, or does not run if it is."""


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """What another number in each place of a layer's functions does to all its gradients, each tried once."""

    known: dict[int, Gradients | None] = field(default_factory=dict)

    def promising(self, places: Iterable[CodePlace], evidence: Evidence, tries: Tries) -> list[CodePlace]:
        """Return the places in which an edit may help, those first that most of the wrong gradients go by.

        Where another number does not run, as with an index, nothing is known, so it may be worth a try at last.
        """
        before = gradients_at(evidence)
        found = []
        for place in places:
            if not tries.take():
                break
            gradients = self.gradients(place, evidence)
            moved = [] if gradients is None else moved_positions(before, gradients)
            is_of_this = evidence.position in moved and not set(moved) & set(evidence.right_already)
            if gradients is None or is_of_this:
                found.append((-len(moved), place))
        return [place for _, place in sorted(found, key=lambda it: it[0])]

    def gradients(self, place: CodePlace, evidence: Evidence) -> Gradients | None:
        """Return the gradients with another number in a place, None where that does not run."""
        assert isinstance(place.node, ast.expr)
        if id(place.node) not in self.known:
            other = ast.BinOp(ast.BinOp(place.node, ast.Mult(), ast.Constant(0.73)), ast.Add(), ast.Constant(0.19))
            try:
                with edited((place.change(other),)):
                    self.known[id(place.node)] = gradients_at(evidence)
            except UNFIT:
                self.known[id(place.node)] = None
        return self.known[id(place.node)]


def gradients_at(evidence: Evidence) -> Gradients:
    """Return what backward gives as it is now."""
    probe = Probe(evidence.probe.subject, is_frozen=evidence.probe.is_frozen)  # one that keeps its faults to itself
    visit = probe.visit(copies(evidence.inputs))
    return copied(probe.backward(visit.layer, evidence.dout.copy()))


def moved_positions(before: Gradients, after: Gradients) -> list[int]:
    """Return the positions of the gradients that are not what they were."""
    found = []
    for at, (one, two) in enumerate(zip(before, after, strict=True)):
        if one is not None and two is not None and not np.array_equal(one, two, equal_nan=True):
            found.append(at)
    return found
