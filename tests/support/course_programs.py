"""Right programs as courses have them: what goes beyond the plain form of a layer, and is no mistake."""

SAMPLE_LOSSES = """
import numpy as np

class Dense:
    def __init__(self, n_in, n_out, l2=0.0, l1=0.0):
        self.weights, self.biases = 0.5 * np.random.randn(n_in, n_out), np.zeros((1, n_out))
        self.l2, self.l1 = l2, l1
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases
    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        {decay}
        self.dinputs = np.dot(dvalues, self.weights.T)

class Sigmoid:
    def forward(self, inputs):
        self.output = 1 / (1 + np.exp(-inputs))
    def backward(self, dvalues):
        self.dinputs = dvalues * (1 - self.output) * self.output

class BinaryLoss:
    def calculate(self, output, y):
        return np.mean(self.forward(output, y))
    def forward(self, y_pred, y_true):
        p = np.clip(y_pred, 1e-7, 1 - 1e-7)
        return np.mean(-(y_true * np.log(p) + (1 - y_true) * np.log(1 - p)), axis=-1)
    def backward(self, dvalues, y_true):
        samples, outputs = dvalues.shape
        p = np.clip(dvalues, 1e-7, 1 - 1e-7)
        self.dinputs = -(y_true / p - (1 - y_true) / (1 - p)) / outputs
        {mean}

np.random.seed(0)
X, y = np.random.randn(4, 3), np.random.randint(0, 2, (4, 2))
dense1, dense2 = Dense(3, 4, l2=1e-2), Dense(4, 2)
middle, last, loss_function = Sigmoid(), Sigmoid(), BinaryLoss()
for epoch in range(2):
    dense1.forward(X)
    middle.forward(dense1.output)
    dense2.forward(middle.output)
    last.forward(dense2.output)
    loss = loss_function.calculate(last.output, y) + dense1.l2 * np.sum(dense1.weights ** 2)
    loss_function.backward(last.output, y)
    last.backward(loss_function.dinputs)
    dense2.backward(last.dinputs)
    middle.backward(dense2.dinputs)
    dense1.backward(middle.dinputs)
    for layer in (dense1, dense2):
        layer.weights += -0.5 * layer.dweights
        layer.biases += -0.5 * layer.dbiases
"""
"""Losses of samples, whose mean is taken elsewhere, and a penalty in the backward of a layer."""

MEAN = "self.dinputs = self.dinputs / samples"
PENALTIES = "self.dweights += 2 * self.l2 * self.weights; self.dbiases += 0.003 * np.sign(self.biases)"

FLOAT32_NUMPY = """
import numpy as np
own_dot, own_zeros = np.dot, np.zeros
np.dot = lambda one, other: own_dot(one.astype("float64"), other.astype("float64")).astype("float32")
np.zeros = lambda *shape, dtype="float32": own_zeros(*shape, dtype=dtype)
""" + SAMPLE_LOSSES.format(mean=MEAN, decay="")
"""NumPy's functions stay replaced when the program is over."""

FLOAT32_CELLS = """
import numpy as np

class Cell:
    def __init__(self, Wx, Wh):
        self.params, self.grads = [Wx, Wh], [np.zeros_like(Wx), np.zeros_like(Wh)]
    def forward(self, x, h, c):
        Wx, Wh = self.params
        a = np.tanh(x @ Wx + h @ Wh)
        c_next = 0.5 * c + a
        h_next = np.tanh(c_next)
        self.cache = x, h, a, h_next
        return h_next, c_next
    def backward(self, dh_next, dc_next):
        Wx, Wh = self.params
        x, h, a, h_next = self.cache
        dc = dc_next + dh_next * (1 - h_next ** 2)
        da = dc * (1 - a ** 2)
        self.grads[0][...] = x.T @ da
        self.grads[1][...] = h.T @ da
        return da @ Wx.T, da @ Wh.T, 0.5 * dc

rng = np.random.RandomState(0)
x, h, c = rng.randn(2, 4, 3).astype("f"), np.zeros((4, 5), "f"), np.zeros((4, 5), "f")
first, second = (Cell(rng.randn(3, 5).astype("f"), rng.randn(5, 5).astype("f")) for _ in range(2))
h, c = first.forward(x[0], h, c)
h, c = second.forward(x[1], h, c)
dx, dh, dc = second.backward(h, np.zeros_like(c))
dx, dh, dc = first.backward(dh, dc)
"""

