"""Composites folded: the drawn graph takes from outside what the nodes in it take, and every use keeps its meaning."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bptui.circuit import composites, fold
from bptui.core.graph import Graph, Node, Use

NEURON = Graph(
    ("x",),
    ("W", "b"),
    (),
    (
        Node("y.1", "MatMul", ("x", "W")),
        Node("y.2", "Add", ("y.1", "b")),
        Node("y", "Relu", ("y.2",)),
        Node("z", "Mul", ("y", "x")),
    ),
    "z",
)


def test_the_parts_of_a_formula_fold_into_its_node() -> None:
    assert composites(NEURON) == {"y": ("y.1", "y.2")}
    folding = fold(NEURON, composites(NEURON))
    assert [(node.name, node.inputs) for node in folding.graph.nodes] == [("y", ("x", "W", "b")), ("z", ("y", "x"))]
    assert folding.graph.nodes[0].layer == "Relu"
    assert [folding.visible_box(name) for name in ("y.1", "y.2", "y", "x")] == ["y", "y", "y", "x"]


def test_a_node_whose_value_others_use_stays_beside_the_node_that_it_belongs_to() -> None:
    nodes = (*NEURON.nodes[:3], Node("z", "Mul", ("y", "y.2")))
    graph = Graph(NEURON.inputs, NEURON.parameters, (), nodes, "z")
    assert composites(graph) == {}
    folding = fold(graph, composites(graph))
    assert folding.graph.names == graph.names


def test_a_name_with_a_point_belongs_to_no_leaf() -> None:
    graph = Graph(("x",), (), (), (Node("x.1", "Exp", ("x",)), Node("y", "Exp", ("x.1",))), "y")
    assert composites(graph) == {}


@st.composite
def formulas(draw: st.DrawFn) -> Graph:
    """Graphs as nested formulas make them: each node has parts that take leaves, nodes and parts before them."""
    names = ["p", "q"]
    nodes: list[Node] = []
    for index in range(draw(st.integers(1, 6))):
        parts: list[str] = []
        for part in range(draw(st.integers(0, 4))):
            sources = draw(st.lists(st.sampled_from(names), max_size=2)) + parts[-1:]
            nodes.append(Node(f"n{index}.{part + 1}", "Layer", tuple(sources or ["p"])))
            parts.append(nodes[-1].name)
        nodes.append(Node(f"n{index}", "Layer", (*parts[-1:], draw(st.sampled_from(names)))))
        names.append(nodes[-1].name)
    return Graph(("p", "q"), (), (), tuple(nodes), names[-1])


@given(formulas(), st.data())
def test_each_use_in_the_folded_graph_is_one_of_the_whole_of_the_same_value(graph: Graph, data: st.DataObject) -> None:
    found = composites(graph)
    closed = {name: members for name, members in found.items() if data.draw(st.booleans())}
    folding = fold(graph, closed)
    inner = {member for members in closed.values() for member in members}
    assert folding.graph.names == tuple(name for name in graph.names if name not in inner)
    for index, node in enumerate(folding.graph.nodes):
        for position, name in enumerate(node.inputs):
            use = folding.uses[Use(index, position)]
            assert graph.nodes[use.node].inputs[use.position] == name
            assert folding.visible_box(graph.nodes[use.node].name) == node.name
    outside = [use for slot, name in enumerate(graph.names) if name not in inner for use in graph.uses[slot]]
    assert sorted(folding.uses.values()) == sorted(outside)


def test_folding_keeps_the_order_in_which_values_are_computed() -> None:
    folding = fold(NEURON, composites(NEURON))
    assert all(
        source < len(folding.graph.leaves) + at for at, edges in enumerate(folding.graph.edges) for source in edges
    )
