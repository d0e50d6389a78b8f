"""The drawn circuit against an oracle that follows its wires, character by character."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from bptui.core.circuit import Circuit, Drawing
from bptui.core.graph import Graph, Node

RIGHT, LEFT, UP, DOWN = (1, 0), (-1, 0), (0, -1), (0, 1)
SIDES = {
    "─": {LEFT, RIGHT},
    "│": {UP, DOWN},
    "┌": {RIGHT, DOWN},
    "┐": {LEFT, DOWN},
    "└": {UP, RIGHT},
    "┘": {UP, LEFT},
    "├": {UP, DOWN, RIGHT},
    "┤": {UP, DOWN, LEFT},
    "┬": {LEFT, RIGHT, DOWN},
    "┴": {LEFT, RIGHT, UP},
    "┼": {LEFT, RIGHT, UP, DOWN},
}


def wide(text: str) -> int:
    """Cells of a text without combining marks, from Unicode's own table."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


class Head(NamedTuple):
    """An arrow head, and the box that it points at."""

    box: int
    x: int
    y: int


def follow(drawing: Drawing, x: int, y: int) -> list[tuple[int, int]]:
    """Return every arrow head that the wire leaving (x, y) to the right reaches, once for each way to it.

    At ┼ a wire runs straight on. A wire that ends anywhere but at an arrow head must be a lone stub.
    """
    heads, ways, steps = [], [((x, y), RIGHT)], 0
    while ways:
        (x, y), (dx, dy) = ways.pop()
        here = (x + dx, y + dy)
        character = drawing.rows[here[1]][0][here[0]] if here[0] < drawing.width else " "
        steps += 1
        assert steps < 100_000, "a wire runs in a circle"
        if character == "▶":
            heads.append(here)
        elif character == "┼":
            ways.append((here, (dx, dy)))
        elif (-dx, -dy) in SIDES.get(character, set()):
            ways += [(here, side) for side in SIDES[character] - {(-dx, -dy)}]
        else:
            assert not heads, "a wire breaks off"
            assert not ways, "a wire breaks off"
    return heads


def wired(drawing: Drawing) -> list[list[Head]]:
    """Return, for each box, the arrow heads that its wire reaches."""
    at = {(box.x, y): index for index, box in enumerate(drawing.boxes) for y in range(box.y, box.y + box.height)}
    outputs = {(label.x - 1, label.y + 1) for label in drawing.labels if label.kind == "value"}
    reached = []
    for box in drawing.boxes:
        right = box.x + box.width
        rows = [y for y in range(box.y, box.y + box.height) if (right, y) in outputs]
        assert len(rows) == (box.kind != "outlet")
        heads = [head for y in rows for head in follow(drawing, right - 1, y)]
        reached.append([Head(at[x + 1, y], x, y) for x, y in sorted(heads, key=lambda head: head[::-1])])
    return reached


def assert_true_to(graph: Graph, drawing: Drawing) -> None:
    """Every port is reached exactly once, and by the value that the graph feeds it."""
    boxes = drawing.boxes
    feeding = [(head.box, head.y, boxes[source].name) for source, heads in enumerate(wired(drawing)) for head in heads]
    arrows = sum(cells.count("▶") for cells, _ in drawing.rows)
    assert len(feeding) == len(set(feeding)) == arrows
    for index, box in enumerate(boxes):
        inputs = [name for target, _, name in sorted(feeding) if target == index]
        match box.kind:
            case "node":
                node = graph.node(box.name)
                assert node is not None
                assert inputs == list(node.inputs)
            case "outlet":
                assert inputs == [box.name]
            case _:
                assert inputs == []


def assert_apart(drawing: Drawing) -> None:
    """Boxes, wires and labels share no cell, and all of them lie inside the drawing."""
    taken: dict[tuple[int, int], object] = {}
    for box in drawing.boxes:
        for y in range(box.y, box.y + box.height):
            for x in range(box.x, box.x + box.width):
                assert taken.setdefault((x, y), box) is box
    for y, (cells, styles) in enumerate(drawing.rows):
        assert len(cells) == len(styles) == drawing.width
        for x, style in enumerate(styles):
            assert style not in {"wire", "arrow"} or (x, y) not in taken
    for label in drawing.labels:
        for x in range(label.x, label.x + label.width):
            assert drawing.rows[label.y][0][x] == " "
            assert taken.setdefault((x, label.y), label) is label
    assert len(drawing.rows) == drawing.height


LETTERS = st.sampled_from(["x", "hidden", "苹果", "价", "Σ_total", "a_very_long_name_of_a_value_indeed"])


@st.composite
def graphs(draw: st.DrawFn, most: int = 60) -> Graph:
    """Random graphs: near and far inputs, shared values, one value twice into one node, one to four ports."""
    count = draw(st.integers(6, most))
    leaves = draw(st.integers(1, max(1, count // 2)))
    reach = draw(st.sampled_from([3, 6, 20, 60]))
    names = [f"{draw(LETTERS)}{index}" for index in range(count)]
    nodes = []
    for index in range(leaves, count):
        ports = draw(st.integers(1, 4))
        sources = draw(st.lists(st.integers(max(0, index - reach), index - 1), min_size=ports, max_size=ports))
        nodes.append(Node(names[index], "Layer", tuple(names[source] for source in sources)))
    return Graph(tuple(names[:leaves]), (), (), tuple(nodes), names[-1])


@given(graphs(most=24))
@settings(max_examples=100, deadline=None)
def test_every_wire_leads_from_its_value_to_its_consumers_and_nowhere_else(graph: Graph) -> None:
    drawing = Circuit(graph, wide).drawing(0)
    assert_true_to(graph, drawing)
    assert_apart(drawing)
    assert sorted(box.name for box in drawing.boxes if box.kind in {"node", "leaf"}) == sorted(graph.names)
