"""Uses of a value that backward does not know: its gradient is right for a forward in which those stand still.

Every use of a number in the user's forward is led through a function that can hand back what stood there before the
input was moved. If backward is right once a use does so, the way through that use is what it leaves out.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations, islice
from typing import Any, NamedTuple

import numpy as np

from bptui.checking.diagnosis.evidence import NEARER, Evidence
from bptui.checking.diagnosis.mistake import Mistake
from bptui.checking.fault import FaultError
from bptui.checking.repair.edit import CodePlace, places
from bptui.checking.repair.user_function import UserFunction, edited
from layers import Array

HOOK = "_bptui_use"
MOST_CHOICES = 600


class WrittenUse(NamedTuple):
    """A use of a value in forward: as it is written, and its line."""

    text: str
    line: int


class Freezer:
    """What uses are led through: it records what stands in each, in order, and hands that back for those frozen."""

    def __init__(self) -> None:
        self.recorded: dict[int, list[Any]] = {}
        self.waiting: dict[int, Iterator[Any]] = {}
        self.frozen: frozenset[int] = frozenset()
        self.is_recording = True

    def __call__(self, use: int, value: Any) -> Any:
        """Return what stands in a use, or what stood there."""
        if not isinstance(value, np.ndarray | float) or np.asarray(value).dtype.kind != "f":
            return value
        if self.is_recording:
            self.recorded.setdefault(use, []).append(np.array(value))
        elif use in self.frozen:
            return next(self.waiting[use], value)
        return value

    def begin(self) -> None:
        """Begin a forward with the recorded values from their start."""
        self.waiting = {use: iter([it.copy() for it in values]) for use, values in self.recorded.items()}


def missing_uses(
    evidence: Evidence, functions: Sequence[UserFunction], others: Sequence[Evidence], *, together: int = 1
) -> Mistake | None:
    """Return the mistake of so many uses that backward leaves out, here and elsewhere; None if it is not that."""
    found = [place for place in places(functions) if is_use(place)]
    uses = [WrittenUse(ast.unparse(it.node), it.line) for it in found]
    changes = [
        it.change(ast.Call(ast.Name(HOOK, ast.Load()), [ast.Constant(at), node], []))
        for at, it in enumerate(found)
        if isinstance(node := it.node, ast.expr)
    ]
    try:
        with edited(changes), hooked() as freezer:
            known = [(it, recorded_uses(freezer, it), it.directions) for it in (evidence, *others)]
            for chosen in candidates(freezer, together):
                if evidence.probe.is_out_of_time:
                    return None
                if all(is_right_with_still_uses(it, freezer, values, chosen) for it, values, _ in known):
                    return told_use(evidence, [uses[at] for at in chosen])
    except (SyntaxError, ValueError, FaultError):
        return None
    return None


def is_use(place: CodePlace) -> bool:
    """Return whether an expression is a value that is used: a name, an attribute, or a part of an array."""
    node = place.node
    if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return False
    is_within = isinstance(place.parent, ast.Subscript | ast.Slice | ast.For) or place.field == "func"
    return not is_within and not (isinstance(node, ast.Name) and node.id == "self")


@contextmanager
def hooked() -> Iterator[Freezer]:
    """Make a freezer known under a name that all modules see."""
    freezer = Freezer()
    setattr(builtins, HOOK, freezer)
    try:
        yield freezer
    finally:
        delattr(builtins, HOOK)


def recorded_uses(freezer: Freezer, evidence: Evidence) -> dict[int, list[Any]]:
    """Return what stands in each use at the values of some evidence."""
    freezer.recorded, freezer.is_recording = {}, True
    evidence.probe.forward(evidence.inputs)
    freezer.is_recording = False
    return freezer.recorded


def candidates(freezer: Freezer, together: int) -> list[tuple[int, ...]]:
    """Return the uses that may be missing, so many at a time; none where there are too many of those."""
    chosen = list(islice(combinations(sorted(freezer.recorded), together), MOST_CHOICES + 1))
    return chosen if len(chosen) <= MOST_CHOICES else []


def is_right_with_still_uses(
    evidence: Evidence, freezer: Freezer, known: dict[int, list[Any]], chosen: Sequence[int]
) -> bool:
    """Return whether backward's gradient is the slope of a forward in which some uses stand still."""
    freezer.recorded, freezer.frozen = known, frozenset(chosen)
    for v, off_here in evidence.directions:
        slope = slope_along(evidence, freezer, v)
        size = float(np.sqrt(((v * evidence.analytic) ** 2).sum()))
        off = abs(slope - float((v * evidence.analytic).sum()))
        if not off <= min(1e-4 * size, NEARER * off_here):
            return False
    return True


def slope_along(evidence: Evidence, freezer: Freezer, v: Array) -> float:
    """Return the slope of forward along a direction, NaN where it has none."""
    step = evidence.step * max(1.0, float(np.abs(evidence.x).max(initial=0)))
    outs = []
    for sign in (step, -step):
        freezer.begin()
        outs.append(evidence.probe.forward(evidence.with_input(evidence.inputs, evidence.x + sign * v)))
    if outs[0].shape != evidence.dout.shape or outs[1].shape != evidence.dout.shape:
        return float("nan")
    return float((evidence.dout * (outs[0] - outs[1])).sum()) / (2 * step)


def told_use(evidence: Evidence, uses: Sequence[WrittenUse]) -> Mistake:
    """Return the mistake of a use that is left out."""
    where = " and ".join(f"`{it.text}` in line {it.line}" for it in uses)
    still = "those stand still" if len(uses) > 1 else "that stands still"
    told = f"What goes back through {where} is left out: backward is right for a forward in which {still}."
    return Mistake("a use is missing", f"{evidence.name} reaches the value in several ways. {told}")
