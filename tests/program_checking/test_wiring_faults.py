"""Each mistake between the layers is named, with both lines; the layers themselves are right."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import bptui
from bptui.checking.finding import Finding, Verdict
from bptui.program_checking.check_program import check_program, wiring_findings
from bptui.program_checking.source_numbers import factors_in_source
from programs import KEEPING_NET
from watched_here import run_here, watched_here

SCENARIOS = Path(bptui.__file__).parents[1] / "scenarios" / "programs"

FAULTS = {
    "swapped_gradients": ("gradients swapped", "mul_apple_layer", (11, 12)),
    "lost_skip_connection": ("a use is missing", "first", (16, 21)),
    "doubled_batch_mean": ("divided by the batch size twice", "last", (15, 17)),
    "layer_used_twice": ("another call's cache", "shared", (13, 14, 20)),
    "stale_cache": ("another call's cache", "last", (14, 15, 18)),
    "update_between_passes": ("an update between the passes", "last", (14, 18)),
    "gradients_not_zeroed": ("gradients not set to zero", "last", (27,)),
}
"""By program, the mistake, the node, and the lines that are told."""


@pytest.mark.parametrize("name", FAULTS)
def test_a_wiring_fault_is_named_with_its_lines_and_the_layers_are_right(name: str) -> None:
    mistake, node, lines = FAULTS[name]
    with run_here(SCENARIOS / f"{name}.py") as watch:
        failed = [it for it in check_program(watch).findings if it.verdict is Verdict.FAIL]
    assert {it.rule for it in failed} == {"wiring"}
    assert (failed[0].mistake, failed[0].node) == (mistake, node)
    assert {int(line) for line in re.findall(rf"{name}\.py:(\d+)", failed[0].reason)} == set(lines)


BOOK = """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
first, relu, last = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
for i in range(3):
    loss = loss_layer.forward(last.forward(relu.forward(first.forward(x))), t)
    {back}
    {update}
"""
BACK = "first.backward(relu.backward(last.backward(loss_layer.backward())))"
NETWORK = """
class Network:
    def forward(self, x):
        return last.forward(relu.forward(first.forward(x)))
    def backward(self, dout):
        return first.backward(relu.backward(last.backward(dout)))
network = Network()
"""
NETWORK_BACK = (
    "loss = loss_layer.forward(network.forward(x), t); network.forward(x + 1); network.backward(loss_layer.backward())"
)
DOUBLE_MEAN = "first.backward(relu.backward(last.backward(loss_layer.backward() / len(x))))"
UPDATE = "for p, g in ((first.W, first.dW), (first.b, first.db), (last.W, last.dW), (last.b, last.db)): p -= 0.1 * g"

FUNCTIONS = """
import numpy as np
from function_layers import *
rng = np.random.RandomState(0)
X, y = rng.randn(5, 4), rng.randint(0, 3, 5)
W1, b1, W2, b2 = rng.randn(4, 4), np.zeros(4), rng.randn(4, 3), np.zeros(3)
dW2, G = np.zeros_like(W2), np.zeros_like(W1)
for i in range(3):
    h, c1 = affine_relu_forward(X, W1, b1)
    s, c2 = affine_forward(h, W2, b2)
    loss, ds = softmax_loss(s, y)
    {back}
