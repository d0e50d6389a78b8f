"""Layers that make their weights in ``initialize(optimizer)``, and update them while they go back."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import bptui
from bptui.checking import Verdict
from guests import layer_file

DENSE = """
import copy

class Layer:
    def set_input_shape(self, shape):
        self.input_shape = shape

class Dense(Layer):
    def __init__(self, n_units, input_shape=None):
        self.n_units, self.input_shape = n_units, input_shape
        self.W = self.w0 = None
    def initialize(self, optimizer):
        self.W = np.random.uniform(-1, 1, (self.input_shape[0], self.n_units))
        self.w0 = np.zeros((1, self.n_units))
        self.W_opt, self.w0_opt = copy.copy(optimizer), copy.copy(optimizer)
    def forward_pass(self, X, training=True):
        self.layer_input = X
        return X.dot(self.W) + self.w0
    def backward_pass(self, accum_grad):
        W = self.W
        self.W = self.W_opt.update(self.W, self.layer_input.T.dot(accum_grad))
        self.w0 = self.w0_opt.update(self.w0, accum_grad.sum(axis=0, keepdims=True))
        return accum_grad.dot(W.T)
"""

TEXT = """
[parameters]
x = [[1.0, -0.5, 2.0], [0.2, 0.3, -1.0]]
[nodes]
y = "Dense(x, 2{more})"
"""

TRAINED = """
[train]
optimizer = "SGD"
lr = 0.1
steps = 2
"""


def scenario(folder: Path, layers: str = DENSE, more: str = "", train: str = "") -> bptui.Scenario:
    file = layer_file(folder, layers)
    return bptui.loads(TEXT.format(more=more) + train, folder / "a.toml", layers=[file.path])


def gradient_verdicts(report: bptui.Report) -> dict[str | None, Verdict]:
    return {it.input: it.verdict for it in report.findings if it.rule == "gradient" and it.node == "y"}


def test_their_weights_are_made_and_checked(tmp_path: Path) -> None:
    right = dict.fromkeys(["x", "y.W", "y.w0"], Verdict.PASS)
    assert gradient_verdicts(bptui.check(scenario(tmp_path))) == right


def test_a_shape_that_the_scenario_says_stays(tmp_path: Path) -> None:
    tape = bptui.run(scenario(tmp_path, more=", input_shape=[3]"))
    assert [np.asarray(tape.values[name]).shape for name in ("y.W", "y.w0")] == [(3, 2), (1, 2)]


def test_a_mistake_in_what_the_optimizer_is_handed_is_found(tmp_path: Path) -> None:
    wrong = DENSE.replace("accum_grad.sum(axis=0, keepdims=True)", "accum_grad.mean(axis=0, keepdims=True)")
    assert gradient_verdicts(bptui.check(scenario(tmp_path, wrong)))["y.w0"] is Verdict.FAIL


def test_they_are_trained_by_the_scenario_and_not_by_themselves(tmp_path: Path) -> None:
    tape = bptui.run(scenario(tmp_path, train=TRAINED))
    assert tape.values["y.w0"] is not None
    assert tape.values["y.w0"].tolist() == [[-0.4, -0.4]]  # two steps of 0.1 against a gradient of 2


def test_a_layer_that_is_only_told_its_shape_is_told_that_of_its_input(tmp_path: Path) -> None:
    flat = """
        class Flat:
            def set_input_shape(self, shape): self.input_shape = shape
            def forward_pass(self, X, training=True): return X.reshape(-1)
            def backward_pass(self, accum_grad): return accum_grad.reshape((-1, *self.input_shape))
        """
    file = layer_file(tmp_path, flat)
    text = TEXT.replace("Dense(x, 2{more})", "Flat(x)")
    report = bptui.check(bptui.loads(text, tmp_path / "a.toml", layers=[file.path]))
    assert gradient_verdicts(report) == {"x": Verdict.PASS}
