"""The tape is data: whatever fills it, it can be read, and forked at any position to go on from there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.columns import Iteration
from bptui.core.engine import Calls, Runner, calls_of
from bptui.core.graph import Graph, Node
from bptui.core.moment import Moment
from bptui.core.optimizer import Adam
from bptui.core.order import Pass, RecordedOrder, Schedule
from bptui.core.step import BackwardStep, ForwardStep
from bptui.core.tape import Tape
from bptui.running import Run
from bptui.scenario.scenario import Scenario, Train
from bptui.scenario_tape import run
from layers import Array, library
from strategies import buy_apple, make_scenario, random_scenarios

COLUMNS = ("values", "douts", "contributions", "sums", "updates")


def bits(columns: Iteration) -> list[Any]:
    return [[None if it is None else np.asarray(it).tobytes() for it in getattr(columns, name)] for name in COLUMNS]


@given(random_scenarios(iterations=3), st.floats(0, 1))
def test_a_run_that_goes_on_from_a_fork_gives_the_whole_run(scenario: Scenario, part: float) -> None:
    whole = run(scenario)
    position = round(part * len(whole))
    fork = whole.fork(position)
    assert len(fork) == position
    again = Run(scenario, fork)
    again.finish()
    assert len(fork) == len(whole)
    assert list(map(bits, fork.iterations)) == list(map(bits, whole.iterations))


@given(random_scenarios(iterations=3), st.floats(0, 1))
def test_a_fork_shares_every_object_of_the_steps_before_it(scenario: Scenario, part: float) -> None:
    whole = run(scenario)
    fork = whole.fork(round(part * len(whole)))
    ours = [it for columns in whole.iterations for name in COLUMNS for it in getattr(columns, name)]
    for columns in fork.iterations:
        for name in COLUMNS:
            assert all(any(it is other for other in ours) for it in getattr(columns, name))
    done = whole.order.progress(len(fork)).iteration
    assert all(one is other for one, other in zip(fork.iterations[:done], whole.iterations[:done], strict=True))


def test_what_is_changed_in_a_fork_leaves_the_tape_as_it_was() -> None:
    scenario = buy_apple()
    tape = run(scenario)
    fork = tape.fork(1)
    fork.iterations[0].values[scenario.graph.slots["tax"]] = np.float64(2.0)
    Run(scenario, fork).finish()
    assert [float(it.values["price"]) for it in (tape, fork)] == pytest.approx([220.0, 400.0])  # type: ignore[arg-type]
    assert [float(it.gradients["apple"]) for it in (tape, fork)] == pytest.approx([2.2, 4.0])  # type: ignore[arg-type]


def test_what_an_optimizer_remembers_is_on_the_tape() -> None:
    tape = run(buy_apple(train=Train(Adam(lr=0.01), steps=3)))
    assert [columns.memories[0]["t"] for columns in tape.iterations] == [1, 2, 3]


class Halves:
    """The quotient and the remainder by 2, of a layer with two outputs; a gradient to the first alone counts half."""

    def forward(self, x: Any) -> Any:
        return x // 2, x % 2

    def backward(self, first: Any, second: Any) -> Any:
        return 0.5 * first + second


class Layers:
    """The layers of a graph by their nodes."""

    def __init__(self, graph: Graph, layers: dict[str, Any]) -> None:
        self.graph = graph
        self.layers = layers

    @property
    def calls(self) -> Calls:
        return calls_of(self.graph, [np.float64(1.0)], [self.layers[node.layer] for node in self.graph.nodes])

    def make(self, node: int) -> Any:
        return self.layers[self.graph.nodes[node].layer]()

    def begin_iteration(self, iteration: int) -> None:
        pass


def with_halves(*more: Node) -> Tape:
    """Run ``h, r = Halves(x)`` at 7 and 10, followed by other nodes."""
    graph = Graph(("x",), (), (), (Node("h", "Halves", ("x",), outputs=("h", "r")), *more), more[-1].name)
    tape = Tape(Schedule(graph, iterations=1, trains=False), [np.array([7.0, 10.0])], np.float64(1.0))
    runner = Runner(tape, Layers(graph, {**library, "Halves": Halves}))
    runner.finish()
    assert runner.failure is None
    return tape


def lists(arrays: Any) -> list[Any]:
    return [None if it is None else it.tolist() for it in arrays]


def test_each_output_is_a_value_and_gets_its_gradient() -> None:
    tape = with_halves(Node("p", "Mul", ("h", "r")), Node("y", "Sum", ("p",)))
    assert lists(map(tape.values.get, "hrp")) == [[3.0, 5.0], [1.0, 0.0], [3.0, 0.0]]
    assert lists(map(tape.gradients.get, "hrx")) == [[1.0, 0.0], [3.0, 5.0], [3.5, 5.0]]
    first, last = tape[0], tape[-1]
    assert isinstance(first, ForwardStep)
    assert lists(first.outs) == [[3.0, 5.0], [1.0, 0.0]]
    assert isinstance(last, BackwardStep)
    assert lists(last.douts) == [[1.0, 0.0], [3.0, 5.0]]
    assert tape.at(1).changed == {"h", "r"}
    assert tape.at(1).value("r") is not None
    assert (tape.graph.slot_of(0, 1), tape.graph.node_at(2), tape.graph.node_index("r")) == (2, 0, 0)


def test_an_output_without_a_gradient_gets_zeros_if_another_has_one() -> None:
    tape = with_halves(Node("y", "Sum", ("r",)))
    last = tape[-1]
    assert isinstance(last, BackwardStep)
    assert lists(last.douts) == [[0.0, 0.0], [1.0, 1.0]]
    assert lists([tape.gradients["h"], tape.gradients["x"]]) == [None, [1.0, 1.0]]


def test_a_node_none_of_whose_outputs_gets_a_gradient_has_none() -> None:
    tape = with_halves(Node("stop", "Detach", ("r",)), Node("y", "Sum", ("stop",)))
    last = tape[-1]
    assert isinstance(last, BackwardStep)
    assert (last.name, last.douts, last.gradients) == ("h", (None, None), (None,))


def test_a_layer_that_returns_another_number_of_outputs_fails_at_its_node() -> None:
    graph = Graph(("x",), (), (), (Node("a", "Halves", ("x",), outputs=("a", "b", "c")),), "a")
    tape = Tape(Schedule(graph, iterations=1, trains=False), [np.float64(1.0)], np.float64(1.0))
    Runner(tape, Layers(graph, {"Halves": Halves})).finish()
    assert len(tape) == 0
    assert tape.failure is not None
    assert "a: Halves: returns 2 values for the 3 outputs of the node" in tape.failure.message


@given(random_scenarios(iterations=2))
def test_a_tape_filled_step_by_step_in_a_recorded_order_is_the_run_s(scenario: Scenario) -> None:
    whole = run(scenario)
    graph = scenario.graph
    order = RecordedOrder(graph)
    tape = Tape(order, whole.leaves)
    for step in whole:
        if step.pass_ is Pass.FORWARD and step.number == whole.order.start(step.iteration - 1) + 1:
            if step.number > 1:
                order.begin_iteration(graph)
            tape.begin_iteration()
        match step:
            case ForwardStep():
                tape.add_forward(*(out[()] for out in step.outs))
            case BackwardStep():
                node = graph.node_index(step.name)
                assert node is not None
                if step.name == graph.output:
                    tape.begin_backward(step.dout)
                order.add_backward(node)
                tape.add_backward(step.dout, step.gradients)
            case _:
                order.add_update(step.name)
                tape.add_update(step.after)
    assert len(tape) == len(whole)
    assert tape.is_complete
    for one, other in zip(tape, whole, strict=True):
        assert repr(one) == repr(other)
    for name in graph.names:
        np.testing.assert_array_equal(np.asarray(tape.values[name]), np.asarray(whole.values[name]))


def test_a_failure_is_on_the_tape_with_the_steps_before_it() -> None:
    scenario = make_scenario(
        [Node("a", "Exp", ("x",)), Node("y", "Add", ("a", "z"))], inputs={"x": [1.0, 2.0], "z": [1.0, 2.0, 3.0]}
    )
    made = Run(scenario)
    made.finish()
    assert made.is_over
    assert len(made.tape) == 1
    assert made.tape.failure is not None
    assert made.tape.failure.message.startswith("y: Add: ")


@given(random_scenarios(iterations=2))
def test_values_and_gradients_are_those_after_the_last_step(scenario: Scenario) -> None:
    tape = run(scenario)
    end = tape.at(len(tape))
    for name in tape.graph.names:
        assert tape.values[name] is not None
        np.testing.assert_array_equal(tape.values[name], end.value(name))
        assert (name in tape.gradients) == (name not in tape.graph.constants)
    assert list(tape.values) == list(tape.graph.names)
    assert all((it is None) == (end.gradient(name) is None) for name, it in tape.gradients.items())


def test_one_gradient_is_looked_up_without_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, asked = run(buy_apple()), list[str]()
    gradient = Moment.gradient

    def noted(moment: Moment, name: str) -> Array | None:
        asked.append(name)
        return gradient(moment, name)

    monkeypatch.setattr(Moment, "gradient", noted)
    assert tape.gradients["tax"] == 200.0
    assert asked == ["tax"]
    with pytest.raises(KeyError):
        tape.gradients["nobody"]
