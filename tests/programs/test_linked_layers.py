"""Layers that are linked to their neighbours are told apart from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bptui.checking.finding import Verdict
from bptui.program_checking.check_program import check_program
from watched_here import watched_here

LINKED = """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
class Network:
    def __init__(self):
        self.layers = [Affine(rng.randn(4, 5), np.zeros(5)), Relu(), Affine(rng.randn(5, 5), np.zeros(5)), Relu(),
                       Affine(rng.randn(5, 3), np.zeros(3))]
        for one, other in zip(self.layers, self.layers[1:]):
            one.{next}, other.{previous} = other, one
        self.loss = SoftmaxWithLoss()
    def train(self):
        h = x
        for layer in self.layers:
            h = layer.forward(h)
        self.loss.forward(h, t)
        d = self.loss.backward()
        for layer in reversed(self.layers):
            d = layer.backward(d)
network = Network()
for i in range(2):
    network.train()
"""


@pytest.mark.parametrize(("next_", "previous"), [("next", "prev"), ("next_layer", "_previous_layer")])
def test_what_a_neighbour_holds_is_no_input_of_a_layer(next_: str, previous: str, tmp_path: Path) -> None:
    with watched_here(tmp_path, LINKED.replace("{next}", next_).replace("{previous}", previous)) as watch:
        report = check_program(watch)
        inputs = {node.name: node.inputs for node in watch.watched.passes[0].graph.nodes}
    assert [it.reason for it in report.findings if it.verdict is Verdict.FAIL] == []
    assert inputs == {
        "Affine1": ("h", "Affine1.W", "Affine1.b"),
        "Relu1": ("Affine1",),
        "Affine2": ("Relu1", "Affine2.W", "Affine2.b"),
        "Relu2": ("Affine2",),
        "Affine3": ("Relu2", "Affine3.W", "Affine3.b"),
        "loss": ("Affine3", "t"),
    }
