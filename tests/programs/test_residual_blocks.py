"""Blocks within blocks, with sums between them: every layer is a node of its own, and every sum is followed."""

from __future__ import annotations

from pathlib import Path

from bptui.checking.finding import Verdict
from bptui.program_checking.check_program import check_program
from watched_here import watched_here

BLOCKS = """
import functools
import numpy as np
from book_layers import Affine, Relu, SoftmaxWithLoss

def traced(method):
    @functools.wraps(method)
    def wrapper(*arguments):
        return method(*arguments)
    return wrapper

class Embedding:
    def __init__(self, W):
        self.W = W
    @traced
    def forward(self, indices):
        self.indices = indices
        return self.W[indices]
    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.indices, dout)

class FeedForward:
    def __init__(self, rng):
        self.wide, self.bent = Affine(rng.randn(4, 6), np.zeros(6)), Relu()
        self.narrow = Affine(rng.randn(6, 4), np.zeros(4))
    def forward(self, x):
        return self.narrow.forward(self.bent.forward(self.wide.forward(x)))
    def backward(self, dout):
        return self.wide.backward(self.bent.backward(self.narrow.backward(dout)))

class Block:
    def __init__(self, rng):
        self.mix, self.feed = Affine(rng.randn(4, 4), np.zeros(4)), FeedForward(rng)
    def forward(self, x):
        x = x + self.mix.forward(x)
        self.middle = x
        x = x + self.feed.forward(x)
        return x
    def backward(self, dout):
        {second}
        return dout + self.mix.backward(dout)

class Model:
    def __init__(self, rng):
        self.words, self.places = Embedding(rng.randn(7, 4)), Embedding(rng.randn(5, 4))
        self.blocks = [Block(rng) for _ in range(2)]
        self.head = Affine(rng.randn(4, 7), np.zeros(7))
    def forward(self, indices):
        x = self.words.forward(indices) + self.places.forward(np.arange(5))
        for block in self.blocks:
            x = block.forward(x)
        return self.head.forward(x[:, -1])
    def backward(self, dout):
        dx = np.zeros((3, 5, 4))
        dx[:, -1] = self.head.backward(dout)
        for block in reversed(self.blocks):
            dx = block.backward(dx)
        self.words.backward(dx)
        self.places.backward(dx.sum(0))

class Affine(Affine):
    def forward(self, x):
        self.shape = x.shape
        return super().forward(x.reshape(-1, x.shape[-1])).reshape(*x.shape[:-1], -1)
    def backward(self, dout):
        return super().backward(dout.reshape(-1, dout.shape[-1])).reshape(self.shape)

rng = np.random.RandomState(0)
model, loss_layer = Model(rng), SoftmaxWithLoss()
for i in range(2):
    indices, t = rng.randint(0, 7, (3, 5)), rng.randint(0, 7, 3)
    loss = loss_layer.forward(model.forward(indices), t)
    model.backward(loss_layer.backward())
"""
RIGHT = "dout = dout + self.feed.backward(dout)"


def test_layers_in_blocks_are_nodes_and_sums_are_followed(tmp_path: Path) -> None:
    with watched_here(tmp_path, BLOCKS.format(second=RIGHT)) as watch:
        graph = watch.watched.passes[0].graph
        nodes = {node.name: node for node in graph.nodes}
        followed, used = watch.watched.followed
        findings = check_program(watch).findings
    assert nodes["x"].inputs == ("words", "places")
    assert [nodes[name].group for name in ("words", "mix", "wide")] == ["model", "model/Block1", "model/Block1/feed"]
    assert [node.layer for node in graph.nodes].count("Add") == 5
    assert not graph.computed
    assert followed == used
    assert {it.verdict for it in findings if it.rule in {"gradient", "wiring"}} <= {Verdict.PASS, Verdict.KINK}


def test_a_lost_gradient_inside_a_block_is_found(tmp_path: Path) -> None:
    with watched_here(tmp_path, BLOCKS.format(second="dout = self.feed.backward(dout)")) as watch:
        failed = [it for it in check_program(watch).findings if it.verdict is Verdict.FAIL]
    assert {it.mistake for it in failed} == {"a use is missing"}
    assert "mix" in {it.node for it in failed}
