"""The network as SVG: the boxes and wires of the circuit as the screen draws them, which a page can look up."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from html import escape

from bptui.circuit import Circuit
from bptui.circuit.canvas import DOWN, HEAVY, LEFT, RIGHT, UP, WIRES
from bptui.circuit.drawing import Box, Drawing, Label
from bptui.core.graph import Graph
from bptui.core.text import visible

CELL_WIDTH, CELL_HEIGHT = 9, 20
"""Points that a cell of the circuit takes."""

MOST_NODES = 500
"""Nodes of a network that is drawn."""

SIDES = {
    character.translate(HEAVY): sides for sides, character in WIRES.items() if sides not in {LEFT, RIGHT, UP, DOWN}
}
"""The sides on which a wire leaves a cell, by its character."""

ENDS = ((UP, 0, -1), (DOWN, 0, 1), (LEFT, -1, 0), (RIGHT, 1, 0))


def is_small_enough(graph: Graph) -> bool:
    """Return whether a network is drawn: one that has nodes, and not too many of them."""
    return 0 < len(graph.nodes) <= MOST_NODES


def network_svg(graph: Graph, numbers: dict[str, int], failed: Collection[str] = ()) -> str:
    """Return the network as elements of a page, one a sheet; "" where it is too large to be drawn.

    ``numbers`` has what stands for each value in the page: its box is ``b3``, its wire ``w3``, the places for its value
    and its gradient ``v3`` and ``g3``. The nodes that have ``failed`` are marked.
    """
    if not is_small_enough(graph):
        return ""
    circuit = Circuit(graph)
    drawings = [circuit.drawing(sheet) for sheet in range(len(circuit))]
    if len(drawings) == 1:
        return drawing_svg(drawings[0], graph, numbers, failed)
    return "\n".join(
        f'<div class="sheet"><p class="gap">Part {number} of {len(drawings)} of the network</p>'
        f"{drawing_svg(drawing, graph, numbers, failed)}</div>"
        for number, drawing in enumerate(drawings, start=1)
    )


def drawing_svg(drawing: Drawing, graph: Graph, numbers: dict[str, int], failed: Collection[str]) -> str:
    """Return one sheet of the network."""
    width, height = drawing.width * CELL_WIDTH, drawing.height * CELL_HEIGHT
    parts = "\n".join(
        (
            *wire_parts(drawing, numbers),
            *arrow_heads(drawing),
            *box_parts(drawing, graph, numbers),
            *label_parts(drawing, numbers),
            *failure_marks(drawing, failed),
        )
    )
    nodes = (box.name for box in drawing.boxes if box.kind == "node")
    names = (f"{visible(name)}{' (wrong)' * (name in failed)}" for name in nodes)
    told = escape(f"The network: {', '.join(names)}", quote=True)
    return f'<svg role="img" aria-label="{told}" viewBox="0 0 {width} {height}" width="{width}">\n{parts}\n</svg>'


def wire_parts(drawing: Drawing, numbers: dict[str, int]) -> Iterator[str]:
    """Yield the wires, each as one path."""
    paths: dict[str, list[str]] = {}
    for y, row in enumerate(drawing.wires):
        for name, pieces in row.items():
            for x, character in pieces:
                paths.setdefault(name, []).extend(cell_path(x, y, character))
    for name, path in paths.items():
        yield f'<path class="wire w{numbers.get(name, -1)}" d="{"".join(path)}"/>'


def arrow_heads(drawing: Drawing) -> Iterator[str]:
    """Yield the arrow heads: each lies in the cell before a box."""
    for y, (characters, styles) in enumerate(drawing.rows):
        for x, (character, style) in enumerate(zip(characters, styles, strict=True)):
            if style == "arrow" and character.strip():
                left, middle = x * CELL_WIDTH - CELL_WIDTH, (y + 0.5) * CELL_HEIGHT
                yield f'<path class="arrow" d="M{left} {middle}h{1.5 * CELL_WIDTH}m-7 -4l7 4l-7 4"/>'


def cell_path(x: int, y: int, character: str) -> Iterator[str]:
    """Yield the lines of a wire within a cell, from its middle to its sides."""
    left, top = x * CELL_WIDTH, y * CELL_HEIGHT
    middle_x, middle_y = left + CELL_WIDTH / 2, top + CELL_HEIGHT / 2
    sides = SIDES.get(character, LEFT | RIGHT)
    for side, dx, dy in ENDS:
        if sides & side:
            yield f"M{middle_x} {middle_y}L{middle_x + dx * CELL_WIDTH / 2} {middle_y + dy * CELL_HEIGHT / 2}"


def box_parts(drawing: Drawing, graph: Graph, numbers: dict[str, int]) -> Iterator[str]:
    """Yield the boxes, each with its name and its layer."""
    for box in drawing.boxes:
        node = graph.node(box.name) if box.name in graph.slots else None
        layer = visible(node.layer, limit=max(5, box.width - 2)) if node and box.kind == "node" else ""
        yield f'<g class="box {box.kind} b{numbers.get(box.name, -1)}">{box_shape(box)}{box_text(box, layer)}</g>'


def failure_marks(drawing: Drawing, failed: Collection[str]) -> Iterator[str]:
    """Yield a mark at the corner of each box that has failed."""
    for box in drawing.boxes:
        if box.name in failed:
            x, y = (box.x + box.width - 1.5) * CELL_WIDTH, (box.y + 0.7) * CELL_HEIGHT
            yield f'<text class="wrong mark" x="{x}" y="{y}">✗</text>'


def box_shape(box: Box) -> str:
    """Return a box's border."""
    if not box.is_framed:
        return ""
    x, y = (box.x + 0.5) * CELL_WIDTH, (box.y + 0.5) * CELL_HEIGHT
    width, height = (box.width - 1) * CELL_WIDTH, (box.height - 1) * CELL_HEIGHT
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{2 if box.kind == "node" else 9}"/>'


def box_text(box: Box, layer: str) -> str:
    """Return what stands in a box."""
    x, y = (box.x + box.width / 2) * CELL_WIDTH, (box.y + box.height / 2) * CELL_HEIGHT
    name = escape(visible(box.name, limit=14))
    if not layer or box.height < 4:
        return f'<text x="{x}" y="{y + 4}">{name}</text>'
    return f'<text x="{x}" y="{y - 4}">{name}</text><text class="layer" x="{x}" y="{y + 13}">{escape(layer)}</text>'


def label_parts(drawing: Drawing, numbers: dict[str, int]) -> Iterator[str]:
    """Yield the places for values and gradients."""
    for label in drawing.labels:
        if label.kind != "contribution":
            yield label_place(label, numbers.get(label.name, -1))


def label_place(label: Label, number: int) -> str:
    """Return the place for a value or a gradient, empty."""
    x, y = label.x * CELL_WIDTH, (label.y + 0.7) * CELL_HEIGHT
    return f'<text class="number {label.kind} {label.kind[0]}{number}" x="{x}" y="{y}"></text>'
