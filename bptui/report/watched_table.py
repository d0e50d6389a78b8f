"""A watched program's tape in a short table, and its circuit as text, for a notebook or a prompt."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bptui.circuit import Circuit, Painter, Scale, Window
from bptui.circuit.drawing import Label
from bptui.core import text
from bptui.core.graph import Node
from bptui.core.moment import Moment
from bptui.core.tape import Tape
from bptui.explaining.whole_array import one_row
from bptui.lines.line import Line, Span, styled
from bptui.lines.table import flush_left
from layers import Array

WIDEST = 34
"""Characters of a value that stands in the table."""


def watched_table(tape: Tape) -> Iterator[Line]:
    """Yield a line on the tape, and one on each node of the latest iteration that goes back, or else the latest."""
    yield styled(f"{text.counted(len(tape.iterations), 'iteration')}, {text.counted(len(tape), 'step')}", "heading")
    if not tape.iterations:
        yield styled("no layer was called", "dim")
        return
    iteration = shown_iteration(tape)
    moment = tape.at(min(tape.order.start(iteration + 1), len(tape)))
    rows = [node_row(moment, node) for node in moment.graph.nodes]
    for row in flush_left([("node", "layer", "of", "value", "gradient"), *rows]):
        yield styled(row)
    if tape.failure is not None:
        yield styled(text.visible(str(tape.failure), limit=1000), "warning")


def shown_iteration(tape: Tape) -> int:
    """Return the latest iteration (from 0) that goes back, the latest of all where none does."""
    count = len(tape.iterations)
    return next((it for it in reversed(range(count)) if tape.order.passes(it).backward), count - 1)


def node_row(moment: Moment, node: Node) -> tuple[str, str, str, str, str]:
    """Return a node's row: its name, its layer, its inputs, its value and its gradient."""
    inputs = ", ".join(node.inputs)
    told = (short_value(moment.value(node.name)), short_value(moment.gradient(node.name)))
    return (
        text.visible(node.name, limit=40),
        text.visible(node.layer, limit=30),
        text.visible(inputs, limit=40),
        *told,
    )


def short_value(array: Array | None) -> str:
    """Return an array in a few words: its numbers, or its shape and its largest size."""
    if array is None:
        return ""
    row = one_row(array)
    if row is not None and len(row) <= WIDEST:
        return row
    return f"{text.shape(array)} at most {text.number(float(np.abs(array).max(initial=0)))}"


def circuit_lines(tape: Tape) -> Iterator[Line]:
    """Yield the circuit of that iteration, boxes and wires."""
    if not tape.iterations:
        return
    circuit = Circuit(tape.order.passes(shown_iteration(tape)).graph, scale=Scale.BOXES)
    for sheet in range(len(circuit)):
        drawing = circuit.drawing(sheet)
        yield from Painter(drawing).paint(Window(0, 0, drawing.width, drawing.height), no_text)


def no_text(label: Label) -> Span:  # noqa: ARG001  (a painter's protocol)
    """Return nothing: no numbers stand at these wires."""
    return Span("")
