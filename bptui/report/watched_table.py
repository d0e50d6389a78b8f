"""A watched program's tape in a short table, and its circuit as text, for a notebook or a prompt."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

import numpy as np

from bptui.checking.finding import Report, Verdict
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


def watched_table(tape: Tape, report: Report | None = None) -> Iterator[Line]:
    """Yield a line on the tape, and one on each node of the latest iteration that goes back, or else the latest.

    With the ``report`` of a check each node has its verdict, and what failed elsewhere a line of its own.
    """
    yield styled(f"{text.counted(len(tape.iterations), 'iteration')}, {text.counted(len(tape), 'step')}", "heading")
    if not tape.iterations:
        yield styled("no layer was called", "dim")
        return
    iteration = shown_iteration(tape)
    moment = tape.at(min(tape.order.start(iteration + 1), len(tape)))
    rows = [node_row(moment, node) for node in moment.graph.nodes]
    table = [("node", "layer", "of", "value", "gradient"), *rows]
    if report is not None:
        verdicts = ("check", *(verdict_words(report, node) for node in moment.graph.nodes))
        table = [(*row, verdict) for row, verdict in zip(table, verdicts, strict=True)]  # type: ignore[misc]
    for row in flush_left(table):
        yield styled(row)
    if report is not None:
        yield from failures_elsewhere(report, {node.name for node in moment.graph.nodes})
    if tape.failure is not None:
        yield styled(text.visible(str(tape.failure), limit=1000), "warning")


def shown_iteration(tape: Tape) -> int:
    """Return the latest iteration (from 0) that goes back, the latest of all where none does."""
    count = len(tape.iterations)
    return next((it for it in reversed(range(count)) if tape.order.passes(it).backward), count - 1)


def verdict_words(report: Report, node: Node) -> str:
    """Return the verdict on a node, with what is wrong; "" where there is none."""
    failed = next((it for it in report.findings if it.node == node.name and it.verdict is Verdict.FAIL), None)
    if failed is not None:
        return f"{failed.verdict.sign} {failed.mistake or 'wrong gradient'}"
    return next((it.verdict.sign for it in report.marks if it.name == node.name), "")


def failures_elsewhere(report: Report, names: AbstractSet[str]) -> Iterator[Line]:
    """Yield a line on each failure at what is none of the nodes of those names, such as an update of a parameter."""
    for it in report.findings:
        if it.verdict is Verdict.FAIL and it.node not in names:
            what = it.mistake or it.reason or "failed"
            yield styled(text.visible(f"{it.verdict.sign} {it.node}: {what}", limit=200), "warning")


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
