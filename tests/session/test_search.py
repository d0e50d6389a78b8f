from __future__ import annotations

from bptui.core.graph import Graph, Node
from bptui.session import search
from bptui.session.neighbours import Neighbours

GRAPH = Graph(
    ("x",),
    ("W",),
    (),
    (Node("a", "MatMul", ("x", "W")), Node("z", "Relu", ("a",)), Node("s", "Add", ("a", "z"))),
    "s",
)


def test_a_search_finds_names_and_layers_whatever_the_case() -> None:
    assert search.matching_names(GRAPH, "RELU") == ["z"]
    assert search.matching_names(GRAPH, "a") == ["a", "s"]
    assert search.matching_names(GRAPH, "nothing") == []


def test_a_search_finds_every_output_that_has_a_name() -> None:
    graph = Graph(("x",), (), (), (Node("h", "LSTMStep", ("x",), outputs=("h", "c", "h._3")),), "h")
    assert search.matching_names(graph, "c") == ["c"]
    assert search.matching_names(graph, "lstm") == ["h", "c"]


def test_next_and_previous_match_go_round_in_graph_order() -> None:
    found = ["x", "a", "s"]
    assert [search.next_match(GRAPH, found, name, 1) for name in (None, "x", "a", "z", "s")] == [
        "x",
        "a",
        "s",
        "s",
        "x",
    ]
    assert [search.next_match(GRAPH, found, name, -1) for name in ("s", "z", "x")] == ["a", "a", "s"]
    assert search.next_match(GRAPH, [], "x", 1) is None


def test_neighbours_are_tried_in_turn() -> None:
    neighbours = Neighbours(GRAPH)
    assert [neighbours.consumer("a") for _ in range(3)] == ["z", "s", "z"]
    assert [neighbours.producer("a") for _ in range(3)] == ["x", "W", "x"]
    assert neighbours.consumer("s") is None
    assert neighbours.producer("x") is None
