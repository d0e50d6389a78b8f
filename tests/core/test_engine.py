from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core import engine
from bptui.core.graph import Node, Use
from bptui.core.optimizer import SGD
from bptui.core.order import Pass
from bptui.core.step import BackwardStep, ForwardStep, UpdateStep
from bptui.running import Run
from bptui.scenario.scenario import Scenario, Train
from bptui.scenario_tape import run
from layers import Array
from strategies import buy_apple, chain, make_scenario, random_scenarios


def test_the_price_example_of_the_contract_is_recorded_step_by_step() -> None:
    tape = run(buy_apple())
    forward, _, backward, last = tape.steps
    assert isinstance(forward, ForwardStep)
    assert (forward.number, forward.iteration, forward.name, forward.out) == (1, 1, "price.1", 200.0)
    assert isinstance(backward, BackwardStep)
    assert (backward.number, backward.name, backward.dout) == (3, "price", 1.0)
    assert isinstance(last, BackwardStep)
    assert last.local == (2.0, 100.0)
    assert [number(gradient) for gradient in last.gradients] == pytest.approx([2.2, 110.0])
    assert number(tape.values["price"]) == pytest.approx(220.0)
    assert [number(tape.gradients[n]) for n in ("apple", "count", "tax")] == pytest.approx([2.2, 110.0, 200.0])


def number(array: Array | None) -> float:
    assert array is not None
    assert array.shape == ()
    return float(array)


def test_an_update_moves_a_parameter_against_its_gradient_and_the_next_iteration_uses_it() -> None:
    tape = run(buy_apple(train=Train(SGD(lr=0.001), steps=2)))
    update = tape[4]
    assert isinstance(update, UpdateStep)
    assert (update.parameter, update.before, update.gradient) == ("tax", 1.1, 200.0)
    assert update.after == pytest.approx(1.1 - 0.001 * 200)
    again = tape[6]
    assert isinstance(again, ForwardStep)
    assert number(again.out) == pytest.approx(200 * 0.9)
    assert [step.pass_ for step in tape[5:10]] == [*[Pass.FORWARD] * 2, *[Pass.BACKWARD] * 2, Pass.UPDATE]


@given(random_scenarios())
def test_a_gradient_is_the_sum_of_its_contributions(scenario: Scenario) -> None:
    tape = run(scenario)
    end = tape.at(len(tape))
    for name in (*scenario.graph.inputs, *scenario.graph.parameters):
        arrived = [end.contribution(use) for use in scenario.graph.uses[scenario.graph.slots[name]]]
        contributions = [contribution for contribution in arrived if contribution is not None]
        gradient = end.gradient(name)
        if gradient is None:
            assert not contributions
        else:
            np.testing.assert_allclose(gradient, sum(contributions), rtol=1e-12, atol=1e-12)
            assert gradient.shape == scenario.values[name].shape


@given(random_scenarios(), st.data())
def test_every_gradient_equals_the_finite_difference_of_the_whole_network(
    scenario: Scenario, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([*scenario.graph.inputs, *scenario.graph.parameters]))
    gradient = run(scenario).gradients[name]
    direction = np.asarray(np.random.default_rng(0).standard_normal(scenario.values[name].shape))
    slopes = [slope(scenario, name, direction, step) for step in (1e-4, 5e-5)]
    one_sided = [slope(scenario, name, direction, step, centred=False) for step in (1e-5, -1e-5)]
    scale = 1 + abs(slopes[0])
    if abs(one_sided[0] - one_sided[1]) > 1e-3 * scale or abs(slopes[0] - slopes[1]) > 1e-6 * scale:
        return  # a kink lies within the step
    analytic = 0.0 if gradient is None else float(np.sum(gradient * direction))
    extrapolated = (4 * slopes[1] - slopes[0]) / 3
    assert analytic == pytest.approx(extrapolated, rel=1e-5, abs=1e-6 * scale)


def slope(scenario: Scenario, name: str, direction: np.ndarray, step: float, *, centred: bool = True) -> float:
    """Return the output's slope, times dout, along a direction of one leaf."""

    def output(distance: float) -> float:
        moved = scenario.values[name] + distance * direction
        tape = run(replace(scenario, values={**scenario.values, name: moved}))
        value = tape.values[scenario.graph.output]
        return float(np.sum(value * scenario.dout))

    behind = -step if centred else 0.0
    return (output(step) - output(behind)) / (step - behind)


def test_no_gradient_goes_through_detach_nor_to_labels_and_constants() -> None:
    nodes = [
        Node("h", "Mul", ("x", "2")),
        Node("stop", "Detach", ("h",)),
        Node("loss", "SoftmaxWithLoss", ("stop", "t")),
    ]
    t = np.array([0])
    tape = run(make_scenario(nodes, inputs={"x": [[1.0, 2.0]], "t": t}, constants={"2": 2.0}))
    assert tape.gradients == {"x": None, "t": None, "h": None, "stop": tape.gradients["stop"], "loss": 1.0}
    blocked = tape[-1]
    assert isinstance(blocked, BackwardStep)
    assert (blocked.name, blocked.dout, blocked.gradients) == ("h", None, (None, None))


def test_results_are_read_only_and_shared_never_copied() -> None:
    x = np.ones((2, 3))
    tape = run(make_scenario([Node("y", "Add", ("x", "x"))], inputs={"x": x}, dout=np.ones((2, 3))))
    forward, backward = tape
    assert isinstance(forward, ForwardStep)
    assert isinstance(backward, BackwardStep)
    assert all(gradient is backward.dout for gradient in backward.gradients)
    arrays = [forward.out, backward.dout, tape.gradients["x"]]
    assert not any(array is None or array.flags.writeable for array in arrays)


def test_a_value_used_twice_by_one_node_keeps_both_contributions() -> None:
    tape = run(make_scenario([Node("y", "Mul", ("x", "x"))], inputs={"x": 3.0}))
    end = tape.at(2)
    assert [end.contribution(Use(0, position)) for position in (0, 1)] == [3.0, 3.0]
    assert end.gradient("x") == 6.0


def test_a_run_can_be_looked_at_while_it_advances() -> None:
    tape = Run(chain(1000))
    tape.advance(1)
    assert 0 < len(tape.tape) < 1000
    assert tape.tape.at(len(tape.tape)).name == tape.tape[-1].name
    tape.finish()
    assert tape.tape.is_complete
    assert len(tape.tape) == 2000


def test_a_slow_node_ends_a_piece_of_work_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count()
    monkeypatch.setattr(engine, "perf_counter", lambda: float(next(seconds)))
    made = Run(chain(100))
    made.advance(100)
    assert len(made.tape) == 1
    assert made.slowest.node is made.graph.nodes[0]
    assert made.slowest.seconds >= 1
    made.finish()
    assert made.tape.is_complete


def test_a_chain_of_20_000_nodes_runs_and_jumps_without_recursion() -> None:
    tape = run(chain(20_000))
    assert len(tape) == 40_000
    # forward: n ← 0.999 n, then n ← n + 0.001; so back: x's gradient is 0.999 to the number of products
    assert number(tape.gradients["x"]) == pytest.approx(0.999**10_000, rel=1e-9)
    assert tape.at(30_000).step is not None


def test_each_contribution_and_each_sum_is_read_only() -> None:
    scenario = make_scenario([Node("y", "Mul", ("x", "x"))], inputs={"x": np.ones(2)}, dout=np.ones(2))
    columns = run(scenario).iterations[0]
    assert len(columns.contributions) == len(columns.sums) == 2
    assert not any(it is None or it.flags.writeable for it in (*columns.contributions, *columns.sums))
