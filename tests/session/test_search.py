from __future__ import annotations

from bptui.core.graph import Graph, Node
from bptui.session import search
from bptui.session.neighbours import Tour

GRAPH = Graph(
    ("x",),
    ("W",),
    (),
    (Node("a", "MatMul", ("x", "W")), Node("z", "Relu", ("a",)), Node("s", "Add", ("a", "z"))),
    "s",
)


def test_a_search_finds_names_and_layers_whatever_the_case() -> None:
    assert search.matches(GRAPH, "RELU") == ["z"]
    assert search.matches(GRAPH, "a") == ["a", "s"]
    assert search.matches(GRAPH, "nothing") == []


def test_next_and_previous_match_go_round_in_graph_order() -> None:
    found = ["x", "a", "s"]
    assert [search.neighbour(GRAPH, found, name, 1) for name in (None, "x", "a", "z", "s")] == ["x", "a", "s", "s", "x"]
    assert [search.neighbour(GRAPH, found, name, -1) for name in ("s", "z", "x")] == ["a", "a", "s"]
    assert search.neighbour(GRAPH, [], "x", 1) is None


def test_a_tour_tries_every_way_in_turn() -> None:
    tour = Tour(GRAPH)
    assert [tour.consumer("a") for _ in range(3)] == ["z", "s", "z"]
    assert [tour.producer("a") for _ in range(3)] == ["x", "W", "x"]
    assert tour.consumer("s") is None
    assert tour.producer("x") is None
