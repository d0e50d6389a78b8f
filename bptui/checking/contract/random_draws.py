"""Rules about random numbers: a forward that is repeatable, and a backward that draws none of its own."""

from __future__ import annotations

from collections.abc import Generator

from bptui.checking.compare_arrays import Gradients, copied, copies, first_difference, same
from bptui.checking.contract.lint_point import LintPoint
from bptui.checking.fault import FaultError
from bptui.checking.line_watch import line_that_changes
from bptui.checking.probe import Probe, Visit
from bptui.checking.random_sources import RandomSources
from bptui.errors import Location
from layers import Array

DRAWS_AGAIN = "draws again"


def draws(probe: Probe, inputs: tuple[Array, ...]) -> bool:
    """Return whether forward draws random numbers."""
    layer, given = probe.fresh(), copies(inputs)
    sources = probe.random_sources(layer, given)
    before = sources.state()
    probe.visit(given, layer)
    return sources.state() != before


def is_repeatable(probe: Probe, inputs: tuple[Array, ...]) -> bool:
    """Return whether two forwards agree bit for bit."""
    return same(probe.forward(copies(inputs)), probe.forward(copies(inputs)))


def drawing_faults(point: LintPoint, first: Gradients) -> Generator[FaultError | None, None, bool]:
    """Rule ``draws-again``: what is drawn at random is drawn in forward. Return whether backward draws, too."""
    visit = point.probe.visit(copies(point.inputs))
    sources = sources_of(point, visit)
    before = sources.state()
    point.probe.backward(visit.layer, point.dout.copy())
    if sources.state() == before:
        return False
    again = point.probe.visit(copies(point.inputs))
    sources_of(point, again).draw()
    position = first_difference(copied(point.probe.backward(again.layer, point.dout.copy())), first)
    if position is None:
        return False
    reason = "backward draws random numbers anew: it has to use those that forward has drawn, kept on self"
    yield FaultError("draws-again", reason, mistake=DRAWS_AGAIN, line=drawing_line(point))
    return True


def drawing_line(point: LintPoint) -> Location | None:
    """Return the line of backward that draws random numbers."""
    visit = point.probe.visit(copies(point.inputs))
    state = sources_of(point, visit).state
    return line_that_changes(state, lambda: point.probe.backward(visit.layer, point.dout.copy()))


def sources_of(point: LintPoint, visit: Visit) -> RandomSources:
    """Return what a layer may draw from."""
    return point.probe.random_sources(visit.layer, visit.given)
