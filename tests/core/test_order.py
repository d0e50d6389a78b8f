"""Laws of the order of steps, whether it was fixed beforehand or recorded as it went."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.graph import Graph, Node
from bptui.core.order import Order, Pass, RecordedOrder, Schedule
from bptui.scenario.scenario import Scenario
from strategies import random_scenarios


def recorded(order: Order) -> RecordedOrder:
    """Record an order step by step."""
    it = RecordedOrder(order.passes(0).graph)
    for iteration in range(order.iterations):
        passes = order.passes(iteration)
        if iteration:
            it.begin_iteration(passes.graph)
        for node in passes.backward:
            it.add_backward(node)
        for parameter in passes.updated:
            it.add_update(parameter)
    return it


@given(random_scenarios(iterations=3), st.booleans())
def test_a_recorded_order_is_the_order_that_was_recorded(scenario: Scenario, trains: bool) -> None:
    order = Schedule(scenario.graph, iterations=3, trains=trains)
    again = recorded(order)
    assert (len(again), again.iterations) == (len(order), order.iterations)
    for number in range(1, len(order) + 1):
        assert again[number] == order[number]
    for position in range(len(order) + 1):
        assert again.progress(position) == order.progress(position)
        assert again.iteration_earlier(position) == order.iteration_earlier(position)
    for iteration in range(order.iterations):
        assert again.start(iteration) == order.start(iteration)
        assert again.pass_starts(iteration) == order.pass_starts(iteration)
        for name in scenario.graph.names:
            assert again.complete_at(iteration, name) == order.complete_at(iteration, name)
            for pass_ in Pass:
                assert again.step_number(iteration, pass_, name) == order.step_number(iteration, pass_, name)


@given(random_scenarios(iterations=2))
def test_a_step_s_number_and_its_turn_are_inverse(scenario: Scenario) -> None:
    order = scenario.schedule
    for number in range(1, len(order) + 1):
        turn = order[number]
        assert order.step_number(turn.iteration - 1, turn.pass_, turn.name) == number
        done = order.progress(number)
        assert (turn.iteration - 1, turn.rank + 1) == (done.iteration, done[1 + list(Pass).index(turn.pass_)])


def graph_of(*nodes: Node) -> Graph:
    return Graph(("x",), ("w",), (), nodes, nodes[-1].name)


@pytest.fixture
def program() -> RecordedOrder:
    """A program that learns, then looks at its accuracy only, then goes back in an order of its own."""
    a, b, c = Node("a", "Mul", ("x", "w")), Node("b", "Exp", ("x",)), Node("c", "Add", ("a", "b"))
    order = RecordedOrder(graph_of(a, b, c))
    for node in (2, 0, 1):
        order.add_backward(node)
    order.add_update("w")
    order.begin_iteration(graph_of(a))
    order.begin_iteration(graph_of(b, a, c))
    order.add_backward(2)
    order.add_backward(0)
    return order


def test_a_recorded_order_may_change_its_graph_and_its_backward(program: RecordedOrder) -> None:
    turns = [(turn.iteration, turn.pass_.value[0], turn.name) for turn in map(program.__getitem__, range(1, 14))]
    assert turns == [
        *[(1, "f", name) for name in "abc"],
        *[(1, "b", name) for name in "cab"],
        (1, "u", "w"),
        (2, "f", "a"),
        *[(3, "f", name) for name in "bac"],
        *[(3, "b", name) for name in "cb"],
    ]
    assert [program.pass_starts(iteration) for iteration in range(4)] == [(1, 4, 7), (8,), (9, 12), ()]
    assert program.step_number(1, Pass.BACKWARD, "a") is None
    assert program.step_number(1, Pass.FORWARD, "c") is None
    assert [program.iteration_earlier(position) for position in (3, 8, 10, 13)] == [None, 1, 8, 8]


def test_an_order_that_grows_tells_of_what_there_is_so_far(program: RecordedOrder) -> None:
    assert (len(program), program.progress(13)) == (13, (2, 3, 2, 0))
    program.add_backward(1)
    assert (len(program), program[14].name) == (14, "a")