PARAMETERS_AND_GRADIENTS = """
import numpy as np
from book_layers import *

def without_duplicates(params, grads):
    params, grads = params[:], grads[:]
    return params, grads

rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
first, last, loss_layer = Affine(rng.randn(4, 5), np.zeros(5)), Affine(rng.randn(5, 3), np.zeros(3)), SoftmaxWithLoss()
for i in range(2):
    loss = loss_layer.forward(last.forward(first.forward(x)), t)
    first.backward(last.backward(loss_layer.backward()))
    params, grads = without_duplicates([first.W, last.W], [first.dW, last.dW])
    for p, g in zip(params, grads):
        p -= 0.1 * g
"""

SATURATED = """
import numpy as np
from book_layers import Affine

class KeptFromZero:
    def forward(self, x, t):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y, self.t = e / e.sum(axis=1, keepdims=True), t
        return -np.log(self.y[np.arange(len(t)), t] + 1e-7).mean()
    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dx / len(self.t)

rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
first, last = Affine(9 * rng.randn(4, 5), np.zeros(5)), Affine(90 * rng.randn(5, 3), np.zeros(3))
loss_layer = KeptFromZero()
for i in range(2):
    loss = loss_layer.forward(last.forward(first.forward(x)), t)
    first.backward(last.backward(loss_layer.backward()))
    for layer in (first, last):
        layer.W -= 0.1 * layer.dW
        layer.b -= 0.1 * layer.db
"""

IN_TURN = """
import numpy as np
from book_layers import *

class Bent:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out
    def backward(self, dout):
        return dout * (1 - {bent})

class Net:
    def __init__(self, seed, middle):
        rng = np.random.RandomState(seed)
        self.layers = {{"Affine1": Affine(rng.randn(4, 5), np.zeros(5)), "Middle": middle,
                       "Affine2": Affine(rng.randn(5, 3), np.zeros(3))}}
        self.last = SoftmaxWithLoss()
    def loss(self, x, t):
        for layer in self.layers.values():
            x = layer.forward(x)
        return self.last.forward(x, t)
    def step(self, x, t):
        self.loss(x, t)
        dout = self.last.backward()
        for layer in reversed(list(self.layers.values())):
            dout = layer.backward(dout)
        for name in ("Affine1", "Affine2"):
            self.layers[name].W -= 0.1 * self.layers[name].dW

rng = np.random.RandomState(0)
nets = [Net(1, Relu()), Net(2, Bent())]
for i in range(2):
    x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
    for net in nets:
        net.step(x, t)
        net.loss(x, t)
"""

WHOLE_NETWORK = """
import numpy as np

class Network:
    def __init__(self):
        rng = np.random.RandomState(0)
        self.W1, self.b1, self.W2, self.b2 = rng.randn(4, 5), np.zeros((1, 5)), rng.randn(5, 3), np.zeros((1, 3))
    def forward(self, X):
        self.h = np.tanh(X @ self.W1 + self.b1)
        scores = self.h @ self.W2 + self.b2
        e = np.exp(scores - scores.max(1, keepdims=True))
        self.out = {out}
        return self.out
    def backward(self, X, y):
        d = {slope}
        self.dW2, self.db2 = self.h.T @ d{penalty}, d.sum(0, keepdims=True)
        d = d @ self.W2.T * {bent}
        self.dW1, self.db1 = X.T @ d, d.sum(0, keepdims=True)

rng = np.random.RandomState(1)
X, y = rng.randn(6, 4), {target}
net = Network()
for i in range(2):
    net.forward(X)
    net.backward(X, y)
    for name in ("W1", "b1", "W2", "b2"):
        setattr(net, name, getattr(net, name) - 0.1 * getattr(net, "d" + name))
"""
"""Its backward is handed the data, and goes back from a loss that stands nowhere."""

PROBABILITIES = {
    "out": "e / e.sum(1, keepdims=True)",
    "slope": "(self.out - np.eye(3)[y]) / len(y)",
    "target": "rng.randint(0, 3, 6)",
}
NUMBERS = {"out": "scores", "slope": "2 * (self.out - y) / len(y)", "target": "rng.randn(6, 3)"}
BENT = "(1 - self.h ** 2)"

