"""Every bundled scenario runs, teaches what it says and has the numbers that its source has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bptui.core.tape import Tape
from bptui.scenario.bundled import bundled
from bptui.scenario.load import load, loads
from bptui.scenario.scenario import Scenario
from bptui.scenario_tape import run
from layers import Array
from sampled import one_in

FOLDER = Path(__file__).parents[1] / "scenarios"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
RANDOM = ["relu_he", "vanishing_sigmoid"]
"""Scenarios whose weights are drawn at random, so that no source has their numbers."""

NOT_FINITE = ["nan_hunt"]
"""Scenarios that are about NaN, whose slopes nobody can measure."""

STEP = 1e-5
KINK = 1e-2
"""One-sided slopes that differ by more than this belong to a kink: curvature alone makes them differ by ``STEP``."""

every_scenario = pytest.mark.parametrize("name", NAMES)


def total(scenario: Scenario) -> float:
    """Return what the gradients are gradients of: the output, weighted with the dout that enters there."""
    return float(np.sum(scenario.dout * reached(run(scenario).values[scenario.graph.output])))


def reached(value: Array | None) -> Array:
    assert value is not None
    return value


def nudged(scenario: Scenario, name: str, index: tuple[int, ...], by: float) -> Scenario:
    value = scenario.values[name].copy()
    value[index] += by
    return replace(scenario, values={**scenario.values, name: value})


def slopes(scenario: Scenario, name: str) -> Iterator[tuple[tuple[int, ...], float, float]]:
    """Yield each element's index and the whole network's slope on its left and on its right."""
    here = total(scenario)
    for index in np.ndindex(scenario.values[name].shape):
        below = total(nudged(scenario, name, index, -STEP))
        above = total(nudged(scenario, name, index, +STEP))
        yield index, (here - below) / STEP, (above - here) / STEP


def gradient_norm(tape: Tape, name: str) -> float:
    return float(np.linalg.norm(reached(tape.gradients[name])))


def test_the_bundled_scenarios_are_those_of_the_folder() -> None:
    assert NAMES
    assert [it for it in bundled() if "/" not in it[0]] == [(name, FOLDER / f"{name}.toml") for name in NAMES]


@every_scenario
def test_a_scenario_says_what_it_teaches(name: str) -> None:
    scenario = load(name)
    assert re.match(r"# \w.*[.]\n", scenario.source)
    assert scenario.title != name
    assert len(scenario.about.split()) > 30


@every_scenario
def test_what_a_scenario_tells_the_reader_to_look_at_exists(name: str) -> None:
    scenario = load(name)
    keys = set("nNsSfFcCgGudbtweDR=[]();/,.:")
    known = keys | set(scenario.graph.names) | set(NAMES) | {"dout", "db"}
    spans = re.findall(r"`([^`]*)`", scenario.about)
    assert [span for span in spans if re.fullmatch(r"\w+|\W", span) and span not in known] == []


@pytest.mark.parametrize("name", [name for name in NAMES if name not in RANDOM])
def test_a_scenario_has_the_numbers_of_its_source(name: str) -> None:
    scenario = load(name)
    expect = scenario.expect
    assert expect is not None
    assert expect.values
    tape = run(scenario)
    for found, expected in ((tape.values, expect.values), (tape.gradients, expect.gradients)):
        for value, want in expected.items():
            np.testing.assert_allclose(reached(found[value]), want, expect.rtol, expect.atol, err_msg=value)


@pytest.mark.parametrize("name", one_in(3, [name for name in NAMES if name not in NOT_FINITE]))
def test_every_gradient_is_the_slope_of_the_whole_network(name: str) -> None:
    scenario = replace(load(name), train=None)
    gradients = run(scenario).gradients
    rounding = 8 * np.finfo(np.float64).eps * abs(total(scenario)) / STEP
    for leaf in scenario.graph.inputs + scenario.graph.parameters:
        gradient = gradients[leaf]
        if gradient is None:
            assert leaf == "t" or scenario.values[leaf].dtype.kind == "i", "targets and whole numbers take none"
            continue
        for index, left, right in slopes(scenario, leaf):
            if abs(right - left) > KINK:
                assert min(left, right) - KINK <= gradient[index] <= max(left, right) + KINK
            else:
                tolerance = 1e-6 * float(np.max(np.abs(gradient))) + rounding
                assert gradient[index] == pytest.approx((left + right) / 2, rel=0, abs=tolerance), (leaf, index)


def test_the_gradient_vanishes_through_ten_sigmoids() -> None:
    tape = run(load("vanishing_sigmoid"))
    norms = [gradient_norm(tape, f"W{layer}") for layer in range(1, 11)]
    assert norms == sorted(norms)
    assert norms[-1] > 1e4 * norms[0] > 0


def test_the_gradient_keeps_its_size_through_ten_relus() -> None:
    tape = run(load("relu_he"))
    norms = [gradient_norm(tape, f"W{layer}") for layer in range(1, 11)]
    assert max(norms) < 2 * min(norms)


def test_from_step_to_step_an_rnn_loses_half_of_the_gradient_and_an_lstm_a_twentieth() -> None:
    rnn, lstm = run(load("rnn_five_steps")), run(load("lstm_five_steps"))
    fading = [gradient_norm(rnn, f"x{t}") for t in range(5, 0, -1)]
    assert all(later < 0.5 * earlier for earlier, later in pairwise(fading))
    for kept in (
        [gradient_norm(lstm, f"x{t}") for t in range(5, 1, -1)],
        [gradient_norm(lstm, f"c{t}") for t in (4, 3, 2, 1)],
    ):
        assert all(later == pytest.approx(0.953 * earlier, rel=1e-3) for earlier, later in pairwise(kept))
    assert gradient_norm(lstm, "x1") > 6 * gradient_norm(rnn, "x1")


def test_the_rnn_and_the_lstm_have_the_same_task_and_inputs() -> None:
    rnn, lstm = load("rnn_five_steps"), load("lstm_five_steps")
    assert {name: it.tolist() for name, it in rnn.values.items() if name in rnn.graph.inputs} == {
        name: it.tolist() for name, it in lstm.values.items() if name in lstm.graph.inputs and name != "c0"
    }
    assert [node.layer for node in rnn.graph.nodes[5:]] == [node.layer for node in lstm.graph.nodes[5:]]


def test_without_the_ways_past_its_blocks_a_residual_net_passes_less_than_a_thousandth_back() -> None:
    source = (FOLDER / "residual_net.toml").read_text()
    plain = loads(source.partition("[expect]")[0].replace('"x + z1', '"z1').replace('"h1 + z2', '"z2'))
    assert np.abs(reached(run(plain).gradients["x"])).max() < 1e-3
    assert np.abs(reached(run(load("residual_net")).gradients["x"]) - plain.values["pull"]).max() < 0.1


def test_the_deep_networks_differ_only_in_activation_and_initialisation() -> None:
    relu, sigmoid = ((FOLDER / f"{name}.toml").read_text() for name in ("relu_he", "vanishing_sigmoid"))
    translated = sigmoid.replace("Sigmoid(", "Relu(").replace("xavier", "he")
    assert relu.partition("[inputs]")[2] == translated.partition("[inputs]")[2]


def test_xor_is_learned() -> None:
    tape = run(load("xor"))
    assert reached(tape.at(len(tape.graph.nodes)).value("loss")) > np.log(2)
    assert reached(tape.values["loss"]) < 0.05
    assert reached(tape.values["a2"]).argmax(axis=1).tolist() == [0, 1, 1, 0]


def test_one_hot_targets_and_labels_are_the_same() -> None:
    labels, one_hot = run(load("softmax_labels")), run(load("softmax_one_hot"))
    assert labels.values["loss"] == one_hot.values["loss"]
    np.testing.assert_array_equal(reached(labels.gradients["scores"]), reached(one_hot.gradients["scores"]))