"""
FUNCTIONS_BACK = "dh, dW2, db2 = affine_backward(ds, c2); dx, dW1, db1 = affine_relu_backward(dh, c1)"

TWINS = {
    "a layer is passed over": (
        BOOK.format(back="first.backward(last.backward(loss_layer.backward()))", update=UPDATE),
        "a backward is never called",
        "first",
    ),
    "ascent": (
        BOOK.format(back=BACK, update="first.W -= 0.1 * first.dW; first.b -= 0.1 * first.db; last.W += 0.1 * last.dW"),
        "another gradient in the update",
        "last.W",
    ),
    "double mean of functions": (
        FUNCTIONS.format(back=f"ds /= X.shape[0]; {FUNCTIONS_BACK}"),
        "divided by the batch size twice",
        "affine2",
    ),
    "update in place before the call back": (
        FUNCTIONS.format(back=f"W2 -= 0.1 * dW2; {FUNCTIONS_BACK}"),
        "an update between the passes",
        "affine2",
    ),
    "update of a cached array before the call back": (
        FUNCTIONS.format(back=f"W2 -= 0.1 * (h.T @ ds); {FUNCTIONS_BACK}; W2 = W2 + 0"),
        "an update between the passes",
        "affine2",
    ),
    "double mean beside a learning rate that is its reciprocal": (
        BOOK.replace("(6, ", "(10, ").replace(", 6)", ", 10)").format(back=DOUBLE_MEAN, update=UPDATE),
        "divided by the batch size twice",
        "last",
    ),
    "called twice with the same dout": (
        BOOK.format(back=f"{BACK}; last.backward(loss_layer.backward())", update=UPDATE),
        "a backward is called twice",
        "last",
    ),
    "called twice with what it has returned": (
        BOOK.format(
            back=BACK.replace("relu.", "relu.backward(relu.").replace("backward())))", "backward()))))"), update=UPDATE
        ),
        "a backward is called twice",
        "relu",
    ),
    "a prediction of a whole network between the passes": (
        BOOK.replace("for i in", NETWORK + "for i in").format(back=NETWORK_BACK, update=UPDATE),
        "another call's cache",
        "last#2",
    ),
    "ascent of all": (
        BOOK.format(back=BACK, update=UPDATE.replace("-=", "+=")),
        "another gradient in the update",
        "first.W",
    ),
    "sums kept outside of the layers": (
        FUNCTIONS.format(back=f"{FUNCTIONS_BACK}; G += dW1; W1 = W1 - 0.1 * G; W2 = W2 - 0.1 * dW2"),
        "gradients not set to zero",
        "W1",
    ),
    "one cache for two calls": (
        """
import numpy as np
from function_layers import *
rng = np.random.RandomState(0)
X, y = rng.randn(5, 4), rng.randint(0, 3, 5)
W1, b1, W2, b2 = rng.randn(4, 4), np.zeros(4), rng.randn(4, 3), np.zeros(3)
h, cache = affine_forward(X, W1, b1)
r, rcache = relu_forward(h)
h2, cache = affine_forward(r, W1, b1)
r2, rcache2 = relu_forward(h2)
s, scache = affine_forward(r2, W2, b2)
loss, ds = softmax_loss(s, y)
d, dW2, db2 = affine_backward(ds, scache)
d, dWb, dbb = affine_backward(relu_backward(d, rcache2), cache)
d, dWa, dba = affine_backward(relu_backward(d, rcache), cache)
""",
        "another call's cache",
        "affine1",
    ),
    "one of three uses is missing": (
        """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
stem, a, b, c = (Affine(rng.randn(4, 4), np.zeros(4)) for _ in range(4))
last, loss_layer = Affine(rng.randn(4, 3), np.zeros(3)), SoftmaxWithLoss()
h = stem.forward(x)
loss = loss_layer.forward(last.forward(a.forward(h) + b.forward(h) + c.forward(h)), t)
d = last.backward(loss_layer.backward())
dh = a.backward(d) + c.backward(d)
b.backward(d)
stem.backward(dh)
""",
        "a use is missing",
        "stem",
    ),
    "one of two heads counts twice": (
        """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, ta, tb = rng.randn(6, 4), rng.randint(0, 3, 6), rng.randint(0, 3, 6)
trunk = Affine(rng.randn(4, 5), np.zeros(5))
head_a, head_b = Affine(rng.randn(5, 3), np.zeros(3)), Affine(rng.randn(5, 3), np.zeros(3))
loss_a, loss_b = SoftmaxWithLoss(), SoftmaxWithLoss()
h = trunk.forward(x)
total = loss_a.forward(head_a.forward(h), ta) + loss_b.forward(head_b.forward(h), tb)
da, db = head_a.backward(loss_a.backward()), head_b.backward(loss_b.backward())
trunk.backward(da + da)
""",
        "a use is missing",
        "trunk",
    ),
    "the gradient of weights in the place of a value's": (
        """
