"""The drawn circuit against an oracle that follows its wires, character by character."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bptui.circuit import Circuit, Drawing, Room, Scale
from bptui.core.graph import Graph, Node, Use
from sampled import one_in

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
    reached = []
    for box in drawing.boxes:
        heads = [] if box.kind == "outlet" else follow(drawing, box.x + box.width - 1, box.out)
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
            case "output":
                node = graph.node(box.name)
                assert node is not None
                assert inputs == [node.name]
            case _:
                assert inputs == []


SCALES = [
    (Scale.WHOLE, None),
    (Scale.WHOLE, Room(0, 0)),
    (Scale.WHOLE, Room(10_000, 10_000)),
    (Scale.BOXES, None),
    (Scale.BOXES, Room(0, 0)),
]


def drawings(graph: Graph) -> Iterator[Drawing]:
    """Yield the first sheet as each scale draws it, with room for nothing and for everything."""
    for scale, room in SCALES:
        yield Circuit(graph, scale=scale).drawing(0, room)


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


PREFIXES = ("x", "hidden", "苹果", "价", "Σ_total", "a_very_long_name_of_a_value_indeed")


@st.composite
def graphs(draw: st.DrawFn, most: int = 60) -> Graph:
    """Random graphs: near and far inputs, shared values, one value twice into one node, one to four ports."""
    count = draw(st.integers(6, most))
    leaves = draw(st.integers(1, count // 2))
    reach = draw(st.sampled_from([3, 6, 20, most]))
    names = [f"{draw(st.sampled_from(PREFIXES))}{index}" for index in range(count)]
    nodes = []
    for index in range(leaves, count):
        sources = draw(st.lists(st.integers(max(0, index - reach), index - 1), min_size=1, max_size=4))
        nodes.append(Node(names[index], "Layer", tuple(names[source] for source in sources)))
    return Graph(tuple(names[:leaves]), (), (), tuple(nodes), names[-1])


@st.composite
def graphs_of_several_outputs(draw: st.DrawFn) -> Graph:
    """Graphs in which nodes have one to three outputs, each of which may be used or not."""
    names, nodes = ["x", "y"], []
    for index in range(draw(st.integers(1, 6))):
        inputs = tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=3)))
        outputs = tuple(f"n{index}{letter}" for letter in "abc"[: draw(st.integers(1, 3))])
        nodes.append(Node(outputs[0], "Layer", inputs, outputs=outputs))
        names += outputs
    return Graph(("x", "y"), (), (), tuple(nodes), names[-1])


@given(graphs_of_several_outputs())
@settings(max_examples=6)
def test_each_output_of_a_node_has_a_box_and_wires_of_its_own(graph: Graph) -> None:
    for drawing in drawings(graph):
        assert_true_to(graph, drawing)
        assert_apart(drawing)
        assert {box.name for box in drawing.boxes} == set(graph.names)


def random_graph(random: Random, count: int) -> Graph:
    """A graph of ``count`` values drawn by ``random``; the first leaf is used all over."""
    leaves, reach = random.randint(1, max(1, count // 2)), random.choice([2, 5, 20, count])
    names = [f"{random.choice(PREFIXES)}{index}" for index in range(count)]
    nodes = []
    for index in range(leaves, count):
        near = [random.randint(max(0, index - reach), index - 1) for _ in range(random.randint(1, 4))]
        far = [random.randrange(index)] * (random.random() < 0.1) + [0] * (random.random() < 0.2)
        nodes.append(Node(names[index], "Layer", tuple(names[source] for source in (near + far)[:4])))
    return Graph(tuple(names[:leaves]), (), (), tuple(nodes), names[-1])


def chain(length: int) -> Graph:
    """Node after node, each with one more parameter."""
    names = [f"h{index}" for index in range(length + 1)]
    weights = tuple(f"W{index}" for index in range(length))
    nodes = (Node(names[index + 1], "Mul", (names[index], weights[index])) for index in range(length))
    return Graph((names[0],), weights, (), tuple(nodes), names[-1])


@given(graphs(most=24))
@settings(max_examples=6)
def test_every_wire_leads_from_its_value_to_its_consumers_and_nowhere_else(graph: Graph) -> None:
    for drawing in drawings(graph):
        assert_true_to(graph, drawing)
        assert_apart(drawing)
        assert sorted(box.name for box in drawing.boxes if box.kind in {"node", "leaf"}) == sorted(graph.names)


@pytest.mark.parametrize("seed", one_in(2, range(2)))
def test_wires_stay_true_in_graphs_of_sixty_values(seed: int) -> None:
    graph = random_graph(Random(seed), 60)
    for drawing in drawings(graph):
        assert_true_to(graph, drawing)
        assert_apart(drawing)


@pytest.mark.parametrize("seed", one_in(2, range(2)))
def test_each_sheet_of_a_large_graph_is_true_and_each_value_has_one_box_of_its_own(seed: int) -> None:
    graph = random_graph(Random(seed), 300)
    circuit = Circuit(graph)
    homes = []
    for sheet in range(len(circuit)):
        drawing = circuit.drawing(sheet)
        assert_true_to(graph, drawing)
        assert_apart(drawing)
        own = [box.name for box in drawing.boxes if box.kind in {"node", "leaf"}]
        assert {circuit.sheet_of(name) for name in own} == {sheet}
        homes += own
    assert len(circuit) > 1
    assert sorted(homes) == sorted(graph.names)


@pytest.mark.parametrize("seed", one_in(3, range(3)))
def test_what_is_written_below_the_wires_of_a_box_adds_up_to_what_is_written_at_its_source(seed: int) -> None:
    graph = random_graph(Random(seed), 200)
    circuit = Circuit(graph)
    for sheet in range(len(circuit)):
        drawing = circuit.drawing(sheet)
        sums = {(label.x - 1, label.y - 1): label for label in drawing.labels if label.kind == "gradient"}
        shares = {
            (label.x + label.width, label.y - 1): label for label in drawing.labels if label.kind == "contribution"
        }
        outputs = [sums.get((box.x + box.width, y)) for box in drawing.boxes for y in range(box.y, box.y + box.height)]
        gradients = iter(label for label in outputs if label)
        for box, heads in zip(drawing.boxes, wired(drawing), strict=True):
            if box.kind == "outlet":
                continue
            gradient = next(gradients)
            whole = graph.uses[graph.slots[box.name]] if gradient.uses is None else gradient.uses
            if len(heads) == 1 and box.name != graph.output:
                assert (heads[0].x, heads[0].y) not in shares
            elif heads:
                written = [use for head in heads for use in shares[head.x, head.y].uses or ()]
                assert sorted(written) == sorted(whole)


def test_a_port_says_which_use_of_a_value_its_contribution_is() -> None:
    graph = Graph(("x",), (), (), (Node("y", "Mul", ("x", "x")), Node("z", "Add", ("y", "x"))), "z")
    contributions = [label for label in Circuit(graph).drawing(0).labels if label.kind == "contribution"]
    assert [label.name for label in contributions] == ["x"] * 3
    assert sorted(label.uses for label in contributions if label.uses) == [(Use(0, 0),), (Use(0, 1),), (Use(1, 1),)]


def test_data_flows_to_the_right_on_every_wire() -> None:
    drawing = Circuit(random_graph(Random(5), 40)).drawing(0)
    for box, heads in zip(drawing.boxes, wired(drawing), strict=True):
        assert all(head.x >= box.x + box.width for head in heads)


def test_a_chain_is_drawn_straight() -> None:
    drawing = Circuit(chain(12)).drawing(0)
    assert len({box.y for box in drawing.boxes if box.kind == "node"}) == 1


def test_a_value_used_all_over_a_sheet_has_an_inlet_at_each_consumer() -> None:
    nodes = tuple(Node(f"y{index}", "Mul", ("w", "w")) for index in range(9))
    graph = Graph(("w",), (), (), nodes, "y8")
    drawing = Circuit(graph).drawing(0)
    assert [box.kind for box in drawing.boxes if box.name == "w"].count("inlet") == 9
    assert_true_to(graph, drawing)
    assert "→ 18×" in "\n".join("".join(cells) for cells, _ in drawing.rows)


def test_ten_thousand_nodes_are_cut_into_sheets_of_their_neighbourhood() -> None:
    circuit = Circuit(chain(10_000))
    middle = circuit.drawing(circuit.sheet_of("h5000"))
    assert len(circuit.kept) == 1
    assert {"h4999", "h5000", "W4999"} <= {box.name for box in middle.boxes}
    assert len(middle.boxes) < 100
    assert sum(len(circuit.cuts.span(sheet)) for sheet in range(len(circuit))) == 10_000


def test_an_empty_place_holds_no_name_and_a_box_holds_its_own() -> None:
    drawing = Circuit(chain(3)).drawing(0)
    for box in drawing.boxes:
        corners = [(box.x, box.y), (box.x + box.width - 1, box.y + box.height - 1)]
        assert [drawing.name_at(*corner) for corner in corners] == [box.name, box.name]
    assert drawing.name_at(-1, 0) is drawing.name_at(0, -1) is drawing.name_at(0, drawing.height) is None


def test_control_characters_in_a_name_are_shown_and_not_obeyed() -> None:
    graph = Graph(("x",), (), (), (Node("y", "\x1b[31m", ("x",)),), "y")
    text = "".join("".join(cells) for cells, _ in Circuit(graph).drawing(0).rows)
    assert "\x1b" not in text
    assert "\\x1b" in text


def test_leaves_that_nobody_uses_are_drawn_without_a_wire_to_anything() -> None:
    graph = Graph(("x", "idle"), (), (), (Node("y", "Exp", ("x",)),), "y")
    drawing = Circuit(graph).drawing(0)
    assert "idle" in drawing.box
    assert_true_to(graph, drawing)


def test_an_output_that_is_used_again_shows_what_its_consumers_contribute() -> None:
    graph = Graph(("x",), (), (), (Node("y", "Exp", ("x",)), Node("z", "Exp", ("y",))), "y")
    shares = [label.uses for label in Circuit(graph).drawing(0).labels if label.kind == "contribution"]
    assert shares == [(Use(1, 0),)]


def test_drawings_looked_at_long_ago_are_drawn_again_alike() -> None:
    circuit = Circuit(chain(1_000))
    first = circuit.drawing(0)
    assert circuit.drawing(0) is first
    for sheet in range(1, len(circuit)):
        circuit.drawing(sheet)
    assert circuit.drawing(0) is not first
    assert circuit.drawing(0).rows == first.rows
