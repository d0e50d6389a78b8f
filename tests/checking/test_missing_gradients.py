"""A gradient that nobody waits for may be left out, and each lack of one has words of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

import bptui
from bptui.checking import Finding, Report, Verdict

HALF_SQUARE = """
import numpy as np
class Loss:
    def forward(self, y, {second}):
        self.y, self.s = y, {second}
        return 0.5 * np.sum((y - {second}) ** 2)
    def backward(self, dout=1.0):
        dx = dout * (self.y - self.s)
        return {returned}
"""

DENSE = """
import numpy as np
class Dense:
    def __init__(self, W):
        self.W = W
        self.params = {params}
        self.grads = [np.zeros_like(W) for _ in self.params]
    def forward(self, x):
        self.x = x
        return {forward}
    def backward(self, dout):
        {backward}
        return dout @ self.W.T
"""

FROM_DATA = "[inputs]\ny = [[1.0, 3.0]]\ns = [[0.5, 0.1]]\n[nodes]\nloss = 'Loss(y, s)'\n"
FROM_PARAMETERS = FROM_DATA.replace("s = [[0.5, 0.1]]\n", "[parameters]\ns = [[0.5, 0.1]]\n")
FROM_A_NODE = FROM_DATA.replace("Loss(y, s)", "Loss(y, s * 2)")
WEIGHTS = """
[inputs]
x = [[1.0, -0.5], [0.2, 0.3]]
[parameters]
W = [[0.5, -1.0], [2.0, 0.25]]
[nodes]
y = "Dense(x, W)"
"""


def report_on(folder: Path, layers: str, scenario: str) -> Report:
    (folder / "my_layers.py").write_text(layers, encoding="utf-8")
    (folder / "own.toml").write_text(scenario, encoding="utf-8")
    return bptui.check(folder / "own.toml", layers=[folder / "my_layers.py"])


def failures(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.verdict is Verdict.FAIL]


@pytest.mark.parametrize("returned", ["dx", "(dx, None)", "(dx, -dx)"])
@pytest.mark.parametrize("second", ["t", "labels", "s"])
def test_data_and_targets_may_go_without_a_gradient(tmp_path: Path, second: str, returned: str) -> None:
    report = report_on(tmp_path, HALF_SQUARE.format(second=second, returned=returned), FROM_DATA)
    assert failures(report) == []
    assert [it.verdict for it in report.findings if (it.rule, it.input) == ("gradient", "s")] == [Verdict.PASS]


@pytest.mark.parametrize("scenario", [FROM_PARAMETERS, FROM_A_NODE])
@pytest.mark.parametrize(
    ("returned", "mistake"),
    [("(dx, None)", "returns None"), ("(dx, 0 * dx)", "nothing goes back"), ("dx", "wrong number of gradients")],
)
def test_a_parameter_and_an_earlier_node_may_not(tmp_path: Path, scenario: str, returned: str, mistake: str) -> None:
    report = report_on(tmp_path, HALF_SQUARE.format(second="s", returned=returned), scenario)
    assert mistake in {finding.mistake for finding in failures(report)}


def test_a_gradient_that_data_is_given_has_to_be_right(tmp_path: Path) -> None:
    report = report_on(tmp_path, HALF_SQUARE.format(second="s", returned="(dx, dx.copy())"), FROM_DATA)
    assert [(it.input, it.mistake) for it in failures(report) if it.rule == "gradient"] == [("s", "wrong sign")]


def test_a_gradient_that_was_found_nowhere_has_words_of_its_own(tmp_path: Path) -> None:
    layers = DENSE.format(params="[]", forward="x @ self.W", backward="self.gradient_of_W = self.x.T @ dout")
    (found,) = failures(report_on(tmp_path, layers, WEIGHTS))
    assert (found.input, found.mistake) == ("W", "no gradient found")
    assert "self.dW" in (found.advice or "")


def test_gradients_in_arrays_of_the_layers_own_are_not_shared_memory(tmp_path: Path) -> None:
    layers = DENSE.format(params="[W]", forward="x @ self.W", backward="self.grads[0][...] = self.x.T @ dout")
    assert failures(report_on(tmp_path, layers, WEIGHTS)) == []


def test_the_gradients_of_an_array_that_stands_in_params_several_times_are_summed(tmp_path: Path) -> None:
    layers = DENSE.format(
        params="[W, W, W]",
        forward="x @ self.W + self.W[0] + self.W[1]",
        backward="self.grads[0][...] = self.x.T @ dout; self.grads[1][0] = self.grads[2][1] = dout.sum(axis=0)",
    )
    assert failures(report_on(tmp_path, layers, WEIGHTS)) == []


def test_an_expectation_of_another_shape_is_a_failure_beside_an_own_layer_too(tmp_path: Path) -> None:
    layers = DENSE.format(params="[W]", forward="x @ self.W", backward="self.grads[0][...] = self.x.T @ dout")
    (found,) = failures(report_on(tmp_path, layers, WEIGHTS + "[expect.values]\ny = [1.0, 2.0, 3.0]\n"))
    assert found.rule == "expect"
    assert "[2, 2]" in found.reason
