"""A failure costs the points of what caused it, once; what follows from it costs nothing more."""

from __future__ import annotations

from collections.abc import Mapping

from bptui.checking.finding import Finding, Mark, Verdict
from bptui.checking.marks import marks_of
from bptui.core.graph import Graph, Node

AFFINE = "homework.py:9"
GRAPH = Graph(
    ("x",),
    ("W", "V"),
    (),
    (
        Node("a", "Affine", ("x", "W"), origin=AFFINE),
        Node("r", "Relu", ("a",), origin="homework.py:2"),
        Node("b", "Affine", ("r", "V"), origin=AFFINE),
        Node("loss", "Sum", ("b",)),
    ),
    "loss",
)
RIGHT = [Finding(node.name, node.layer, node.inputs[0], "gradient", Verdict.PASS) for node in GRAPH.nodes]


def finding(node: str, rule: str = "gradient", *, about: str | None = None, verdict: Verdict = Verdict.FAIL) -> Finding:
    return Finding(node, None, about, rule, verdict)


def earned(points: Mapping[str, float], *findings: Finding) -> dict[str, float]:
    return {mark.name: mark.earned for mark in marks_of(GRAPH, points, [*RIGHT, *findings])}


def test_without_points_each_node_of_the_users_own_counts_one() -> None:
    assert earned({}) == {"a": 1, "r": 1, "b": 1}


def test_where_all_layers_are_built_in_each_node_counts_one() -> None:
    graph = Graph(("x",), (), (), (Node("y", "Relu", ("x",)),), "y")
    assert [
        (mark.name, mark.earned) for mark in marks_of(graph, {}, [Finding("y", "Relu", "x", "gradient", Verdict.PASS)])
    ] == [("y", 1)]


def test_points_of_a_layer_are_earned_where_it_is_right_at_each_of_its_nodes() -> None:
    assert earned({"Affine": 3, "r": 2}) == {"Affine": 3, "r": 2}
    assert earned({"Affine": 3, "r": 2}, finding("b")) == {"Affine": 0, "r": 2}


def test_points_of_a_node_come_before_those_of_its_layer() -> None:
    assert earned({"Affine": 3, "a": 1}, finding("b")) == {"Affine": 0, "a": 1}


def test_a_failure_of_a_node_that_counts_nothing_is_told_and_costs_nothing() -> None:
    assert earned({"r": 2}, finding("a")) == {"a": 0, "r": 2}


def test_gradients_that_are_off_behind_a_node_that_failed_cost_nothing_more() -> None:
    off = (finding("x", "expect", about="x"), finding("loss", "network", about="W"))
    assert earned({"Affine": 3, "r": 2}, finding("r"), *off) == {"Affine": 3, "r": 0}


def test_a_value_that_is_off_is_charged_to_the_node_that_computes_it_and_those_behind_it_are_not() -> None:
    off = (finding("a", "expect"), finding("r", "expect"), finding("loss", "expect"), finding("W", "expect", about="W"))
    assert earned({"a": 1, "r": 2, "b": 3}, *off) == {"a": 0, "r": 2, "b": 3}


def test_a_value_that_is_off_is_charged_to_the_nearest_node_before_it_that_counts() -> None:
    assert earned({"r": 2, "a": 1}, finding("loss", "expect")) == {"a": 1, "r": 0}


def test_gradients_alone_that_are_off_are_charged_to_the_last_node_that_they_come_through() -> None:
    off = (finding("x", "expect", about="x"), finding("r", "expect", about="r"))
    assert earned({"a": 1, "r": 2, "b": 3}, *off) == {"a": 1, "r": 2, "b": 0}


def test_what_could_not_be_checked_earns_nothing_and_says_why() -> None:
    skipped = finding("r", "gradient", verdict=Verdict.SKIP)
    found = [it for it in RIGHT if it.node != "r"]
    mark = marks_of(GRAPH, {"r": 2}, [*found, skipped])[0]
    assert mark == Mark("r", ("r",), 2, Verdict.SKIP, (skipped,))
    assert mark.earned == 0


def test_every_failure_costs_points_where_every_node_counts() -> None:
    """Points and exit status agree: whatever single thing fails, the points are not full."""
    points = {"a": 1.0, "r": 1.0, "b": 1.0, "loss": 1.0}
    names = GRAPH.names
    nodes = [finding(node.name) for node in GRAPH.nodes]
    values = [finding(name, "expect") for name in names]
    gradients = [finding(name, rule, about=name) for name in names for rule in ("expect", "network")]
    for failure in (*nodes, *values, *gradients):
        assert sum(earned(points, failure).values()) == 3, failure
