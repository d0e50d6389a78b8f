"""Between the two passes the network is tried on other data: the layers go back from those."""

import numpy as np
from book_layers import Affine, Relu, SoftmaxWithLoss

rng = np.random.default_rng(0)
x, t = rng.normal(size=(8, 4)), rng.integers(0, 3, 8)
x_test, t_test = rng.normal(size=(8, 4)), rng.integers(0, 3, 8)
first, relu = Affine(rng.normal(size=(4, 5)), np.zeros(5)), Relu()
last = Affine(rng.normal(size=(5, 3)), np.zeros(3))
softmax = SoftmaxWithLoss()

for _ in range(3):
    loss = softmax.forward(last.forward(relu.forward(first.forward(x))), t)
    y_test = last.forward(relu.forward(first.forward(x_test)))
    accuracy = (y_test.argmax(axis=1) == t_test).mean()

    dout = last.backward(softmax.backward())
    first.backward(relu.backward(dout))
    for layer in (first, last):
        layer.W -= 0.1 * layer.dW
        layer.b -= 0.1 * layer.db
    print(loss, accuracy)