CONTEXTS = """
import numpy as np

class Context:
    def save_for_backward(self, *values):
        self.saved = values

class Linear:
    @staticmethod
    def forward(ctx, x, W):
        ctx.save_for_backward(x, W)
        return x @ W
    @staticmethod
    def backward(ctx, dout):
        x, W = ctx.saved
        return dout @ W.T, x.T @ dout

class Tanh:
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(np.tanh(x))
        return np.tanh(x)
    @staticmethod
    def backward(ctx, dout):
        (y,) = ctx.saved
        return dout * (1 - {square})

rng = np.random.RandomState(0)
x, W1, W2 = rng.randn(5, 3), rng.randn(3, 4), rng.randn(4, 2)
one, two, three = Context(), Context(), Context()
y = Linear.forward(three, Tanh.forward(two, Linear.forward(one, x, W1)), W2)
dh, dW2 = Linear.backward(three, y)
dx, dW1 = Linear.backward(one, Tanh.backward(two, dh))
"""

ONE_PROBABILITY = """
import numpy as np
from book_layers import Affine

class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max())
        self.out = e / e.sum()
        return self.out
    def backprop(self, dout, learning_rate):
        at = np.flatnonzero(dout)[0]
        return dout[at] * self.out[at] * ((np.arange(len(dout)) == at) - {out})

rng = np.random.RandomState(0)
affine, softmax = Affine(rng.randn(4, 5), np.zeros(5)), Softmax()
for i in range(2):
    label = i + 1
    p = softmax.forward(affine.forward(rng.randn(1, 4))[0])
    dout = np.zeros(5)
    dout[label] = -1 / p[label]
    affine.backward(softmax.backprop(dout, 0.1)[None])
    affine.W -= 0.1 * affine.dW
"""
"""Its softmax is right for a dout with one element, and the loss has no other."""

OWN_STEPS = """
import numpy as np

class Dense:
    def __init__(self, rng, n_in, n_out):
        self.weights, self.bias, self.unused = rng.randn(n_in, n_out), rng.randn(1, n_out), np.zeros(2)
    def forward(self, x):
        self.x = x
        return x @ self.weights + self.bias
    def backward(self, dout, learning_rate):
        dx = dout @ self.weights.T
        self.weights -= learning_rate * self.x.T @ dout
        self.bias -= learning_rate * dout.sum(0, keepdims=True)
        self.unused += 1
        return dx

rng = np.random.RandomState(0)
one, two = Dense(rng, 3, 4), Dense(rng, 4, 2)
for i in range(2):
    x, t = rng.randn(5, 3), rng.randn(5, 2)
    y = two.forward(one.forward(x))
    one.backward(two.backward(2 * (y - t) / y.size, 0.1), 0.1)
"""
"""Its layers take their optimizer's step in backward."""

STEP_OF_A_FUNCTION = """
import numpy as np
from function_layers import *

rng = np.random.RandomState(3)
params = {"W1": rng.randn(4, 5), "b1": np.zeros(5), "W2": rng.randn(5, 3), "b2": np.zeros(3)}

def mean_loss(scores, y):
    p = np.exp(scores - scores.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    return -np.log(p[np.arange(len(y)), y]).mean(), (p - np.eye(3)[y]) / len(y)

def log_loss(scores, y):
    loss, dscores = mean_loss(scores, y)
    return loss, dscores * 1.0

def loss_and_grads(X, y):
    h, first = affine_relu_forward(X, params["W1"], params["b1"])
    scores, second = affine_forward(h, params["W2"], params["b2"])
    loss, dscores = log_loss(scores, y)
    grads = {}
    dh, grads["W2"], grads["b2"] = affine_backward(dscores, second)
    _, grads["W1"], grads["b1"] = affine_relu_backward(dh, first)
    return loss, grads

X, y = rng.randn(6, 4), rng.randint(0, 3, 6)
for _ in range(2):
    loss, grads = loss_and_grads(X, y)
    for name in params:
        params[name] -= 0.1 * grads[name]
"""
"""A function that takes a whole training step, and returns gradients by name as a loss does."""

GRADIENTS_BY_NAME = """
import numpy as np

def half_squares(W, x, t):
    d = x @ W - t
    grads = {"W": x.T @ d / len(x)}
    return 0.5 * np.sum(d ** 2) / len(x), grads

rng = np.random.RandomState(3)
W, x, t = rng.randn(4, 2), rng.randn(5, 4), rng.randn(5, 2)
for _ in range(2):
    loss, grads = half_squares(W, x, t)
    W -= 0.1 * grads["W"]
"""

