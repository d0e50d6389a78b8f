"""What people write within a style: other names and orders, caches of all kinds, gradients kept elsewhere.

All stand in one file and are nodes of one scenario, so that its process is paid for once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bptui
from bptui.checking import Verdict
from bptui.cli import main
from bptui.core.step import BackwardStep
from guests import layer_file

LAYERS = """
class Keeping:
    def forward(self, z):
        self.z = z
        self.a = np.tanh(z)
    def backward(self, da):
        self.dz = da * (1 - self.a ** 2)


class KeepingUnderOtherNames:
    def forward(self, inputs, training):
        self.inputs = inputs
        self.activated = np.tanh(inputs)
    def backward(self, delta):
        self.passed_on = delta * (1 - self.activated ** 2)


class KeepingTwo:
    def forward(self, a, b):
        self.a, self.b = a, b
        self.product = a * b
    def backward(self, grad):
        self.grad_a = grad * self.b
        self.grad_b = grad * self.a


class Cooperative:
    def __init__(self, *args, **options):
        super().__init__(*args, **options)


class Swish(Cooperative):
    def forward(self, x, *, beta=1.0):
        self.gate = 1 / (1 + np.exp(-beta * x))
        self.x, self.beta = x, beta
        return x * self.gate
    def backward(self, dout):
        return dout * (self.gate + self.beta * self.x * self.gate * (1 - self.gate))


class Param:
    def __init__(self, value):
        self.value = value
        self.grad = np.zeros_like(value)


class Dense:
    def __init__(self, rows, columns):
        self.W = Param(np.random.randn(rows, columns))
    def forward(self, x):
        self.x = x
        return x @ self.W.value
    def backward(self, dout):
        self.W.grad = self.x.T @ dout
        return dout @ self.W.value.T


class Linear:
    @staticmethod
    def forward(x, w):
        return x @ w, (x, w)
    @staticmethod
    def backward(dout, cache):
        x, w = cache
        return dout @ w.T, x.T @ dout


class Power:
    def __init__(self, exponent):
        self.exponent = exponent
    def forward(self, x):
        cache = {"x": x}
        return x ** self.exponent, cache
    def backward(self, cache, dout):
        return dout * self.exponent * cache["x"] ** (self.exponent - 1)


class Exponential:
    @staticmethod
    def forward(c, x):
        c.out = np.exp(x)
        return c.out
    @staticmethod
    def backward(c, dout):
        return dout * c.out


def product_forward(x, w):
    return x @ w, (x, w)
def product_backward(cache, dout):
    x, w = cache
    return dout @ w.T, x.T @ dout


def matmul_forward(x, w):
    out = x @ w
    return out, x, w
def matmul_backward(dout, x, w):
    return dout @ w.T, x.T @ dout


def again_forward(x, w):
    return x @ w
def again_backward(dout, x, w):
    return dout @ w.T, x.T @ dout


def camelForward(x): return np.sin(x), x
def camelBackward(dout, cache): return dout * np.cos(cache)


def halve_forward_pass(x): return x / 2, None
def halve_backward_pass(dout, cache): return dout / 2


def sigmoid(x): return 1 / (1 + np.exp(-x))
def sigmoid_prime(x): return sigmoid(x) * (1 - sigmoid(x))


def squash(x): return np.tanh(x)
def d_squash(y): return 1 - y ** 2


def logistic(x): return 1 / (1 + np.exp(-x))
def logistic_derivative(x): return x * (1 - x)


def squares(p, t): return np.mean((p - t) ** 2)
def squares_grad(t, p): return 2 * (p - t) / p.size


def named_loss(p, t):
    if t is None:
        return p
    result = np.sum((p - t) ** 2), {"p": 2 * (p - t)}
    return result


class Prime:
    def activation(self, x): return np.tanh(x)
    def deriv(self, x): return 1 - np.tanh(x) ** 2


class Mixed:
    def forward(self, x):
        self.x = x
        return x ** 2
    def backward_pass(self, error):
        return 2 * error * self.x