import numpy as np
from function_layers import *
rng = np.random.RandomState(0)
X, y = rng.randn(4, 4), rng.randint(0, 3, 4)
W1, b1, W2, b2, W3, b3 = rng.randn(4, 4), np.zeros(4), rng.randn(4, 4), np.zeros(4), rng.randn(4, 3), np.zeros(3)
h1, cache1 = affine_forward(X, W1, b1)
h2, cache2 = affine_forward(h1, W2, b2)
r, rcache = relu_forward(h2)
s, scache = affine_forward(r + h1, W3, b3)
loss, ds = softmax_loss(s, y)
dsum, dW3, db3 = affine_backward(ds, scache)
dW2, dh1, db2 = affine_backward(relu_backward(dsum, rcache), cache2)
dx, dW1, db1 = affine_backward(dh1 + dsum, cache1)
""",
        "gradients swapped",
        "affine1",
    ),
    "an evaluation between the passes": (
        KEEPING_NET.replace(
            "    loss_activation.backward(loss_activation.output, y)",
            "    predicted = loss_activation.output\n"
            "    y2 = np.random.randint(0, 3, 10); dense1.forward(np.random.randn(10, 2)); "
            "activation1.forward(dense1.output); dense2.forward(activation1.output); "
            "loss_activation.forward(dense2.output, y2)\n"
            "    loss_activation.backward(predicted, y)",
        ),
        "another call's cache",
        "dense2",
    ),
    "one use counts twice": (
        """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
stem, inner = Affine(rng.randn(4, 4), np.zeros(4)), Affine(rng.randn(4, 4), np.zeros(4))
last = Affine(rng.randn(4, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
h = stem.forward(x)
loss = loss_layer.forward(last.forward(inner.forward(h) + h), t)
d = last.backward(loss_layer.backward())
stem.backward(inner.backward(d) + d + d)
""",
        "a use counts twice",
        "stem",
    ),
}


@pytest.mark.parametrize("name", TWINS)
def test_another_program_with_such_a_mistake(name: str, tmp_path: Path) -> None:
    text, mistake, node = TWINS[name]
    with watched_here(tmp_path, text) as watch:
        failed = wiring_failures(wiring_findings(watch, frozenset()))
    assert (mistake, node) in [(it.mistake, it.node) for it in failed]
    assert len({it.mistake for it in failed}) == 1
    if "affine_backward" in text:
        assert not any(f"{node}.backward" in it.reason for it in failed)


def wiring_failures(findings: list[Finding]) -> list[Finding]:
    return [it for it in findings if it.verdict is Verdict.FAIL]


def test_a_parameter_that_is_updated_with_the_gradient_of_another_is_told_which(tmp_path: Path) -> None:
    square = BOOK.replace("randn(6, 4)", "randn(6, 3)").replace("(4, 5), np.zeros(5)", "(3, 3), np.zeros(3)")
    update = UPDATE.replace("(first.W, first.dW)", "(first.W, last.dW)")
    with watched_here(tmp_path, square.replace("randn(5, 3)", "randn(3, 3)").format(back=BACK, update=update)) as watch:
        (failed,) = wiring_failures(wiring_findings(watch, frozenset()))
    assert failed.node == "first.W"
    assert "uses the gradient of last.W instead of its own" in failed.reason


def test_a_factor_is_read_from_the_cells_of_a_notebook(tmp_path: Path) -> None:
    notebook = tmp_path / "homework.ipynb"
    cell = {"cell_type": "code", "source": ["share = 0.1\n", "d = share * loss.backward()\n"]}
    notebook.write_text(json.dumps({"cells": [cell]}))
    assert [it.value for it in factors_in_source(str(notebook))] == [0.1]
