"""Layers of one's own in the test and the notebook: imported from their file, called as bptui calls them."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bptui.cli import main

SCENARIO = """
title = "Homework"
[inputs]
x = [[1.0, 0.5], [-1.5, 0.4]]
t = [0, 2]
[parameters]
W = [[0.1, 0.3, 0.5], [0.2, -0.4, 0.6]]
b = [0.1, 0.2, 0.3]
[nodes]
a = "{affine}"
z = "Relu(a)"
loss = "{loss}"
"""

RELU = """
class Relu:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask
"""

CLASS = """
class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T
"""

BY_LIST = CLASS.replace("self.dW, self.db = ", "self.grads = ")

KEEPS = """
class Affine:
    def forward(self, x, W, b):
        self.x, self.W = x, W
        self.output = x @ W + b

    def backward(self, dvalues):
        self.dinputs = dvalues @ self.W.T, self.x.T @ dvalues, dvalues.sum(axis=0)
"""

OTHER_NAMES = """
class Affine:
    def __init__(self, scale=1.0):
        self.scale = scale

    def fprop(self, x, W, b):
        self.x, self.W = x, W
        return self.scale * (x @ W + b)

    def bprop(self, dout):
        dout = self.scale * dout
        return dout @ self.W.T, self.x.T @ dout, dout.sum(axis=0)
"""

PAIR = """
def affine_forward(x, W, b, scale=1.0):
    return scale * (x @ W + b), (x, W, scale)

def affine_backward(dout, cache):
    x, W, scale = cache
    return scale * dout @ W.T, scale * x.T @ dout, scale * dout.sum(axis=0)
"""

LOSS = """
def softmax_loss(x, y):
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    dx = p.copy()
    dx[rows, y] -= 1
    return -np.log(p[rows, y]).mean(), dx / len(y)
"""

OWN_WEIGHTS = """
import numpy as np
class Dense:
    def __init__(self):
        self.W = np.ones((2, 3))

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dout):
        self.dW = self.x.T @ dout
        return dout @ self.W.T
"""

STYLES = {
    "class": ("Affine(x, W, b)", CLASS),
    "gradients in a list": ("Affine(x, W, b)", BY_LIST),
    "keeps its results": ("Affine(x, W, b)", KEEPS),
    "other names, an option": ("Affine(x, W, b, scale=2.0)", OTHER_NAMES),
    "pair, an option": ("affine(x, W, b, scale=0.5)", PAIR),
}


def written(tmp_path: Path, affine: str, layers: str, suffix: str = ".py") -> Path:
    """Return an exported file of the scenario with layers of one's own, which lies in a folder beside them."""
    own, out = tmp_path / "my layers.py", tmp_path / "tests" / f"test_it{suffix}"
    own.write_text(f"import numpy as np\n{RELU}{LOSS}{layers}", encoding="utf-8")
    out.parent.mkdir(exist_ok=True)
    scenario = tmp_path / "homework.toml"
    scenario.write_text(SCENARIO.format(affine=affine, loss="softmax_loss(z, t)"), encoding="utf-8")
    assert main(["export", str(scenario), "--layers", str(own), "-o", str(out)]) == 0
    return out


@pytest.mark.parametrize("style", STYLES)
def test_each_style_computes_the_same_in_the_written_test(tmp_path: Path, style: str) -> None:
    namespace = runpy.run_path(str(written(tmp_path, *STYLES[style])))
    for name in namespace["VALUES"]:  # as the guest process has computed them
        namespace["test_value"](name)
    assert namespace["GRADIENTS"].keys() >= {"x", "W", "b", "a", "z"}
    for name in namespace["GRADIENTS"]:
        namespace["test_gradient"](name)
    namespace["test_gradient_is_the_slope"]("W")


def test_a_layer_that_is_wrong_fails_and_passes_once_it_is_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = written(tmp_path, "Affine(x, W, b)", CLASS.replace("self.x.T @ dout", "2 * self.x.T @ dout"))
    assert "my layers.py: it runs whenever that does, and is not confined" in capsys.readouterr().err
    assert "A check had failed when this was written" in out.read_text(encoding="utf-8")
    namespace = runpy.run_path(str(out))
    namespace["test_gradient_is_the_slope"]("b")
    with pytest.raises(AssertionError, match="Not equal"):
        namespace["test_gradient_is_the_slope"]("W")
    own = tmp_path / "my layers.py"
    own.write_text(own.read_text(encoding="utf-8").replace("2 * self.x.T", "self.x.T"), encoding="utf-8")
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(out)]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # what the file needs is pytest, no plugin of ours
    assert subprocess.run(run, cwd=tmp_path, env=alone, capture_output=True, check=False).returncode == 0


def test_the_notebook_imports_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = written(tmp_path, "Affine(x, W, b)", CLASS, ".ipynb")
    monkeypatch.chdir(out.parent)
    monkeypatch.setattr(sys, "path", list(sys.path))
    namespace: dict[str, Any] = {}
    for cell in json.loads(out.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), namespace)
    assert namespace["layers"]["a"].layer.__class__.__name__ == "Affine"
    assert Path(namespace["own"].__file__).samefile(tmp_path / "my layers.py")


def test_a_layer_that_makes_its_own_parameters_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own, scenario = tmp_path / "own.py", tmp_path / "homework.toml"
    own.write_text(OWN_WEIGHTS, encoding="utf-8")
    scenario.write_text('[inputs]\nx = [[1.0, 0.5]]\n[nodes]\ny = "Dense(x)"\n', encoding="utf-8")
    assert main(["export", str(scenario), "--layers", str(own), "-o", str(tmp_path / "x.py")]) == 2
    assert "is a layer that makes its own parameters: that is not written out" in capsys.readouterr().err
    assert not (tmp_path / "x.py").exists()


def test_a_file_with_layers_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "own.py"
    own.write_text(RELU, encoding="utf-8")
    assert main(["export", "two_layer", "--layers", str(own), "-o", str(own)]) == 2
    assert "own.py is what is exported" in capsys.readouterr().err
    assert own.read_text(encoding="utf-8") == RELU


def test_a_program_and_a_recording_have_no_file_to_import_and_say_what_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = Path(__file__).parents[3] / "scenarios" / "programs" / "swapped_gradients.py"
    assert main(["export", str(program), "-o", str(tmp_path / "x.py")]) == 2
    error = capsys.readouterr().err
    assert "there is no file that could be imported for it" in error
    assert "bptui new --from PROGRAM" in error
