"""What people write within a style: other names and orders, caches of all kinds, gradients kept elsewhere.

All stand in one file and are nodes of one scenario, so that its process is paid for once.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import bptui
from bptui.checking import Verdict
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
    "kept": "Keeping(x)",
    "kept_otherwise": "KeepingUnderOtherNames(x, training=True)",
    "kept_two": "KeepingTwo(x, doubled)",
    "swish": "Swish(x, beta=1.5)",
    "dense": "Dense(x, 3, 2)",
    "linear": "Linear(x, w)",
    "power": "Power(x, 3)",
    "exponential": "Exponential(x)",
    "cache_first": "product(x, w)",
    "two_caches": "matmul(x, w)",
    "inputs_again": "again(x, w)",
    "camel_case": "camel(x)",
    "halved": "halve(x)",
    "prime": "sigmoid(x)",
    "of_the_value": "squash(x)",
    "other_order": "squares(x, doubled)",
    "by_name": "named_loss(x, doubled)",
    "methods": "Prime(x)",
    "mixed": "Mixed(x)",
}

WRONG = {
    "kept": ("(1 - self.a ** 2)", "(1 - self.a)", "x"),
    "kept_two": ("self.grad_a = grad * self.b", "self.grad_a = grad * self.a", "x"),
    "dense": ("self.W.grad = self.x.T @ dout", "self.W.grad = 2 * self.x.T @ dout", "dense.W"),
    "linear": ("        return dout @ w.T, x.T @ dout", "        return dout @ w.T, 2 * x.T @ dout", "w"),
    "cache_first": ("    x, w = cache\n    return dout @ w.T", "    x, w = cache\n    return 2 * dout @ w.T", "x"),
    "two_caches": ("dout, x, w):\n    return dout @ w.T", "dout, x, w):\n    return 2 * dout @ w.T", "x"),
    "of_the_value": ("1 - y ** 2", "1 - y", "x"),
    "by_name": ('{"p": 2 * (p - t)}', '{"p": p - t}', "x"),
}
"""A mistake each, and the value whose gradient it spoils."""


def judged(folder: Path, layers: str) -> bptui.Report:
    """Return the verdicts on all nodes, each of which is an output that the sum of all has nothing to do with."""
    file = layer_file(folder, layers)
    nodes = "".join(f'{name} = "{formula}"\n' for name, formula in {"doubled": "x * 2", **NODES}.items())
    text = VALUES + nodes + '[run]\noutput = "kept"\n'
    return bptui.check(bptui.loads(text, folder / "a.toml", layers=[file.path]))


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> bptui.Report:
    return judged(tmp_path_factory.mktemp("right"), LAYERS)


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> bptui.Report:
    layers = LAYERS
    for before, after, _ in WRONG.values():
        assert before in layers
        layers = layers.replace(before, after, 1)
    return judged(tmp_path_factory.mktemp("wrong"), layers)


@pytest.mark.parametrize("node", NODES)
def test_a_right_layer_is_right_however_it_is_written(right: bptui.Report, node: str) -> None:
    found = [it for it in right.findings if it.node == node]
    assert {it.verdict for it in found if it.rule == "gradient"} == {Verdict.PASS}
    assert not [it.reason for it in found if it.verdict is Verdict.FAIL]


@pytest.mark.parametrize("node", WRONG)
def test_a_mistake_is_found_however_it_is_written(wrong: bptui.Report, node: str) -> None:
    failed = {(it.input, it.rule) for it in wrong.findings if it.verdict is Verdict.FAIL and it.node == node}
    assert failed == {(WRONG[node][2], "gradient")}


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
