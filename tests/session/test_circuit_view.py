"""At which scale the circuit is seen, and which composites are folded there."""

from __future__ import annotations

from bptui.circuit import Scale
from bptui.core.graph import Graph, Node
from bptui.session.circuit_view import CircuitView

GRAPH = Graph(("x",), (), (), (Node("y.1", "Exp", ("x",)), Node("y", "Exp", ("y.1",))), "y")


def drawn(view: CircuitView, scale: Scale) -> list[str]:
    return [node.name for node in view.folding(GRAPH, scale).graph.nodes]


def test_composites_are_closed_among_boxes_and_open_elsewhere_until_they_are_toggled() -> None:
    view = CircuitView()
    assert [drawn(view, scale) for scale in Scale] == [["y.1", "y"], ["y"], ["y.1", "y"]]
    toggled = view.toggle("y")
    assert [drawn(toggled, scale) for scale in Scale] == [["y"], ["y.1", "y"], ["y"]]
    assert toggled.toggle("y").toggled == view.toggled


def test_scales_go_round() -> None:
    assert [scale.farther for scale in Scale] == [Scale.BOXES, Scale.MAP, Scale.WHOLE]


def test_a_whole_graph_is_tried_with_its_composites_folded_before_it_loses_its_numbers() -> None:
    tried = [(view.scale, drawn(view, view.scale)) for view in CircuitView().candidates(GRAPH) if view.scale]
    assert tried == [
        (Scale.WHOLE, ["y.1", "y"]),
        (Scale.WHOLE, ["y"]),
        (Scale.BOXES, ["y"]),
        (Scale.MAP, ["y.1", "y"]),
    ]
    assert [view.scale for view in CircuitView(Scale.BOXES).candidates(GRAPH)] == [Scale.BOXES]


def test_what_a_person_has_opened_is_not_folded_again() -> None:
    opened = CircuitView(Scale.WHOLE, frozenset({"y"})).toggle("y")
    assert [drawn(view, Scale.WHOLE) for view in opened.candidates(GRAPH)] == [["y.1", "y"]]