"""

VALUES = """
[parameters]
x = [[1.0, -0.5, 2.0], [0.2, 0.3, -1.0]]
w = [[0.5, -1.0], [2.0, 0.25], [0.1, 0.3]]
[nodes]
"""

NODES = {
    "kept": ("Keeping(x)", "Tanh(x)"),
    "kept_otherwise": ("KeepingUnderOtherNames(x, training=True)", "Tanh(x)"),
    "kept_two": ("KeepingTwo(x, double)", "x * double"),
    "swish": ("Swish(x, beta=1.5)", "x * Sigmoid(1.5 * x)"),
    "linear": ("Linear(x, w)", "x @ w"),
    "power": ("Power(x, 3)", "x ** 3"),
    "exponential": ("Exponential(x)", "Exp(x)"),
    "cache_first": ("product(x, w)", "x @ w"),
    "two_caches": ("matmul(x, w)", "x @ w"),
    "inputs_again": ("again(x, w)", "x @ w"),
    "camel_case": ("camel(x)", "Sin(x)"),
    "halved": ("halve(x)", "x / 2"),
    "prime": ("sigmoid(x)", "Sigmoid(x)"),
    "of_the_value": ("squash(x)", "Tanh(x)"),
    "of_the_value_by_the_numbers": ("logistic(x)", "Sigmoid(x)"),
    "other_order": ("squares(x, fixed)", "MeanSquaredError(x, fixed)"),
    "by_name": ("named_loss(x, fixed)", "MeanSquaredError(x, fixed, reduction='sum')"),
    "methods": ("Prime(x)", "Tanh(x)"),
    "mixed": ("Mixed(x)", "x ** 2"),
}
"""Each of the layers, and what it is in those that are built in."""

WRONG = {
    "kept": ("(1 - self.a ** 2)", "(1 - self.a)"),
    "kept_two": ("self.grad_a = grad * self.b", "self.grad_a = grad * self.a"),
    "linear": ("        return dout @ w.T, x.T @ dout", "        return dout @ w.T, 2 * x.T @ dout"),
    "cache_first": ("    x, w = cache\n    return dout @ w.T", "    x, w = cache\n    return 2 * dout @ w.T"),
    "two_caches": ("dout, x, w):\n    return dout @ w.T", "dout, x, w):\n    return 2 * dout @ w.T"),
    "of_the_value": ("1 - y ** 2", "1 - y"),
    "of_the_value_by_the_numbers": ("return x * (1 - x)", "return x * (1 + x)"),
    "by_name": ('{"p": 2 * (p - t)}', '{"p": p - t}'),
}
"""A mistake each."""


def shares_by_node(place: int, files: Sequence[Path] = ()) -> dict[str, list[Any]]:
    """Return what x and w get of each node, and of those that stand in its formula."""
    nodes = {"double": "x * 2", "fixed": "Detach(x * 0.3)"} | {name: both[place] for name, both in NODES.items()}
    text = VALUES + "".join(f'{name} = "{formula}"\n' for name, formula in nodes.items())
    total = " + ".join(f"Sum({name})" for name in NODES)
    tape = bptui.run(bptui.loads(f'{text}total = "{total}"\n', layers=files))
    found: dict[str, list[Any]] = {name: [0.0, 0.0] for name in NODES}
    for step in tape.steps:
        name = step.name.partition(".")[0]
        if isinstance(step, BackwardStep) and name in found:
            for at, leaf in enumerate(("x", "w")):
                given = zip(step.node.inputs, step.gradients, strict=True)
                found[name][at] += sum(it for value, it in given if value == leaf and it is not None)
    return found


@pytest.fixture(scope="module")
def built_in() -> dict[str, list[Any]]:
    return shares_by_node(1)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    return shares_by_node(0, [layer_file(tmp_path_factory.mktemp("own"), LAYERS).path])


@pytest.fixture(scope="module")
def mistaken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    layers = LAYERS
    for before, after in WRONG.values():
        assert before in layers
        layers = layers.replace(before, after, 1)
    return shares_by_node(0, [layer_file(tmp_path_factory.mktemp("mistaken"), layers).path])


@pytest.mark.parametrize("node", NODES)
def test_its_gradients_are_those_of_the_built_in_layers(
    own: dict[str, list[Any]], built_in: dict[str, list[Any]], node: str
) -> None:
    for one, other in zip(own[node], built_in[node], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("node", WRONG)
def test_it_is_the_layer_s_own_lines_that_made_them(
    own: dict[str, list[Any]], mistaken: dict[str, list[Any]], node: str
) -> None:
    assert not all(map(np.array_equal, own[node], mistaken[node]))


def test_a_class_that_hands_a_cache_on_is_checked_and_its_weights_are_found(tmp_path: Path) -> None:
    formula = 'y = "Linear(Dense(x, 3, 3), w)"\n'
    for change, names in ((("", ""), set()), (WRONG["linear"], {"w"})):
        file = layer_file(tmp_path, LAYERS.replace(*change, 1))
        report = bptui.check(bptui.loads(VALUES + formula, tmp_path / "a.toml", layers=[file.path]))
        found = {it.input: it.verdict for it in report.findings if it.rule == "gradient"}
        assert {name for name, verdict in found.items() if verdict is Verdict.FAIL} == names
        assert {"x", "y.1.W", "y.1", "w"} == found.keys()


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("def product(x, w):\n    return x @ w, (x, w)", "a function without one for its backward"),
        ("class product:\n    def run(self, x): return x\n    def undo(self, d): return d", "[styles.product]"),
    ],
)
def test_what_is_in_no_style_is_told_with_a_way_out(tmp_path: Path, function: str, told: str) -> None:
    file = layer_file(tmp_path, function)
    with pytest.raises(bptui.ScenarioError) as caught:
        bptui.loads(VALUES + 'y = "product(x, w)"', layers=[file.path])
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "formula", ["Keeping(x)", "squash(x)", "again(x, w)", "matmul(x, w)", "product(x, w)", "Linear(x, w)"]
)
def test_what_an_exported_program_could_not_call_as_bptui_does_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], formula: str
) -> None:
    (tmp_path / "a.toml").write_text(f"{VALUES}y = '{formula}'\nz = 'Sum(y)'\n", encoding="utf-8")
    file = layer_file(tmp_path, LAYERS)
    arguments = ["export", str(tmp_path / "a.toml"), "--layers", str(file.path), "-o", str(tmp_path / "test_a.py")]
    assert main(arguments) == 2
    assert "is not written out" in capsys.readouterr().err
