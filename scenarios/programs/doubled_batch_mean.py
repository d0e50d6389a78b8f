"""The loss is a mean, and so is its gradient; then the program divides by the size of the batch once more."""

import numpy as np
from book_layers import Affine, Relu, SoftmaxWithLoss

rng = np.random.default_rng(0)
x, t = rng.normal(size=(8, 4)), rng.integers(0, 3, 8)
first, relu = Affine(rng.normal(size=(4, 5)), np.zeros(5)), Relu()
last = Affine(rng.normal(size=(5, 3)), np.zeros(3))
softmax = SoftmaxWithLoss()

for _ in range(3):
    loss = softmax.forward(last.forward(relu.forward(first.forward(x))), t)

    dout = softmax.backward()
    dout = dout / x.shape[0]
    dout = last.backward(dout)
    first.backward(relu.backward(dout))
    for layer in (first, last):
        layer.W -= 0.1 * layer.dW
        layer.b -= 0.1 * layer.db
    print(loss)
