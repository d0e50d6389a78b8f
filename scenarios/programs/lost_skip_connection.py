"""A residual block whose value is used twice, and whose gradient comes back along one of the two ways only."""

import numpy as np
from book_layers import Affine, Relu, SoftmaxWithLoss

rng = np.random.default_rng(0)
x, t = rng.normal(size=(8, 4)), rng.integers(0, 3, 8)
first = Affine(rng.normal(size=(4, 5)), np.zeros(5))
inner = Affine(rng.normal(size=(5, 5)), np.zeros(5))
relu = Relu()
last = Affine(rng.normal(size=(5, 3)), np.zeros(3))
softmax = SoftmaxWithLoss()

for _ in range(3):
    h = first.forward(x)
    out = h + relu.forward(inner.forward(h))
    loss = softmax.forward(last.forward(out), t)

    dout = last.backward(softmax.backward())
    dh = inner.backward(relu.backward(dout))
    first.backward(dh)  # the way past the block is missing: dh + dout
    for layer in (first, inner, last):
        layer.W -= 0.1 * layer.dW
        layer.b -= 0.1 * layer.db
    print(loss)
