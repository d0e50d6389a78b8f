"""Gradients of a layer's own parameters that its backward returns behind those of its inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bptui
from bptui.checking import Verdict
from bptui.core.step import BackwardStep
from guests import layer_file

LAYERS = """
class Dense:
    def __init__(self, rows, columns):
        self.W = np.random.randn(rows, columns)
        self.b = np.random.randn(columns)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        dx, dW, db = dout @ self.W.T, self.x.T @ dout, dout.sum(axis=0)
        return {returned}

class Given(Dense):
    def __init__(self, W, b):
        self.W, self.b = W, b

class Flat:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)
    def backward(self, dout):
        return dout.reshape(self.shape), []

class Held:
    def __init__(self, rows, columns):
        self.W = {{"val": np.random.randn(rows, columns), "grad": 0}}
    def forward(self, x):
        self.x = x
        return x @ self.W["val"]
    def backward(self, dout):
        self.W["grad"] = self.x.T @ dout
        return dout @ self.W["val"].T, self.W["grad"]

class View:
    def __init__(self, rows, columns):
        self.W = np.random.randn(rows, columns)
        self.dW = None
    def forward(self, x):
        self.flat = self.W.reshape(-1)
        self.x = x
        return x @ self.flat.reshape(self.W.shape)
    def backward(self, dout):
        self.dW = self.x.T @ dout
        return dout @ self.W.T
"""

TEXT = """
[parameters]
x = [[1.0, -0.5, 2.0], [0.2, 0.3, -1.0]]
W = {{ shape = [3, 2], init = "normal" }}
b = [0.1, 0.2]
[nodes]
y = "{formula}"
"""


def report(folder: Path, formula: str, returned: str = "dx, dW, db") -> bptui.Report:
    file = layer_file(folder, LAYERS.format(returned=returned))
    return bptui.check(bptui.loads(TEXT.format(formula=formula), folder / "a.toml", layers=[file.path]))


def verdicts(report: bptui.Report) -> dict[str | None, Verdict]:
    return {it.input: it.verdict for it in report.findings if it.rule == "gradient" and it.node == "y"}


RETURNED = {
    "row": "dx, dW, db",
    "list": "dx, [dW, db]",
    "named": 'dx, {"W": dW, "b": db}',
    "by_gradient": 'dx, {"db": db, "dW": dW}',
    "unnamed": "dx, self.x.T @ dout, 1 * db",
}


@pytest.mark.parametrize("kind", ["Dense", "Given"])
def test_they_are_those_of_the_parameters(tmp_path: Path, kind: str) -> None:
    dense, _, _ = LAYERS.partition("class Flat")
    layers = "".join(
        dense.format(returned=returned).replace("Dense", f"Dense_{form}").replace("Given", f"Given_{form}")
        for form, returned in RETURNED.items()
    )
    more = "3, 2" if kind == "Dense" else "W, b"
    nodes = "".join(f'{form} = "{kind}_{form}(x, {more})"\n' for form in RETURNED)
    head, _, _ = TEXT.format(formula="").partition("y = ")
    text = f'{head}{nodes}total = "{" + ".join(f"Sum({form})" for form in RETURNED)}"\n'
    tape = bptui.run(bptui.loads(text, tmp_path / "a.toml", layers=[layer_file(tmp_path, layers).path]))
    for form in RETURNED:
        (step,) = (it for it in tape.steps if isinstance(it, BackwardStep) and it.name == form)
        _, dw, db = (np.asarray(it).tolist() for it in step.gradients)
        assert dw == [[1.2, 1.2], [-0.2, -0.2], [1.0, 1.0]]  # the columns of x, added up
        assert db == [2.0, 2.0]


def test_a_wrong_one_is_told_at_its_parameter(tmp_path: Path) -> None:
    found = verdicts(report(tmp_path, "Dense(x, 3, 2)", "dx, [2 * dW, db]"))
    assert found == {"x": Verdict.PASS, "y.W": Verdict.FAIL, "y.b": Verdict.PASS}


@pytest.mark.parametrize("formula", ["Flat(x)", "Held(x, 3, 2)"])
def test_a_list_without_any_and_one_kept_as_well_are_no_mistakes(tmp_path: Path, formula: str) -> None:
    found = report(tmp_path, formula)
    assert set(verdicts(found).values()) == {Verdict.PASS}
    assert not [it.reason for it in found.findings if it.verdict is Verdict.FAIL]


def test_they_are_trained(tmp_path: Path) -> None:
    file = layer_file(tmp_path, LAYERS.format(returned="dx, [dW, db]"))
    text = TEXT.format(formula="Dense(x, 3, 2)") + "[train]\noptimizer = 'SGD'\nlr = 0.1\nsteps = 2\n"
    tape = bptui.run(bptui.loads(text, tmp_path / "a.toml", layers=[file.path]))
    assert tape.gradients["y.b"] is not None
    assert tape.gradients["y.b"].tolist() == [2.0, 2.0]


def test_too_many_gradients_are_still_told(tmp_path: Path) -> None:
    found = report(tmp_path, "Dense(x, 3, 2)", "dx, dW, db, dx")
    assert "wrong number of gradients" in {it.mistake for it in found.findings}


def test_a_view_of_a_parameter_is_not_another_one(tmp_path: Path) -> None:
    found = verdicts(report(tmp_path, "View(x, 3, 2)"))
    assert found == {"x": Verdict.PASS, "y.W": Verdict.PASS}


def test_those_that_are_kept_are_found_where_a_list_is_returned(tmp_path: Path) -> None:
    kept = LAYERS.format(returned="[dx]").replace("dx, dW, db =", "dx, self.dW, self.db =")
    file = layer_file(tmp_path, kept)
    found = bptui.check(bptui.loads(TEXT.format(formula="Dense(x, 3, 2)"), tmp_path / "a.toml", layers=[file.path]))
    assert verdicts(found) == dict.fromkeys(["x", "y.W", "y.b"], Verdict.PASS)
    assert not any(it.verdict is Verdict.FAIL for it in found.findings)
    assert "list instead of array" in {it.mistake for it in found.findings}
