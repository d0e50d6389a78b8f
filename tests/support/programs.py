"""Programs in the book's style, written to a folder and watched there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bptui.programs.program_run import ProgramRun, WatchLimits
from bptui.programs.read_program import read_program

NAIVE_LAYERS = """
class MulLayer:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dout):
        return dout * self.y, dout * self.x


class AddLayer:
    def forward(self, x, y):
        return x + y

    def backward(self, dout):
        return dout * 1, dout * 1
"""

BOOK_LAYERS = """
import numpy as np


class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b
        self.dW = self.db = None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class SoftmaxWithLoss:
    def forward(self, x, t):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y, self.t = e / e.sum(axis=1, keepdims=True), t
        return -np.log(self.y[np.arange(len(t)), t]).mean()

    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dx / len(self.t)
"""

BOOK_NET = """
from book_layers import *


class TwoLayerNet:
    def __init__(self):
        rng = np.random.RandomState(0)
        self.params = {"W1": rng.randn(4, 5), "b1": np.zeros(5), "W2": rng.randn(5, 3), "b2": np.zeros(3)}
        self.layers = {
            "Affine1": Affine(self.params["W1"], self.params["b1"]),
            "Relu1": Relu(),
            "Affine2": Affine(self.params["W2"], self.params["b2"]),
        }
        self.lastLayer = SoftmaxWithLoss()

    def predict(self, x):
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def loss(self, x, t):
        return self.lastLayer.forward(self.predict(x), t)

    def gradient(self, x, t):
        self.loss(x, t)
        dout = self.lastLayer.backward(1)
        for layer in reversed(list(self.layers.values())):
            dout = layer.backward(dout)
        first, second = self.layers["Affine1"], self.layers["Affine2"]
        return {"W1": first.dW, "b1": first.db, "W2": second.dW, "b2": second.db}


rng = np.random.RandomState(1)
x_batch, t_batch = rng.randn(6, 4), rng.randint(0, 3, 6)
network = TwoLayerNet()
"""


@contextmanager
def watched(folder: Path, text: str, limits: WatchLimits | None = None, *arguments: str) -> Iterator[ProgramRun]:
    """Give a program of this text that was watched to its end, with the layers of the book beside it."""
    (folder / "naive_layers.py").write_text(NAIVE_LAYERS)
    (folder / "book_layers.py").write_text(BOOK_LAYERS)
    path = folder / "program.py"
    path.write_text(text)
    run = ProgramRun(read_program(str(path), arguments), limits)
    try:
        run.finish()
        yield run
    finally:
        run.close()


def wires(run: ProgramRun, iteration: int = 1) -> dict[str, tuple[str, ...]]:
    """Return the inputs of the nodes of an iteration (from 1), by name."""
    return {node.name: node.inputs for node in run.tape.order.passes(iteration - 1).graph.nodes}
