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

FUNCTION_LAYERS = """
import numpy as np

def affine_forward(x, w, b):
    out = x.reshape(x.shape[0], -1).dot(w) + b
    cache = (x, w, b)
    return out, cache

def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = dout.sum(axis=0)
    return dx, dw, db

def relu_forward(x):
    out = np.maximum(0, x)
    cache = x
    return out, cache

def relu_backward(dout, cache):
    x = cache
    dx = dout * (x > 0)
    return dx

def affine_relu_forward(x, w, b):
    a, fc_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(a)
    cache = (fc_cache, relu_cache)
    return out, cache

def affine_relu_backward(dout, cache):
    fc_cache, relu_cache = cache
    da = relu_backward(dout, relu_cache)
    dx, dw, db = affine_backward(da, fc_cache)
    return dx, dw, db

def softmax_loss(x, y):
    shifted = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted), axis=1, keepdims=True)
    log_probs = shifted - np.log(Z)
    probs = np.exp(log_probs)
    N = x.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx
"""

FUNCTION_NET = """
import numpy as np
from function_layers import *

class FullyConnectedNet(object):
    def __init__(self, hidden_dims, input_dim=12, num_classes=5, reg=0.1, weight_scale=1e-1):
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.params = {}
        dims = [input_dim] + hidden_dims + [num_classes]
        rng = np.random.RandomState(0)
        for i in range(self.num_layers):
            self.params["W%d" % (i + 1)] = weight_scale * rng.randn(dims[i], dims[i + 1])
            self.params["b%d" % (i + 1)] = np.zeros(dims[i + 1])

    def loss(self, X, y=None):
        caches = {}
        out = X
        for i in range(1, self.num_layers):
            W, b = self.params["W%d" % i], self.params["b%d" % i]
            out, caches[i] = affine_relu_forward(out, W, b)
        n = self.num_layers
        scores, caches[n] = affine_forward(out, self.params["W%d" % n], self.params["b%d" % n])
        if y is None:
            return scores
        loss, dout = softmax_loss(scores, y)
        grads = {}
        for i in range(1, n + 1):
            loss += 0.5 * self.reg * np.sum(self.params["W%d" % i] ** 2)
        dout, grads["W%d" % n], grads["b%d" % n] = affine_backward(dout, caches[n])
        grads["W%d" % n] += self.reg * self.params["W%d" % n]
        for i in range(n - 1, 0, -1):
            dout, dW, db = affine_relu_backward(dout, caches[i])
            grads["W%d" % i] = dW + self.reg * self.params["W%d" % i]
            grads["b%d" % i] = db
        return loss, grads

rng = np.random.RandomState(1)
X = rng.randn(8, 3, 4)
y = rng.randint(0, 5, 8)
net = FullyConnectedNet([7, 6])
for it in range(4):
    loss, grads = net.loss(X, y)
    for p, w in net.params.items():
        dw = grads[p]
        net.params[p] = w - 0.1 * dw
    print(it, loss)
scores = net.loss(X)
"""

KEEPING_NET = """
import numpy as np

class Layer_Dense:
    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.1 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases
    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)

class Activation_ReLU:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)
    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[self.inputs <= 0] = 0

class Activation_Softmax_Loss_CategoricalCrossentropy():
    def forward(self, inputs, y_true):
        exp_values = np.exp(inputs)
        self.output = exp_values / np.sum(exp_values, axis=1, keepdims=True)
        return -np.log(self.output[range(len(inputs)), y_true]).mean()
    def backward(self, dvalues, y_true):
        samples = len(dvalues)
        self.dinputs = dvalues.copy()
        self.dinputs[range(samples), y_true] -= 1
        self.dinputs = self.dinputs / samples

class Optimizer_SGD:
    def __init__(self, learning_rate=1.):
        self.learning_rate = learning_rate
    def update_params(self, layer):
        layer.weights += -self.learning_rate * layer.dweights
        layer.biases += -self.learning_rate * layer.dbiases

np.random.seed(0)
X = np.random.randn(10, 2); y = np.random.randint(0, 3, 10)
dense1 = Layer_Dense(2, 8)
activation1 = Activation_ReLU()
dense2 = Layer_Dense(8, 3)
loss_activation = Activation_Softmax_Loss_CategoricalCrossentropy()
optimizer = Optimizer_SGD()
for epoch in range(3):
    dense1.forward(X)
    activation1.forward(dense1.output)
    dense2.forward(activation1.output)
    loss = loss_activation.forward(dense2.output, y)
    print(epoch, loss)
    loss_activation.backward(loss_activation.output, y)
    dense2.backward(loss_activation.dinputs)
    activation1.backward(dense2.dinputs)
    dense1.backward(activation1.dinputs)
    optimizer.update_params(dense1)
    optimizer.update_params(dense2)
"""


@contextmanager
def watched(folder: Path, text: str, limits: WatchLimits | None = None, *arguments: str) -> Iterator[ProgramRun]:
    """Give a program of this text that was watched to its end, with the layers of the book beside it."""
    (folder / "naive_layers.py").write_text(NAIVE_LAYERS)
    (folder / "book_layers.py").write_text(BOOK_LAYERS)
    (folder / "function_layers.py").write_text(FUNCTION_LAYERS)
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
