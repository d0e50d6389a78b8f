"""Each layer is updated as soon as its gradient is there, the last one even before it has gone back."""

import numpy as np
from book_layers import Affine, Relu, SoftmaxWithLoss

rng = np.random.default_rng(0)
x, t = rng.normal(size=(8, 4)), rng.integers(0, 3, 8)
first, relu = Affine(rng.normal(size=(4, 5)), np.zeros(5)), Relu()
last = Affine(rng.normal(size=(5, 3)), np.zeros(3))
last.dW, last.db = np.zeros((5, 3)), np.zeros(3)
softmax = SoftmaxWithLoss()

for _ in range(3):
    loss = softmax.forward(last.forward(relu.forward(first.forward(x))), t)
    last.W -= 0.1 * last.dW
    last.b -= 0.1 * last.db

    dout = last.backward(softmax.backward())
    first.backward(relu.backward(dout))
    first.W -= 0.1 * first.dW
    first.b -= 0.1 * first.db
    print(loss)
