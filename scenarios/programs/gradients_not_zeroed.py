"""Gradients that are added up, and never set to zero: each update uses those of all iterations before."""

import numpy as np
from book_layers import Affine, Relu, SoftmaxWithLoss


class AddingAffine(Affine):
    def __init__(self, W, b):
        super().__init__(W, b)
        self.dW, self.db = np.zeros_like(W), np.zeros_like(b)

    def backward(self, dout):
        self.dW += self.x.T @ dout
        self.db += dout.sum(axis=0)
        return dout @ self.W.T


rng = np.random.default_rng(0)
x, t = rng.normal(size=(8, 4)), rng.integers(0, 3, 8)
first, relu = AddingAffine(rng.normal(size=(4, 5)), np.zeros(5)), Relu()
last = AddingAffine(rng.normal(size=(5, 3)), np.zeros(3))
softmax = SoftmaxWithLoss()

for _ in range(3):
    loss = softmax.forward(last.forward(relu.forward(first.forward(x))), t)

    first.backward(relu.backward(last.backward(softmax.backward())))
    for layer in (first, last):
        layer.W -= 0.1 * layer.dW
        layer.b -= 0.1 * layer.db
    print(loss)
