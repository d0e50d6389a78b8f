"""Health: what is said of vanishing gradients, dead and saturated units, NaN, updates, and what is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bptui.core.tape import Tape
from bptui.explaining.health import Health, health_of
from bptui.scenario.bundled import bundled
from bptui.scenario.load import load, loads
from bptui.scenario_tape import run
from runs import TWO_LAYERS, tape_of


def health(tape: Tape) -> Health:
    return health_of(tape.at(len(tape)))


def test_a_vanishing_gradient_is_told_with_the_layers_and_their_slope() -> None:
    tape = run(load("vanishing_sigmoid"))
    told = health(tape).sentences[0]
    assert "the gradient shrinks" in told
    assert "-fold between z10 and z1" in told
    assert "of it at the Sigmoid layers, whose slope here is at most 0.25" in told
    ends = [np.linalg.norm(np.asarray(tape.at(len(tape)).gradient(name))) for name in ("z10", "z1.1")]
    fold = float(told.split("shrinks ")[1].split(" million-fold")[0]) * 1e6
    assert fold == pytest.approx(ends[0] / ends[1], rel=0.05)


@pytest.mark.parametrize("name", ["buy_apple", "buy_apple_orange", "two_layer", "circuit"])
def test_of_prices_and_small_networks_nothing_is_said(name: str) -> None:
    assert health(run(load(name))).sentences == ("nothing stands out",)


def test_a_price_with_a_large_tax_does_not_explode() -> None:
    lines = [f'p{n} = "p{n - 1} * 1500"' for n in range(1, 7)]
    tape = tape_of("[inputs]\np0 = 0.01\n[nodes]\n" + "\n".join(lines))
    assert health(tape).sentences == ("nothing stands out",)


def test_dead_and_saturated_units_are_told() -> None:
    text = '[inputs]\nx = [[-1.0, 2.0], [-3.0, 4.0]]\n[nodes]\na = "Relu(x)"\ns = "Sigmoid(a * 100)"\ny = "Sum(s)"\n'
    found = health(tape_of(text))
    by_name = {it.name: it for it in found.nodes}
    assert by_name["a"].dead == 0.5
    assert by_name["s"].saturated == 0.5
    assert any(
        words.startswith("a (Relu): 50% of its units are 0 for every one of the 2 samples") for words in found.sentences
    )
    assert any(words.startswith("s (Sigmoid): 50% of its elements are saturated") for words in found.sentences)


def test_nan_comes_first_with_its_operands_in_each_pass() -> None:
    found = health(tape_of('[inputs]\nx = -1.0\n[nodes]\na = "Log(x)"\ny = "a * 2"\n'))
    assert "NaN starts here" in found.sentences[0]
    assert "forward of a" in found.sentences[0]
    assert found.nodes[0].has_non_finite


def test_updates_are_told_relative_to_their_parameters() -> None:
    tape = tape_of(TWO_LAYERS.replace("lr = 0.1", "lr = 20"))
    found = health(tape)
    step = tape.step(len(tape) - 1)
    ratio = np.linalg.norm(step.after - step.before) / np.linalg.norm(step.before)  # type: ignore[union-attr]
    assert found.updates[0].ratio == pytest.approx(ratio)
    assert any("of its size in one update" in words for words in found.sentences)


def test_every_bundled_scenario_has_a_health() -> None:
    for name, _ in bundled():
        if not name.startswith("book/"):
            assert health(run(load(name))).sentences


@pytest.mark.parametrize("x", ["[[-1.0, -2.0, -0.5, 3.0]]", "[-1.0, -2.0, 3.0]"])
def test_of_one_sample_a_unit_that_is_off_is_not_dead(x: str) -> None:
    assert health(tape_of(f'[inputs]\nx = {x}\n[nodes]\na = "Relu(x)"\ny = "Sum(a)"\n')).sentences == (
        "nothing stands out",
    )


def test_where_nothing_of_a_gradient_goes_on_that_is_told() -> None:
    text = "[inputs]\nx = [[1.0, 2.0]]\n[parameters]\nW = [[1.0], [2.0]]\nV = [[0.0]]\n"
    told = health(tape_of(text + '[nodes]\nh = "x @ W"\ny = "h @ V"\nloss = "Sum(y)"\n')).sentences
    assert told == ("y (MatMul): a gradient of 1 arrives, and none of it goes on from there",)
    told = health(tape_of(text + '[nodes]\ny = "x @ W"\nloss = "Sum(y * 0)"\n')).sentences
    assert told == ("loss.1 (Mul): a gradient of 1 arrives, and none of it goes on from there",)
    data = "[inputs]\nx = [[1.0, 2.0]]\n[parameters]\nV = [[0.0], [0.0]]\n"
    assert health(tape_of(data + '[nodes]\ny = "x @ V"\nloss = "Sum(y)"\n')).sentences == ("nothing stands out",)


def test_a_bias_that_begins_at_zero_does_not_change_too_much() -> None:
    tape = tape_of(TWO_LAYERS.replace("b1 = 0.5", "b1 = 0.0"))
    assert health(tape).sentences == ("nothing stands out",)


def test_an_own_relu_is_dead_where_its_backward_sends_nothing_back(tmp_path: Path) -> None:
    layers = "class Relu:\n    def forward(self, x):\n        self.mask = x > 0\n        return x * self.mask\n"
    layers += "    def backward(self, dout):\n        return dout * {}\n"
    text = "[inputs]\nx = [[-1.0, 2.0], [-2.0, 1.0]]\n[nodes]\na = 'Relu(x)'\ny = 'Sum(a)'\n"
    for made, dead in (("self.mask", 0.5), ("1.0", 0.0)):
        file = tmp_path / f"layers_{dead}.py"
        file.write_text(layers.format(made))
        by_name = {it.name: it for it in health(run(loads(text, layers=[file]))).nodes}
        assert by_name["a"].dead == dead
