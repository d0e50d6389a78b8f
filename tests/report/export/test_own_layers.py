"""Layers of one's own in the test and the notebook: imported from their file, called as bptui calls them."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bptui.cli import main
from bptui.recording.recorder import Recorder
from bptui.report.export.account import Account
from bptui.report.export.exporting import Exported
from bptui.report.export.own_node import access_source
from bptui.running import Run
from bptui.scenario.load import load, loads
from layers import Array

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

BY_LIST = CLASS.replace("class Affine", "class ByList").replace("self.dW, self.db = ", "self.grads = ")

KEEPS = """
class Keeps:
    def forward(self, x, W, b):
        self.x, self.W = x, W
        self.output = x @ W + b

    def backward(self, dvalues):
        self.dinputs = dvalues @ self.W.T, self.x.T @ dvalues, dvalues.sum(axis=0)
"""

OTHER_NAMES = """
class Other:
    def __init__(self, scale=1.0):
        self.scale = scale

    def fprop(self, x, W, b):
        self.x, self.W = x, W
        return self.scale * (x @ W + b)

    def bprop(self, dout):
        dout = self.scale * dout
        return [dout @ self.W.T, self.x.T @ dout, dout.sum(axis=0)]
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

NAMED = """
class Named:
    def __init__(self, weights):
        self.weights = weights

    def forward(self, x):
        self.x = x
        return x @ self.weights

    def backward(self, dout):
        self.weights_gradient = self.x.T @ dout
        return {"dx": dout @ self.weights.T}
"""

DENSE = """
class Dense:
    def __init__(self, n=3):
        self.W, self.b = np.random.randn(3, n), np.zeros(n)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T
"""

LATE = """
class Late:
    def __init__(self):
        self.params, self.grads = {}, {}

    def forward(self, x):
        if not self.params:
            self.params["W"] = np.full((x.shape[1], 3), 0.5)
        self.x = x
        return x @ self.params["W"]

    def backward(self, dout):
        self.grads["W"] = self.x.T @ dout
        return dout @ self.params["W"].T
"""

OBJECTS = """
class Parameter:
    def __init__(self, data):
        self.data, self.grad = data, None

class Scaled:
    def __init__(self):
        self.inner, self.scale = [Parameter(np.full((3, 3), 0.3))], 2.0

    def forward(self, x):
        self.x = x
        return self.scale * (x @ self.inner[0].data)

    def backward(self, dout):
        self.inner[0].grad = self.scale * self.x.T @ dout
        self.dscale = float(np.sum(dout * (self.x @ self.inner[0].data)))
        return self.scale * dout @ self.inner[0].data.T
"""

SHARED = """
class Twice:
    def __init__(self):
        self.W = np.array([[0.5, 0.1, 0.2], [0.3, 0.6, 0.1], [0.2, 0.2, 0.7]])
        self.params, self.grads = [self.W, self.W], [None, None]

    def forward(self, x):
        self.x, self.y = x, x @ self.W
        return self.y @ self.W

    def backward(self, dout):
        dy = dout @ self.W.T
        self.grads = [self.x.T @ dy, self.y.T @ dout]
        return dy @ self.W.T
"""

CONTEXT = """
class Scale:
    @staticmethod
    def forward(ctx, x, k):
        ctx.k = k
        ctx.save_for_backward(x)
        return k * x ** 2

    @staticmethod
    def backward(ctx, dout):
        x, = ctx.saved_tensors
        return (2 * ctx.k * x * dout if ctx.needs_input_grad[0] else None), None
"""

DERIVATIVE = """
class Sigmoid:
    def __call__(self, x):
        return 1 / (1 + np.exp(-x))

    def gradient(self, x):
        return self(x) * (1 - self(x))

class Squares:
    def loss(self, y, y_pred):
        return np.mean((y - y_pred) ** 2, axis=1)

    def gradient(self, y, y_pred):
        return 2 * (y_pred - y) / y_pred.shape[1]
"""

LOSS_CLASS = """
class Likelihood:
    def calculate(self, output, y):
        return np.mean(self.forward(output, y))

    def forward(self, y_pred, y_true):
        return -np.log(y_pred[range(len(y_pred)), y_true])

    def backward(self, dvalues, y_true):
        rows = range(len(dvalues))
        self.dinputs = np.zeros_like(dvalues)
        self.dinputs[rows, y_true] = -1 / dvalues[rows, y_true] / len(dvalues)
"""

SEVERAL = """
class Parts:
    def forward(self, x):
        return x[:, :1], x[:, 1:]

    def backward(self, douts):
        return np.concatenate(douts, axis=1)

def spread_forward(x):
    return x + 1, 2 * x, x

def spread_backward(da, db, cache):
    return da + 2 * db
"""

