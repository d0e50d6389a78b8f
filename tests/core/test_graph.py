"""The graph's order is a valid one nearest to the file's, its backward pass the exact reverse, and a cycle is told."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.graph import Graph, Node, find_cycle, forward_order


@st.composite
def shuffled_graphs(draw: Any, most: int = 8) -> list[Node]:
    """Nodes without a cycle, in any order; ``x`` is a leaf."""
    count = draw(st.integers(1, most))
    names = [f"n{number}" for number in range(count)]
    nodes = [
        Node(name, "Add", tuple(draw(st.lists(st.sampled_from(["x", *names[:number]]), min_size=1, max_size=3))))
        for number, name in enumerate(names)
    ]
    return draw(st.permutations(nodes))


def graph_of(nodes: list[Node], output: str) -> Graph:
    return Graph(inputs=("x",), parameters=(), constants=(), nodes=tuple(forward_order(nodes)[0]), output=output)


def is_valid(nodes: list[Node]) -> bool:
    """Whether every node stands after those that it consumes."""
    seen = {"x"}
    for node in nodes:
        if not seen >= set(node.inputs):
            return False
        seen.add(node.name)
    return True


@given(shuffled_graphs())
def test_forward_order_is_valid_and_complete(nodes: list[Node]) -> None:
    ordered, held = forward_order(nodes)
    assert not held
    assert is_valid(ordered)
    assert set(ordered) == set(nodes)


@given(shuffled_graphs(most=5))
def test_of_all_valid_orders_it_is_the_one_that_keeps_the_files_earliest_first(nodes: list[Node]) -> None:
    place = {node.name: at for at, node in enumerate(nodes)}
    valid = [[place[node.name] for node in order] for order in permutations(nodes) if is_valid(list(order))]
    assert [place[node.name] for node in forward_order(nodes)[0]] == min(valid)


@given(shuffled_graphs(), st.data())
def test_backward_is_the_reverse_of_forward_over_what_the_output_depends_on(nodes: list[Node], data: Any) -> None:
    output = data.draw(st.sampled_from(nodes)).name
    graph = graph_of(nodes, output)
    inputs = {node.name: set(node.inputs) for node in nodes}
    needed: set[str] = set()
    waiting = [output]
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting.extend(inputs.get(name, ()))
    expected = [node.name for node in graph.nodes if node.name in needed][::-1]
    assert [graph.nodes[node].name for node in graph.backward] == expected


@given(shuffled_graphs())
def test_uses_and_edges_tell_the_same(nodes: list[Node]) -> None:
    graph = graph_of(nodes, nodes[0].name)
    from_uses = {(slot, use.node, use.position) for slot, uses in enumerate(graph.uses) for use in uses}
    from_edges = {
        (slot, node, position) for node, slots in enumerate(graph.edges) for position, slot in enumerate(slots)
    }
    assert from_uses == from_edges
    for uses in graph.uses:
        assert list(uses) == sorted(uses)


@given(shuffled_graphs())
def test_names_and_slots_are_inverse(nodes: list[Node]) -> None:
    graph = graph_of(nodes, nodes[0].name)
    assert [graph.names[graph.slots[name]] for name in graph.names] == list(graph.names)
    assert graph.node("x") is None
    assert all(graph.node(node.name) is node for node in nodes)


@given(shuffled_graphs(), st.data())
def test_a_cycle_is_closed_and_made_of_nodes_that_consume_each_other(nodes: list[Node], data: Any) -> None:
    ordered, _ = forward_order(nodes)
    last, first = ordered[-1], data.draw(st.sampled_from(ordered))
    inputs = {node.name: {*node.inputs} for node in ordered} | {first.name: {*first.inputs, last.name}}
    _, held = forward_order([Node(name, "Add", tuple(sorted(given_to))) for name, given_to in inputs.items()])
    if not held:
        assert first is not last
        return
    cycle = find_cycle(held)
    assert len(set(cycle)) == len(cycle)
    for source, consumer in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
        assert source in inputs[consumer]


def test_a_node_that_consumes_itself_is_a_cycle_of_one() -> None:
    _, held = forward_order([Node("y", "Add", ("y", "x"))])
    assert find_cycle(held) == ["y"]


@pytest.mark.parametrize("count", [100_000])
def test_a_long_chain_is_ordered_without_recursion(count: int) -> None:
    nodes = [Node(f"n{number}", "Exp", (f"n{number - 1}" if number else "x",)) for number in range(count)]
    graph = graph_of(nodes[::-1], f"n{count - 1}")
    assert graph.nodes == tuple(nodes)
    assert list(graph.backward) == list(range(count))[::-1]
