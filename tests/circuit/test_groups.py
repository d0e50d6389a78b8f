"""Groups of a program: closed at first, opened one level at a time, and never the whole graph."""

from __future__ import annotations

from bptui.circuit import Scale, find_groups, group_to_toggle
from bptui.core.graph import Graph, Node
from bptui.session.circuit_view import CircuitView


def node(name: str, inputs: tuple[str, ...], group: str) -> Node:
    return Node(name, "Own", inputs, origin="own.py:1", group=group)


GRAPH = Graph(
    ("x", "W"),
    (),
    (),
    (
        node("a", ("x", "W"), "net/block/inner"),
        node("b", ("a",), "net/block/inner"),
        node("c", ("b",), "net/block"),
        node("d", ("c", "x"), "net"),
    ),
    "d",
)


def drawn(view: CircuitView) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(it.name, it.layer, it.inputs) for it in view.folding(GRAPH, Scale.WHOLE).graph.nodes]


def test_groups_open_one_level_at_a_time() -> None:
    groups = find_groups(GRAPH)
    view = CircuitView()
    assert drawn(view) == [("c", "block", ("x", "W")), ("d", "Own", ("c", "x"))]
    view = view.toggle(group_to_toggle(groups, view.toggled, "c") or "")
    assert drawn(view) == [("b", "inner", ("x", "W")), ("c", "Own", ("b",)), ("d", "Own", ("c", "x"))]
    view = view.toggle(group_to_toggle(groups, view.toggled, "b") or "")
    assert [name for name, _, _ in drawn(view)] == ["a", "b", "c", "d"]
    view = view.toggle(group_to_toggle(groups, view.toggled, "a") or "")
    assert [name for name, _, _ in drawn(view)] == ["b", "c", "d"]


def test_what_is_in_no_group_has_none_to_open() -> None:
    assert group_to_toggle(find_groups(GRAPH), frozenset(), "d") is None