BEHIND = """
class Behind:
    def __init__(self):
        self.W, self.b = np.array([[0.5, -0.2, 0.3], [0.1, 0.7, -0.6]]), np.array([0.2, 0.1, -0.3])

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        return dout @ self.W.T, [self.x.T @ dout, dout.sum(axis=0)]

class HeldBehind(Behind):
    def __init__(self, W, b):
        self.W, self.b = W, b

    def backward(self, dout):
        return dout @ self.W.T, {"b": dout.sum(axis=0), "W": self.x.T @ dout}
"""

LOSS_BY_NAME = """
def half_squares_loss(x, w):
    s = x @ w
    return (s ** 2).sum() / 2, {"w": x.T @ s, "x": np.outer(s, w)}
"""

OPTION_FIRST = """
def scaled_forward(x, param, w):
    return param["k"] * x @ w, (x, param, w)

def scaled_backward(dout, cache):
    x, param, w = cache
    return param["k"] * dout @ w.T, param["k"] * x.T @ dout
"""

DROPOUT = """
class Dropout:
    def forward(self, x):
        self.mask = np.random.rand(*x.shape) > 0.3
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask
"""

ALL_STYLES = """
title = "Every style"
[inputs]
x = [[1.0, 0.5], [-1.5, 0.4]]
y = [[0.3, 0.2, 0.1], [0.7, 0.1, 0.9]]
t = [0, 2]
[parameters]
W = [[0.1, 0.3, 0.5], [0.2, -0.4, 0.6]]
V = [[0.1, 0.3, 0.5], [0.2, -0.4, 0.6], [0.2, 0.4, 0.1]]
bias = [0.1, 0.2, 0.3]
[nodes]
named = "Named(x, W)"
dense = "Dense(named)"
again = "Dense(dense)"
late = "Late(again)"
scaled = "Scaled(late)"
twice = "Twice(scaled)"
ctx = "Scale(twice, k=3.0)"
option = "scaled(ctx, V, param={'k': 0.01})"
drop = "Dropout(option)"
s = "Sigmoid(drop)"
"a, b" = "Parts(s)"
"c, d" = "spread(b)"
classes = "Sum(Affine(x, W, bias) * ByList(x, W, bias) * Keeps(x, W, bias) * Other(x, W, bias, scale=2.0))"
pair = "Sum(affine(x, W, bias, scale=0.5))"
squares = "Sum(Squares(y, s))"
likelihood = "Likelihood(s, t)"
behind = "Behind(x)"
held = "Sum(behind * HeldBehind(x, W, bias)) + half_squares_loss(s, bias)"
loss = "held + Sum(a) + Sum(c * d) + squares + classes + pair + likelihood + softmax_loss(s, t)"
"""

OWN_PARAMETERS = {
    "behind.W",
    "behind.b",
    "dense.W",
    "dense.b",
    "again.W",
    "late.W",
    "scaled.inner0",
    "scaled.scale",
    "twice.W",
}

TEXTS = (
    CLASS,
    BY_LIST,
    KEEPS,
    OTHER_NAMES,
    PAIR,
    NAMED,
    DENSE,
    LATE,
    OBJECTS,
    SHARED,
    CONTEXT,
    DERIVATIVE,
    LOSS_CLASS,
    SEVERAL,
    BEHIND,
    LOSS_BY_NAME,
    OPTION_FIRST,
    DROPOUT,
    LOSS,
)

OWN_GENERATOR = """
import numpy as np
generator = np.random.default_rng(3)
class Noise:
    def forward(self, x):
        return x + generator.random(x.shape)

    def backward(self, dout):
        return dout
"""

KEEPS_ON = """
class Mean:
    running = 0.0

    def forward(self, x):
        self.running = 0.9 * self.running + 0.1 * x
        return x - self.running

    def backward(self, dout):
        return 0.9 * dout
"""


def written(tmp_path: Path, affine: str, layers: str, suffix: str = ".py") -> Path:
    """Return an exported file of the scenario with layers of one's own, which lies in a folder beside them."""
    own, out = tmp_path / "my layers.py", tmp_path / "tests" / f"test_it{suffix}"
    own.write_text(f"import numpy as np\n{RELU}{LOSS}{layers}", encoding="utf-8")
    out.parent.mkdir(exist_ok=True)
    scenario = tmp_path / "homework.toml"
    scenario.write_text(SCENARIO.format(affine=affine, loss="softmax_loss(z, t)"), encoding="utf-8")
    assert main(["export", str(scenario), "--layers", str(own), "-o", str(out)]) == 0
    return out


