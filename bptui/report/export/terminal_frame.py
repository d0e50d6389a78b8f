"""What a terminal shows at a step, as lines of a fixed width: the circuit, the step in words, its equations."""

from __future__ import annotations

from collections.abc import Iterator

from bptui.checking.finding import Verdict
from bptui.circuit import Circuit, Painter, Window
from bptui.circuit.drawing import Label
from bptui.circuit.layout import Room
from bptui.circuit.painter import Highlight
from bptui.core.graph import Graph
from bptui.core.moment import Moment
from bptui.core.text import counted, number, shape, visible
from bptui.lines.line import Line, Span, cut, fitted, line_width, styled
from bptui.lines.paragraph import paragraph
from bptui.report.export.account import Account, ToldStep
from bptui.report.export.frame_foot import foot_lines
from layers import Array

WIDTH, HEIGHT = 120, 36
"""Cells of a frame."""


class Frames:
    """The frames of a run. A network is laid out once."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.circuits: dict[int, Circuit] = {}

    def frame(self, told: ToldStep) -> list[Line]:
        """Return the lines at a step, ``HEIGHT`` of them."""
        lines = [fitted(line, WIDTH) for line in self.lines(told)]
        if len(lines) > HEIGHT:
            lines = [*lines[: HEIGHT - 1], styled("…", "dim")]
        foot = list(foot_lines(told.moment, told.number, width=WIDTH, rows=HEIGHT - len(lines) - 1))
        if foot:
            lines += [*[()] * (HEIGHT - len(lines) - len(foot)), *foot]
        return [*lines, *[()] * (HEIGHT - len(lines))]

    def lines(self, told: ToldStep) -> Iterator[Line]:
        """Yield what there is to show at a step."""
        yield styled(visible(self.account.title, limit=WIDTH), "title")
        yield styled(told_heading(told), told.step.pass_.value)
        yield ()
        yield from self.network(told.moment)
        yield ()
        yield from paragraph(told.sentence, WIDTH)
        yield ()
        yield from (line if line_width(line) <= WIDTH else cut(line, WIDTH) for line in told.lines)
        for failure in told.failures:
            yield from paragraph(f"✗ {visible(failure, limit=500)}", WIDTH, Verdict.FAIL.style)
        for note in told.notes:
            yield ()
            yield from paragraph(f"✎ {visible(' '.join(note.split()), limit=2_000)}", WIDTH, "mark")

    def network(self, moment: Moment) -> Iterator[Line]:
        """Yield the circuit around the step's node, with the numbers at its wires."""
        graph = moment.graph
        if moment.name is None:
            return
        circuit = self.circuit(graph)
        name = moment.name if moment.name in graph.slots else graph.output
        sheet = circuit.sheet_of(name)
        drawing = circuit.drawing(sheet, Room(WIDTH, HEIGHT // 2))
        if len(circuit) > 1:
            yield styled(f"{counted(len(graph.nodes), 'node')}, part {sheet + 1} of {len(circuit)}", "dim")
        box = drawing.box.get(name)
        left = max(0, min((box.x + box.width // 2 if box else 0) - WIDTH // 2, drawing.width - WIDTH))
        top = max(0, min((box.out if box else 0) - HEIGHT // 4, drawing.height - HEIGHT // 2))
        window = Window(left, top, min(WIDTH, drawing.width), min(HEIGHT // 2, drawing.height))
        highlight = Highlight(current=name)
        yield from Painter(drawing).paint(window, lambda label: label_span(moment, label), highlight)

    def circuit(self, graph: Graph) -> Circuit:
        """Return the circuit of a graph."""
        return self.circuits.setdefault(id(graph), Circuit(graph))


def told_heading(told: ToldStep) -> str:
    """Return a step's heading, cut to fit."""
    return visible(told.heading, limit=WIDTH)


def label_span(moment: Moment, label: Label) -> Span:
    """Return what stands at a wire."""
    match label.kind:
        case "value":
            return Span(short_number(moment.value(label.name), label.width), "value")
        case "gradient":
            return Span(short_number(moment.gradient(label.name), label.width), "gradient")
    return Span("")


def short_number(array: Array | None, width: int) -> str:
    """Return a value in so many cells: its number, or its shape."""
    if array is None:
        return ""
    for digits in (5, 4, 3, 2, 1):
        written = number(float(array), digits) if array.ndim == 0 else shape(array)
        if len(written) <= width:
            return written
    return "…"
