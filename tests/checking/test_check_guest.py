"""A layer of the user's own is checked where it runs, and is told of as any layer is."""

from __future__ import annotations

from pathlib import Path

import pytest

import bptui
from bptui.checking import Finding, Report, Verdict
from sampled import one_in

SCENARIO = """
[inputs]
x = [[1.0, -0.5], [0.2, 0.3]]
[parameters]
W = [[0.5, -1.0], [2.0, 0.25]]
b = [0.1, 0.2]
[nodes]
a = "Affine(x, W, b)"
y = "Relu(a)"
"""

RIGHT = """
import numpy as np
class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b
    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b
    def backward(self, dout):
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return np.dot(dout, self.W.T)
class Relu:
    def forward(self, x):
        self.mask = (x <= 0)
        out = x.copy()
        out[self.mask] = 0
        return out
    def backward(self, dout):
        dx = dout.copy()
        dx[self.mask] = 0
        return dx
"""


def report_on(folder: Path, layers: str) -> Report:
    (folder / "my_layers.py").write_text(layers, encoding="utf-8")
    (folder / "own.toml").write_text(SCENARIO, encoding="utf-8")
    return bptui.check(folder / "own.toml", layers=[folder / "my_layers.py"])


def failures(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.verdict is Verdict.FAIL]


def test_the_book_s_layers_pass(tmp_path: Path) -> None:
    report = report_on(tmp_path, RIGHT)
    assert failures(report) == []
    checked = [(it.node, it.input) for it in report.findings if it.rule == "gradient"]
    assert checked == [("a", "x"), ("a", "W"), ("a", "b"), ("y", "a")]


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    one_in(
        2,
        [
            ("dx = dout.copy()", "dx = dout", ("y", "mutates", None)),
            ("np.sum(dout, axis=0)", "np.mean(dout, axis=0)", ("a", "gradient", "b")),
            ("np.dot(self.x.T, dout)", "np.dot(self.x, dout)", ("a", "gradient", "W")),
            ("self.dW = ", "self.dV = ", ("a", "gradient", "W")),
            ("self.x = x", "self.x = x; self.W[0] = 0", ("a", "mutates", "W")),
            ("return dx", "return dx.tolist()", ("y", "gradients", None)),
            ("return dx", "return dx[0]", ("y", "shape", "a")),
            ("return dx", "return np.ones_like(dx)", ("y", "linear", "a")),
            ("return dx", "raise RuntimeError('so it is')", ("y", "raises", None)),
            ("return dx", "import os; os._exit(3)", ("y", "raises", None)),
        ],
    ),
)
def test_what_it_does_wrong_is_a_finding(
    tmp_path: Path, right: str, wrong: str, expected: tuple[str, str, str | None]
) -> None:
    assert right in RIGHT
    found = [(it.node, it.rule, it.input) for it in failures(report_on(tmp_path, RIGHT.replace(right, wrong)))]
    assert expected in found


def test_a_forward_that_fails_is_a_finding_at_its_node_and_what_follows_is_skipped(tmp_path: Path) -> None:
    report = report_on(tmp_path, RIGHT.replace("self.x = x", "self.x = x.missing"))
    assert [(it.node, it.rule, it.verdict) for it in report.findings] == [
        ("a", "raises", Verdict.FAIL),
        ("y", "raises", Verdict.SKIP),
    ]
    assert "'missing'" in report.findings[0].reason


def test_the_user_s_line_is_told(tmp_path: Path) -> None:
    (found, *_) = failures(report_on(tmp_path, RIGHT.replace("return dx", "raise RuntimeError('so it is')")))
    line = RIGHT.splitlines().index("        return dx") + 1
    assert "so it is" in found.reason
    assert f"my_layers.py:{line}" in found.reason


SATURATED = """
[inputs]
x = { shape = [4, 3], init = "normal", std = 50.0, seed = 1 }
[parameters]
W = { shape = [3, 2], init = "normal", seed = 2 }
[nodes]
y = "Neuron(x, W)"
loss = "Sum(y * y)"
"""

NEURON = """
import numpy as np
class Neuron:
    def forward(self, x, W):
        self.x, self.W = x.astype(np.float32), W.astype(np.float32)
        self.out = 1 / (1 + np.exp(-(self.x @ self.W)))
        return self.out
    def backward(self, dout):
        slope = dout.astype(np.float32) * self.out * (1 - self.out)
        return slope @ self.W.T, self.x.T @ slope
"""


def check_text(folder: Path, scenario: str, layers: str) -> Report:
    (folder / "my_layers.py").write_text(layers, encoding="utf-8")
    (folder / "own.toml").write_text(scenario, encoding="utf-8")
    return bptui.check(folder / "own.toml", layers=[folder / "my_layers.py"])


def test_float32_that_is_saturated_is_not_accused_of_a_slope_of_0(tmp_path: Path) -> None:
    assert failures(check_text(tmp_path, SATURATED, NEURON)) == []


def test_a_wrong_factor_is_found_in_float32_that_is_saturated(tmp_path: Path) -> None:
    wrong = NEURON.replace("self.x.T @ slope", "2 * self.x.T @ slope")
    assert {(it.node, it.input) for it in failures(check_text(tmp_path, SATURATED, wrong))} == {("y", "W")}


EXPRESSION = '[inputs]\nu = 0.7\nv = -0.4\n[nodes]\ny = "Expression(u, v)"'

AUTOGRAD = """
class Number:
    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents = data, 0.0, parents
    def __mul__(self, other):
        return Number(self.data * other.data, ((self, other.data), (other, self.data)))
    def pull(self, dout):
        self.grad += dout
        for parent, slope in self.parents:
            parent.pull(dout * slope)

class Expression:
    def forward(self, u, v):
        self.u, self.v = Number(float(u)), Number(float(v))
        self.y = self.u * self.v * self.u
        return self.y.data
    def backward(self, dout):
        self.y.pull(float(dout))
        return self.u.grad, self.v.grad
"""


def test_an_engine_that_sums_into_its_objects_until_the_next_forward_gets_a_caution(tmp_path: Path) -> None:
    report = check_text(tmp_path, EXPRESSION, AUTOGRAD)
    assert failures(report) == []
    assert any(it.mistake == "adds up" for it in report.findings)


def test_an_engine_that_overwrites_a_use_is_found(tmp_path: Path) -> None:
    report = check_text(tmp_path, EXPRESSION, AUTOGRAD.replace("self.grad += dout", "self.grad = dout"))
    assert {(it.node, it.input) for it in failures(report) if it.rule == "gradient"} == {("y", "u")}