SLOPES_OF_SAMPLES = """
import numpy as np

class CrossEntropy:
    def loss(self, y, p):
        return -y * np.log(p) - (1 - y) * np.log(1 - p)

    def gradient(self, y, p):
        return -y / p + (1 - y) / (1 - p)

class Sigmoid:
    def forward_pass(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward_pass(self, dout):
        return dout * self.out * (1 - self.out)

rng = np.random.RandomState(3)
sigmoid, loss = Sigmoid(), CrossEntropy()
p = sigmoid.forward_pass(rng.randn(4, 3))
y = np.eye(3)[[0, 2, 1, 1]]
print(loss.loss(y, p).mean())
sigmoid.backward_pass(loss.gradient(y, p))
"""
"""A loss whose value is one for each element, and whose gradient is their slope."""

CELLS_THROUGH_TIME = """
import numpy as np

class Cell:
    def __init__(self, W):
        self.params, self.grads = [W], [np.zeros_like(W)]

    def forward(self, x, h, c):
        W, = self.params
        g = np.tanh(x @ W + h)
        c_next = 0.5 * c + g
        self.cache = x, g, np.tanh(c_next)
        return self.cache[2], c_next

    def backward(self, dh_next, dc_next):
        x, g, h_next = self.cache
        dc = dc_next + dh_next * (1 - h_next ** 2)
        da = dc * {slope}
        self.grads[0][...] = x.T @ da
        return da @ self.params[0].T, da, 0.5 * dc

rng = np.random.RandomState(5)
W, xs = rng.randn(3, 4), rng.randn(2, 3, 3)
cells, hs = [Cell(W) for _ in range(3)], np.zeros((2, 3, 4))
h, c = np.zeros((2, 4)), np.zeros((2, 4))
for t in range(3):
    h, c = cells[t].forward(xs[:, t], h, c)
    hs[:, t] = h
dhs, dh, dc = np.cos(hs), 0, 0
for t in reversed(range(3)):
    dx, dh, dc = cells[t].backward(dhs[:, t] + dh, dc)
"""
"""The backward of the last of several cells is handed a mere 0 for the gradient of its second output."""

STATIC_LAYERS = """
import numpy as np

class Linear:
    @staticmethod
    def forward(x, w):
        return x @ w, (x, w)

    @staticmethod
    def backward(dout, cache):
        x, w = cache
        return dout @ w.T, x.T @ dout

class Tanh:
    @staticmethod
    def forward(x):
        out = np.tanh(x)
        return out, out

    @staticmethod
    def backward(dout, cache):
        return dout * {slope}

class Squares:
    @staticmethod
    def forward(y, t):
        return np.mean((y - t) ** 2), (y, t)

    @staticmethod
    def backward(cache):
        y, t = cache
        return 2 * (y - t) / y.size

rng = np.random.RandomState(2)
w1, w2, x, t = rng.randn(3, 4), rng.randn(4, 2), rng.randn(5, 3), rng.randn(5, 2)
for _ in range(2):
    h, c1 = Linear.forward(x, w1)
    a, c2 = Tanh.forward(h)
    y, c3 = Linear.forward(a, w2)
    loss, c4 = Squares.forward(y, t)
    da, dw2 = Linear.backward(Squares.backward(c4), c3)
    dx, dw1 = Linear.backward(Tanh.backward({handed}, c2), c1)
    w1 -= 0.1 * dw1
    w2 -= 0.1 * dw2
"""
"""Classes that are never made, and whose passes hand a cache on; the loss is handed nothing but that."""

RIGHT_COURSE_PROGRAMS = {
    "steps in backward": OWN_STEPS,
    "static methods": CONTEXTS.format(square="y ** 2"),
    "a dout with one element": ONE_PROBABILITY.format(out="self.out"),
    "network with cross entropy": WHOLE_NETWORK.format(**PROBABILITIES, bent=BENT, penalty=""),
    "network with squares": WHOLE_NETWORK.format(**NUMBERS, bent=BENT, penalty=""),
    "network with a penalty": WHOLE_NETWORK.format(**PROBABILITIES, bent=BENT, penalty=" + 0.01 * self.W2"),
    "penalty in a layer": SAMPLE_LOSSES.format(mean=MEAN, decay=PENALTIES),
    "cells that keep float32": FLOAT32_CELLS,
    "parameters and gradients": PARAMETERS_AND_GRADIENTS,
    "saturated softmax": SATURATED,
    "a step in a function": STEP_OF_A_FUNCTION,
    "gradients by name": GRADIENTS_BY_NAME,
    "static methods with caches": STATIC_LAYERS.format(slope="(1 - cache ** 2)", handed="da"),
    "cells through time": CELLS_THROUGH_TIME.format(slope="(1 - g ** 2)"),
    "slopes of samples": SLOPES_OF_SAMPLES,
}