def test_every_style_computes_the_same_and_its_gradients_are_slopes(tmp_path: Path) -> None:
    own, out = tmp_path / "own.py", tmp_path / "test_all.py"
    own.write_text("import numpy as np\n" + "".join(TEXTS), encoding="utf-8")
    scenario = loads(ALL_STYLES, layers=[own])
    run = Run(scenario)
    run.finish()
    account = Account("Every style", "", run.tape)  # unchecked: that would take much longer
    out.write_text(Exported(account, {}, scenario).text(".py", folder=tmp_path), encoding="utf-8")
    run.close()
    namespace = runpy.run_path(str(out))
    assert namespace["GRADIENTS"].keys() >= OWN_PARAMETERS | {"x", "W", "V", "bias", "a", "b", "c", "d"}
    for name in namespace["VALUES"]:  # as the guest process has computed them
        namespace["test_value"](name)
    for name in namespace["GRADIENTS"]:
        namespace["test_gradient"](name)
    for name in sorted(OWN_PARAMETERS | {"x", "W", "V", "bias"}):
        gradient = namespace["gradients"][name]
        np.testing.assert_allclose(gradient, slope_in(namespace, name), rtol=1e-5, atol=1e-7, err_msg=name)


def slope_in(namespace: dict[str, Any], name: str) -> Array:
    """Return central differences of a written program's loss by a leaf."""
    values = namespace["values"]
    x = np.array(values[name])
    found = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        losses = []
        for step in (1e-6, -1e-6):
            values[name] = x.copy()
            values[name][index] += step
            namespace["go_forward"]()
            losses.append(float(values["loss"]))
        found[index] = (losses[0] - losses[1]) / 2e-6
    values[name] = x
    return found


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


@pytest.mark.parametrize(
    ("layers", "node", "why"),
    [
        (OWN_GENERATOR, "Noise(x)", "own.py:4: error: y: Noise draws from a generator of its own"),
        (
            KEEPS_ON,
            "Mean(x)",
            "y: Mean gives another value when it is made anew: it keeps something from pass to pass",
        ),
    ],
)
def test_what_would_have_other_numbers_is_refused_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], layers: str, node: str, why: str
) -> None:
    own, scenario = tmp_path / "own.py", tmp_path / "homework.toml"
    own.write_text(layers, encoding="utf-8")
    text = f'[parameters]\nx = [[1.0, 0.5]]\n[nodes]\ny = "{node}"\n[train]\noptimizer = "SGD"\nlr = 0.1\nsteps = 2\n'
    scenario.write_text(text, encoding="utf-8")
    assert main(["export", str(scenario), "--layers", str(own), "-o", str(tmp_path / "x.py"), "--step", "4"]) == 2
    assert why in capsys.readouterr().err
    assert not (tmp_path / "x.py").exists()


def test_a_file_with_layers_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "own.py"
    own.write_text(RELU, encoding="utf-8")
    assert main(["export", "two_layer", "--layers", str(own), "-o", str(own)]) == 2
    assert "own.py is what is exported" in capsys.readouterr().err
    assert own.read_text(encoding="utf-8") == RELU


def test_a_recording_with_layers_of_ones_own_is_a_test_of_their_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, scenario, recording, out = (tmp_path / it for it in ("own.py", "s.toml", "run.jsonl", "test_it.py"))
    own.write_text(f"import numpy as np{DENSE}", encoding="utf-8")
    scenario.write_text('[inputs]\nx = [[1.0, 0.5, 2.0]]\n[nodes]\ny = "Dense(x)"\n', encoding="utf-8")
    run = Run(load(scenario, layers=[own]))
    run.finish()
    with Recorder(recording, run, lambda: 0.0) as recorder:
        recorder.moved(None, run.tape.at(len(run.tape)))
    run.close()
    assert main(["export", str(recording), "-o", str(out)]) == 2
    assert "hint: give the file with it: --layers FILE" in capsys.readouterr().err
    assert main(["export", str(recording), "--layers", str(own), "-o", str(out)]) == 0
    namespace = runpy.run_path(str(out))
    namespace["test_value"]("y")
    namespace["test_gradient"]("y.W")


@pytest.mark.parametrize("path", [[[".", "class"]], [[".", "a b"]], [["[]", 1.5]], [["()", "x"]]])
def test_a_way_that_is_not_plain_python_is_not_written(path: list[list[Any]]) -> None:
    with pytest.raises(ValueError, match=str(path[0][1])):
        access_source(path)


def test_a_way_on_an_object_is_written_as_python_reads_it() -> None:
    assert access_source([[".", "layers"], ["[]", 0], [".", "params"], ["[]", "W'"]]) == 'layer.layers[0].params["W\'"]'
