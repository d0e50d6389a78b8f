"""A program as a test and a notebook: what its layers compute in a pass, with a copy of them where it runs as well."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bptui.cli import main

TRAIN = """
import numpy as np
from helpers import scaled

class Dense:
    '''Its weights are its own.'''

    def __init__(self, inputs, outputs):
        self.W = np.full((inputs, outputs), 0.25)

    def forward(self, x):
        self.x = x
        return scaled(x @ self.W)

    def backward(self, dout):
        self.dW = scaled(self.x.T @ dout)
        return scaled(dout @ self.W.T)

class Loss:
    def forward(self, y, t):
        self.difference = y - t
        return np.sum(self.difference ** 2) / 2

    def backward(self, dout=1.0):
        return dout * self.difference, None

print("training")
dense, loss = Dense(2, 3), Loss()
x, t = np.array([[1.0, 2.0], [3.0, -1.0]]), np.ones((2, 3))
for step in range(3):
    value = loss.forward(dense.forward(x), t)
    dense.backward(loss.backward()[0])
    dense.W -= 0.1 * dense.dW
"""

HELPERS = "def scaled(x):\n    return 2 * x\n"


def program(folder: Path, text: str = TRAIN) -> Path:
    """Return a program in a folder of its own, which imports what lies beside it."""
    path = folder / "project" / "train.py"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    (path.parent / "helpers.py").write_text(HELPERS, encoding="utf-8")
    return path


def slope(function: Any, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return central differences of a function of an array."""
    found = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = 1e-6
        found[index] = (function(x + step) - function(x - step)) / 2e-6
    return found


def test_a_pass_is_what_its_layers_compute_and_its_gradients_are_slopes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    train, out = program(tmp_path), tmp_path / "tests" / "test_train.py"
    out.parent.mkdir()
    assert main(["export", str(train), "-o", str(out)]) == 0
    capfd.readouterr()
    namespace = runpy.run_path(str(out))
    assert "training" not in capfd.readouterr().out  # what a program does is not in the test
    for kind in ("value", "gradient"):
        for name in namespace["VALUES" if kind == "value" else "GRADIENTS"]:
            namespace[f"test_{kind}"](name)
    x, t = np.array([[1.0, 2.0], [3.0, -1.0]]), np.ones((2, 3))
    wanted = slope(lambda weights: np.sum((2 * x @ weights - t) ** 2) / 2, np.full((2, 3), 0.25))
    np.testing.assert_allclose(namespace["gradients"]["dense.W"], wanted, rtol=1e-6)
    namespace["VALUES"]["loss"] += 1e-6
    with pytest.raises(AssertionError, match="Not equal"):
        namespace["test_value"]("loss")


def test_a_step_says_which_pass_and_a_notebook_shows_the_layers(tmp_path: Path) -> None:
    train, out = program(tmp_path), tmp_path / "project" / "train_pass.ipynb"
    assert main(["export", str(train), "-o", str(out), "--step", "8"]) == 0
    cells = json.loads(out.read_text(encoding="utf-8"))["cells"]
    assert cells[0]["source"] == ["# train.py, pass 2"]
    assert any("a copy of the layers in train.py" in "".join(it["source"]) for it in cells)


def test_a_program_whose_gradients_are_wrong_says_that_the_layers_are_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = program(tmp_path, TRAIN.replace("loss.backward()[0]", "loss.backward()[0] * 3"))
    assert main(["export", str(train), "-o", str(tmp_path / "test_it.py")]) == 0
    told = capsys.readouterr().err
    assert "the gradients are what its layers give" in told
    assert "dense.W: up to " in told
