"""A tape in a short table, and its circuit as text, for a notebook or a prompt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
from bptui.report.check_report import part_verdict, tally_line
from layers import Array

WIDEST = 34
"""Characters of a value that stands in the table."""

HEAD = ("node", "layer", "of", "value", "gradient")


@dataclass(frozen=True)
class TapeTable:
    """A tape in words: its size, a row for each node of an iteration, and what there is to say behind them."""

    heading: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    remarks: tuple[Line, ...]

    def lines(self) -> Iterator[Line]:
        """Yield it as lines, the columns flush."""
        yield styled(self.heading, "heading")
        yield from map(styled, flush_left([self.head, *self.rows]) if self.rows else ())
        yield from self.remarks


def tape_table(tape: Tape, report: Report | None = None) -> TapeTable:
    """Return the table of the latest iteration that goes back, or else of the latest.

    With the ``report`` of a check each node has its verdict, and what failed elsewhere a remark of its own.
    """
    heading = f"{text.counted(len(tape.iterations), 'iteration')}, {text.counted(len(tape), 'step')}"
    if not tape.iterations:
        return TapeTable(heading, HEAD, (), (styled("no layer was called", "dim"), *ending_lines(tape)))
    moment = tape.at(min(tape.order.start(shown_iteration(tape) + 1), len(tape)))
    nodes = moment.graph.nodes
    rows = tuple(node_row(moment, node) for node in nodes)
    if report is None:
        return TapeTable(heading, HEAD, rows, tuple(ending_lines(tape)))
    checked = tuple((*row, verdict_words(report, node)) for row, node in zip(rows, nodes, strict=True))
    elsewhere = failures_elsewhere(report, {node.name for node in nodes})
    remarks = (*elsewhere, *ending_lines(tape), tally_line([report]))
    return TapeTable(heading, (*HEAD, "check"), checked, remarks)


def shown_iteration(tape: Tape) -> int:
    """Return the latest iteration (from 0) that goes back, the latest of all where none does."""
    count = len(tape.iterations)
    return next((it for it in reversed(range(count)) if tape.order.passes(it).backward), count - 1)


def verdict_words(report: Report, node: Node) -> str:
    """Return the verdict on a node, with what is wrong; "" where there is none."""
    findings = [it for it in report.findings if it.node == node.name]
    failed = next((it for it in findings if it.verdict is Verdict.FAIL), None)
    if failed is not None:
        return text.visible(f"{failed.verdict.sign} {failed.mistake or 'wrong gradient'}")
    marked = next((it.verdict.sign for it in report.marks if it.name == node.name), "")
    return marked or (part_verdict(findings).sign if findings else "")


def failures_elsewhere(report: Report, names: set[str]) -> Iterator[Line]:
    """Yield a line on each failure at what is none of the nodes of those names, such as an update of a parameter."""
    for it in report.findings:
        if it.verdict is Verdict.FAIL and it.node not in names:
            what = it.mistake or it.reason or "failed"
            yield styled(text.visible(f"{it.verdict.sign} {it.node}: {what}", limit=200), "warning")


def ending_lines(tape: Tape) -> Iterator[Line]:
    """Yield what has ended the tape before its time, if anything did."""
    if tape.failure is not None:
        yield styled(text.visible(str(tape.failure), limit=1000), "warning")


def node_row(moment: Moment, node: Node) -> tuple[str, ...]:
    """Return a node's row: its name, its layer, its inputs, its value and its gradient."""
    inputs = ", ".join(node.inputs)
    told = (short_value(moment.value(node.name)), short_value(moment.gradient(node.name)))
    names = (text.visible(it, limit=limit) for it, limit in ((node.name, 40), (node.layer, 30), (inputs, 40)))
    return (*names, *told)


def short_value(array: Array | None) -> str:
    """Return an array in a few words: its numbers, or its shape and its largest size."""
    if array is None:
        return ""
    row = one_row(array)
    if row is not None and len(row) <= WIDEST:
        return row
    return f"{text.shape(array)} {size_words(array)}"


def size_words(array: Array) -> str:
    """Return how large an array's elements are, or what keeps one from saying so."""
    if not array.size:
        return "no elements"
    largest = float(np.abs(array).max())
    return "with NaN" if np.isnan(largest) else f"at most {text.number(largest)}"


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
