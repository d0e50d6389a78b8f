"""The curve of a layer of the user's own in a recording: sampled as it runs, for a replay, in which nothing runs.

A layer is the same function in every iteration, so one curve a node is enough, over more inputs than the first
iteration has. What a replay draws between two samples is a straight line.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bptui.core.revisit import Curve
from bptui.core.step import BackwardStep, ForwardStep, Step
from bptui.core.tape import Tape
from bptui.recording.records import CurveRecord
from layers import Array

SAMPLES = 513
"""Values of a curve: four kilobytes a node."""

MARGIN = 3.0
"""How much further than its inputs a curve goes on either side, compared with their range, or with 1."""

LARGEST = 1e12
"""Inputs beyond this are not drawn over."""


def curve_record(tape: Tape, step: Step) -> CurveRecord | None:
    """Return the curve of a step's node, None where its layer has none, or does not answer in time."""
    if not isinstance(step, ForwardStep | BackwardStep):
        return None
    node, iteration = tape.graph.node_index(step.name), step.iteration - 1
    place = None if node is None else only_place(tape, node)
    if node is None or place is None:
        return None
    x = np.asarray(tape.inputs(iteration, node)[place])
    if x.dtype.kind != "f" or not x.size or not np.isfinite(x).all() or float(np.abs(x).max()) > LARGEST:
        return None
    over = inputs_around(x)
    found = tape.curve(iteration, node, place, over)
    return None if found is None else CurveRecord(place, over[[0, -1]], np.asarray(found[0], np.float64))


def only_place(tape: Tape, node: int) -> int | None:
    """Return the place of a node's one input that is not a constant; None where there are several."""
    constants = set(tape.graph.constants)
    places = [place for place, name in enumerate(tape.graph.nodes[node].inputs) if name not in constants]
    return places[0] if len(places) == 1 else None


def inputs_around(x: Array) -> Array:
    """Return the inputs of a curve: evenly spaced, and well beyond those that there are."""
    low, high = float(x.min()), float(x.max())
    margin = MARGIN * max(1.0, high - low, abs(low), abs(high))
    return np.linspace(low - margin, high + margin, SAMPLES)


def curve_over(record: CurveRecord, x: Array, y: Any, slope: float) -> Curve:
    """Return a recorded curve over other inputs, the first of which has the recorded value ``y`` and ``slope``.

    What lies beyond the samples is NaN.
    """
    low, high = record.between
    values = np.interp(x, np.linspace(low, high, len(record.values)), record.values, left=np.nan, right=np.nan)
    values[0] = y
    return values, slope
