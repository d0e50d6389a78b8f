"""Programs that are right, each with something that looks like a mistake and is none."""

from __future__ import annotations

RIGHT_PROGRAMS = {
    "derivative": """
# a class with a function and its derivative, by which the program multiplies itself.
import numpy as np
from book_layers import *
class Sigmoid:
    def __call__(self, x): return 1 / (1 + np.exp(-x))
    def gradient(self, x): return self(x) * (1 - self(x))
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
first, bent, last = Affine(rng.randn(4, 5), np.zeros(5)), Sigmoid(), Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
for i in range(3):
    a = first.forward(x)
    loss = loss_layer.forward(last.forward(bent(a)), t)
    d = last.backward(loss_layer.backward())
    first.backward(d * bent.gradient(a))
    first.W -= 0.1 * first.dW; first.b -= 0.1 * first.db; last.W -= 0.1 * last.dW; last.b -= 0.1 * last.db
""",
    "siamese": """
# two branches with weight tying via two objects sharing W.
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
W, b = rng.randn(4, 3), np.zeros(3)
left, right = Affine(W, b), Affine(W, b)
last = Affine(rng.randn(3, 2), np.zeros(2)); loss_layer = SoftmaxWithLoss()
x1, x2, t = rng.randn(6, 4), rng.randn(6, 4), rng.randint(0, 2, 6)
for i in range(3):
    h1 = left.forward(x1); h2 = right.forward(x2)
    s = h1 + h2
    loss = loss_layer.forward(last.forward(s), t)
    d = last.backward(loss_layer.backward())
    left.backward(d); right.backward(d)
    W -= 0.1 * (left.dW + right.dW); b -= 0.1 * (left.db + right.db)
    last.W -= 0.1 * last.dW; last.b -= 0.1 * last.db
""",
    "clipping": """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
first, relu, last = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
for i in range(4):
    loss = loss_layer.forward(last.forward(relu.forward(first.forward(x))), t)
    d = loss_layer.backward()
    d = last.backward(d)
    d = np.clip(d, -0.05, 0.05)
    first.backward(relu.backward(d))
    grads = [first.dW, first.db, last.dW, last.db]
    norm = np.sqrt(sum((g**2).sum() for g in grads))
    rate = 1.0 / (norm + 1e-6)
    if rate < 1:
        for g in grads: g *= rate
    first.W -= 0.1*first.dW; first.b -= 0.1*first.db; last.W -= 0.1*last.dW; last.b -= 0.1*last.db
""",
    "adam": """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
first, relu, last = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
params = [first.W, first.b, last.W, last.b]
m = [np.zeros_like(p) for p in params]; v = [np.zeros_like(p) for p in params]
for i in range(1, 5):
    loss = loss_layer.forward(last.forward(relu.forward(first.forward(x))), t)
    first.backward(relu.backward(last.backward(loss_layer.backward())))
    for k, (p, g) in enumerate(zip(params, [first.dW, first.db, last.dW, last.db])):
        m[k] = 0.9*m[k] + 0.1*g; v[k] = 0.999*v[k] + 0.001*g*g
        p -= 0.01 * (m[k]/(1-0.9**i)) / (np.sqrt(v[k]/(1-0.999**i)) + 1e-8)
""",
    "decay": """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
first, relu, last = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
for i in range(1, 5):
    loss = loss_layer.forward(last.forward(relu.forward(first.forward(x))), t)
    first.backward(relu.backward(last.backward(loss_layer.backward())))
    for l in (first, last):
        l.W -= 0.1 * (l.dW + 0.01 * l.W)
        l.b -= 0.1 * l.db
""",
    "two_losses": """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t1, t2 = rng.randn(6, 4), rng.randint(0, 3, 6), rng.randint(0, 2, 6)
trunk, relu, head1, head2 = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), None, None
head1, head2 = Affine(rng.randn(5, 3), np.zeros(3)), Affine(rng.randn(5, 2), np.zeros(2))
l1, l2 = SoftmaxWithLoss(), SoftmaxWithLoss()
for i in range(3):
    h = relu.forward(trunk.forward(x))
    loss = l1.forward(head1.forward(h), t1) + 0.5 * l2.forward(head2.forward(h), t2)
    d1 = head1.backward(l1.backward())
    d2 = head2.backward(0.5 * l2.backward())
    trunk.backward(relu.backward(d1 + d2))
    for l in (trunk, head1, head2):
        l.W -= 0.1 * l.dW; l.b -= 0.1 * l.db
""",
    "two_losses_separately": """
import numpy as np
from book_layers import Affine as A, SoftmaxWithLoss
class Relu:
    def forward(self, x):
        self.mask = x <= 0
        return np.where(self.mask, 0, x)
    def backward(self, dout):
        return np.where(self.mask, 0, dout)
class Affine(A):
    def __init__(self, W, b):
        super().__init__(W, b); self.dW, self.db = np.zeros_like(W), np.zeros_like(b)
    def backward(self, dout):
        self.dW += self.x.T @ dout; self.db += dout.sum(axis=0)
        return dout @ self.W.T
rng = np.random.RandomState(0)
x, t1, t2 = rng.randn(6, 4), rng.randint(0, 3, 6), rng.randint(0, 2, 6)
trunk, relu, head1, head2 = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), None, None
head1, head2 = Affine(rng.randn(5, 3), np.zeros(3)), Affine(rng.randn(5, 2), np.zeros(2))
l1, l2 = SoftmaxWithLoss(), SoftmaxWithLoss()
for i in range(3):
    h = relu.forward(trunk.forward(x))
    loss = l1.forward(head1.forward(h), t1) + l2.forward(head2.forward(h), t2)
    trunk.backward(relu.backward(head1.backward(l1.backward())))
    trunk.backward(relu.backward(head2.backward(l2.backward())))
    for l in (trunk, head1, head2):
        l.W -= 0.1 * l.dW; l.b -= 0.1 * l.db
        l.dW[...] = 0; l.db[...] = 0
""",
    "frozen": """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
first, relu, last = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
for i in range(3):
    loss = loss_layer.forward(last.forward(relu.forward(first.forward(x))), t)
    last.backward(loss_layer.backward())
    last.W -= 0.1*last.dW; last.b -= 0.1*last.db
""",
    "summed_loss": """
import numpy as np
from book_layers import Affine, Relu
class SumLoss:
    def forward(self, x, t):
        self.d = x - t
        return 0.5 * (self.d**2).sum()
    def backward(self, dout=1):
        return dout * self.d
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randn(6, 3)
first, relu, last = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SumLoss()
for i in range(3):
    loss = loss_layer.forward(last.forward(relu.forward(first.forward(x))), t)
    d = loss_layer.backward() / len(x)
    first.backward(relu.backward(last.backward(d)))
    for l in (first, last):
        l.W -= 0.1 * l.dW; l.b -= 0.1 * l.db
""",
    "dropout_bn": """
import numpy as np
from book_layers import Affine, Relu, SoftmaxWithLoss
class Dropout:
    def forward(self, x, train_flg=True):
        if train_flg:
            self.mask = np.random.rand(*x.shape) > 0.5
            return x * self.mask
        return x * 0.5
    def backward(self, dout):
        return dout * self.mask
class BatchNormalization:
    def __init__(self, gamma, beta):
        self.gamma, self.beta = gamma, beta
        self.running_mean = None
    def forward(self, x, train_flg=True):
        if self.running_mean is None:
            self.running_mean = np.zeros(x.shape[1]); self.running_var = np.zeros(x.shape[1])
        if train_flg:
            mu = x.mean(axis=0); xc = x - mu; var = np.mean(xc**2, axis=0); std = np.sqrt(var + 10e-7); xn = xc / std
            self.n = x.shape[0]; self.xc, self.xn, self.std = xc, xn, std
            self.running_mean = 0.9 * self.running_mean + 0.1 * mu
            self.running_var = 0.9 * self.running_var + 0.1 * var
        else:
            xn = (x - self.running_mean) / np.sqrt(self.running_var + 10e-7)
        return self.gamma * xn + self.beta
    def backward(self, dout):
        dbeta = dout.sum(axis=0); dgamma = np.sum(self.xn * dout, axis=0)
        dxn = self.gamma * dout; dxc = dxn / self.std
        dstd = -np.sum((dxn * self.xc) / (self.std * self.std), axis=0)
        dvar = 0.5 * dstd / self.std
        dxc += (2.0 / self.n) * self.xc * dvar
        dmu = np.sum(dxc, axis=0)
        self.dgamma, self.dbeta = dgamma, dbeta
        return dxc - dmu / self.n
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
first, relu, drop = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), Dropout()
bn = BatchNormalization(np.ones(5), np.zeros(5))
last = Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
for i in range(4):
    h = drop.forward(relu.forward(bn.forward(first.forward(x))))
    loss = loss_layer.forward(last.forward(h), t)
    d = last.backward(loss_layer.backward())
    first.backward(bn.backward(relu.backward(drop.backward(d))))
    for l in (first, last):
        l.W -= 0.1 * l.dW; l.b -= 0.1 * l.db
    bn.gamma -= 0.1 * bn.dgamma; bn.beta -= 0.1 * bn.dbeta
    h = drop.forward(relu.forward(bn.forward(first.forward(x), False)), False)
    print(loss, (last.forward(h).argmax(1) == t).mean())
""",
    "rnn_cells": """
# dl-from-scratch 2 style: TimeRNN with one RNN object per step sharing W.
import numpy as np
class RNN:
    def __init__(self, Wx, Wh, b):
        self.params, self.cache = [Wx, Wh, b], None
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        h_next = np.tanh(h_prev @ Wh + x @ Wx + b)
        self.cache = (x, h_prev, h_next)
        return h_next
    def backward(self, dh_next):
        Wx, Wh, b = self.params
        x, h_prev, h_next = self.cache
        dt = dh_next * (1 - h_next ** 2)
        db = np.sum(dt, axis=0); dWh = h_prev.T @ dt; dh_prev = dt @ Wh.T; dWx = x.T @ dt; dx = dt @ Wx.T
        self.grads[0][...] = dWx; self.grads[1][...] = dWh; self.grads[2][...] = db
        return dx, dh_prev
class TimeRNN:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]; self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.layers = None; self.h = None
    def forward(self, xs):
        N, T, D = xs.shape; H = self.params[0].shape[1]
        self.layers = []; hs = np.empty((N, T, H), dtype='f8')
        if self.h is None: self.h = np.zeros((N, H))
        for t in range(T):
            layer = RNN(*self.params)
            self.h = layer.forward(xs[:, t, :], self.h)
            hs[:, t, :] = self.h
            self.layers.append(layer)
        return hs
    def backward(self, dhs):
        N, T, H = dhs.shape; D = self.params[0].shape[0]
        dxs = np.empty((N, T, D)); dh = 0; grads = [0, 0, 0]
        for t in reversed(range(T)):
            layer = self.layers[t]
            dx, dh = layer.backward(dhs[:, t, :] + dh)
            dxs[:, t, :] = dx
            for i, grad in enumerate(layer.grads): grads[i] += grad
        for i, grad in enumerate(grads): self.grads[i][...] = grad
        self.dh = dh
        return dxs
class Mean:
    def forward(self, h, t):
        self.d = h - t
        return 0.5 * (self.d ** 2).mean()
    def backward(self, dout=1):
        return dout * self.d / self.d.size
rng = np.random.RandomState(0)
net = TimeRNN(rng.randn(3, 4), rng.randn(4, 4), np.zeros(4)); loss_layer = Mean()
xs, ts = rng.randn(2, 5, 3), rng.randn(2, 5, 4)
for i in range(3):
    net.h = None
    loss = loss_layer.forward(net.forward(xs), ts)
    net.backward(loss_layer.backward())
    for p, g in zip(net.params, net.grads): p -= 0.1 * g
    print(loss)
""",
    "cs231n_rnn": """
import numpy as np
def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)
def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    d = dnext_h * (1 - next_h**2)
    return d.dot(Wx.T), d.dot(Wh.T), x.T.dot(d), prev_h.T.dot(d), d.sum(axis=0)
rng = np.random.RandomState(0)
N, T, D, H = 2, 4, 3, 5
x, h0, Wx, Wh, b = rng.randn(N, T, D), rng.randn(N, H), rng.randn(D, H), rng.randn(H, H), rng.randn(H)
target = rng.randn(N, T, H)
for it in range(2):
    h, caches = h0, []
    hs = np.zeros((N, T, H))
    for t in range(T):
        h, cache = rnn_step_forward(x[:, t], h, Wx, Wh, b)
        hs[:, t] = h
        caches.append(cache)
    loss = 0.5 * ((hs - target)**2).sum()
    dhs = hs - target
    dh = np.zeros((N, H)); dWx = 0; dWh = 0; db = 0
    for t in reversed(range(T)):
        dx, dh, a, c, e = rnn_step_backward(dhs[:, t] + dh, caches[t])
        dWx += a; dWh += c; db += e
    Wx = Wx - 0.01 * dWx; Wh = Wh - 0.01 * dWh; b = b - 0.01 * db
    print(loss)
""",
    "micro_batches": """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(12, 4), rng.randint(0, 3, 12)
first, relu, last = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
for epoch in range(2):
    grads = [0, 0, 0, 0]
    for k in range(3):
        xb, tb = x[4*k:4*k+4], t[4*k:4*k+4]
        loss = loss_layer.forward(last.forward(relu.forward(first.forward(xb))), tb)
        first.backward(relu.backward(last.backward(loss_layer.backward() / 3)))
        for i, g in enumerate([first.dW, first.db, last.dW, last.db]): grads[i] = grads[i] + g
    for p, g in zip([first.W, first.b, last.W, last.b], grads): p -= 0.1 * g
""",
    "as many micro batches as samples in one": """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(12, 4), rng.randint(0, 3, 12)
first, relu, last = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
size, micro_batches = 3, 3
for epoch in range(3):
    grads = [0, 0, 0, 0]
    for k in range(micro_batches):
        xb, tb = x[size*k:size*k+size], t[size*k:size*k+size]
        loss = loss_layer.forward(last.forward(relu.forward(first.forward(xb))), tb)
        first.backward(relu.backward(last.backward(loss_layer.backward() / micro_batches)))
        for i, g in enumerate([first.dW, first.db, last.dW, last.db]): grads[i] = grads[i] + g
    for p, g in zip([first.W, first.b, last.W, last.b], grads): p -= 0.1 * g
""",
    "weighted loss": """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(10, 4), rng.randint(0, 3, 10)
first, relu, last = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
share = 0.1
for i in range(3):
    loss = share * loss_layer.forward(last.forward(relu.forward(first.forward(x))), t)
    first.backward(relu.backward(last.backward(share * loss_layer.backward())))
    for l in (first, last):
        l.W -= 0.1 * l.dW; l.b -= 0.1 * l.db
""",
    "truncated through time": """
import numpy as np
from book_layers import *
class Cell:
    def __init__(self, Wx, Wh):
        self.Wx, self.Wh, self.kept = Wx, Wh, []
    def forward(self, x, h):
        out = np.tanh(x @ self.Wx + h @ self.Wh)
        self.kept.append((x, h, out))
        return out
    def backward(self, dout):
        x, h, out = self.kept.pop()
        d = dout * (1 - out**2)
        self.dWx += x.T @ d; self.dWh += h.T @ d
        return d @ self.Wx.T, d @ self.Wh.T
rng = np.random.RandomState(0)
x, t = rng.randn(4, 6, 3), rng.randint(0, 2, (4, 6))
cell = Cell(rng.randn(3, 5), 0.3 * rng.randn(5, 5))
heads = [(Affine(rng.randn(5, 2), np.zeros(2)), SoftmaxWithLoss()) for _ in range(4)]
for i in range(2):
    cell.dWx, cell.dWh = np.zeros((3, 5)), np.zeros((5, 5))
    h = np.zeros((6, 5))
    for step, (head, loss) in enumerate(heads):
        h = cell.forward(x[step], h)
        loss.forward(head.forward(h), t[step])
    dh = np.zeros((6, 5))
    for step in reversed(range(4)):
        head, loss = heads[step]
        if step == 1:
            dh = np.zeros_like(dh)
        dx, dh = cell.backward(head.backward(loss.backward()) + dh)
    cell.Wx -= 0.1 * cell.dWx; cell.Wh -= 0.1 * cell.dWh
""",
    "momentum": """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
first, relu, last = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
v = [0, 0, 0, 0]
for i in range(5):
    loss = loss_layer.forward(last.forward(relu.forward(first.forward(x))), t)
    first.backward(relu.backward(last.backward(loss_layer.backward())))
    for k, (p, g) in enumerate(zip([first.W, first.b, last.W, last.b], [first.dW, first.db, last.dW, last.db])):
        v[k] = 0.9 * v[k] - 0.1 * g
        p += v[k]
""",
    "gradcheck": """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(3, 4), rng.randint(0, 3, 3)
first, relu, last = Affine(rng.randn(4, 3), np.zeros(3)), Relu(), Affine(rng.randn(3, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
def f():
    return loss_layer.forward(last.forward(relu.forward(first.forward(x))), t)
f()
first.backward(relu.backward(last.backward(loss_layer.backward())))
g = first.dW.copy()
num = np.zeros_like(g)
for i in range(4):
    for j in range(3):
        old = first.W[i, j]
        first.W[i, j] = old + 1e-4; a = f()
        first.W[i, j] = old - 1e-4; b = f()
        first.W[i, j] = old
        num[i, j] = (a - b) / 2e-4
print(abs(num - g).max())
""",
    "manual": """
# activations done by hand between layers, regularisation of activations.
import numpy as np
from book_layers import Affine
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randn(6, 3)
first, last = Affine(rng.randn(4, 5), np.zeros(5)), Affine(rng.randn(5, 3), np.zeros(3))
for i in range(3):
    a = first.forward(x)
    h = np.tanh(a)
    y = last.forward(h)
    loss = 0.5 * ((y - t)**2).mean() + 0.1 * (h**2).sum() + 0.01 * (y**2).sum()
    dy = (y - t) / y.size + 0.02 * y
    dh = last.backward(dy) + 0.2 * h
    first.backward(dh * (1 - h**2))
    for l in (first, last):
        l.W -= 0.1 * l.dW; l.b -= 0.1 * l.db
""",
    "activation_reg": """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
first, relu, last = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
for i in range(3):
    h = relu.forward(first.forward(x))
    loss = loss_layer.forward(last.forward(h), t) + 0.1 * (h**2).sum()
    d = last.backward(loss_layer.backward())
    d = d + 0.2 * h
    first.backward(relu.backward(d))
    for l in (first, last):
        l.W -= 0.1 * l.dW; l.b -= 0.1 * l.db
""",
    "twice_right": """
import numpy as np
from book_layers import *
class Stacked:
    def __init__(self, W): self.W, self.xs, self.dW = W, [], np.zeros_like(W)
    def forward(self, x):
        self.xs.append(x)
        return x @ self.W
    def backward(self, dout):
        x = self.xs.pop()
        self.dW += x.T @ dout
        return dout @ self.W.T
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
shared, relu1, relu2, last = Stacked(rng.randn(4, 4)), Relu(), Relu(), Affine(rng.randn(4, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
for i in range(2):
    h1 = relu1.forward(shared.forward(x))
    h2 = relu2.forward(shared.forward(h1))
    loss = loss_layer.forward(last.forward(h2), t)
    d = last.backward(loss_layer.backward())
    d = shared.backward(relu2.backward(d))
    d = shared.backward(relu1.backward(d))
    shared.W -= 0.1 * shared.dW
    shared.dW[...] = 0
    last.W -= 0.1 * last.dW
    last.b -= 0.1 * last.db
""",
    "zeroed": """
import numpy as np
from book_layers import *
class Adding(Affine):
    def __init__(self, W, b):
        super().__init__(W, b)
        self.dW, self.db = np.zeros_like(W), np.zeros_like(b)
    def backward(self, dout):
        self.dW += self.x.T @ dout
        self.db += dout.sum(axis=0)
        return dout @ self.W.T
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
first, relu, last = Adding(rng.randn(4, 5), np.zeros(5)), Relu(), Adding(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
for i in range(3):
    loss = loss_layer.forward(last.forward(relu.forward(first.forward(x))), t)
    first.backward(relu.backward(last.backward(loss_layer.backward())))
    for layer in (first, last):
        layer.W -= 0.1 * layer.dW
        layer.b -= 0.1 * layer.db
        layer.dW[...] = 0
        layer.db[...] = 0
""",
    "accumulated": """
import numpy as np
from book_layers import *
class Adding(Affine):
    def __init__(self, W, b):
        super().__init__(W, b)
        self.dW, self.db = np.zeros_like(W), np.zeros_like(b)
    def backward(self, dout):
        self.dW += self.x.T @ dout
        self.db += dout.sum(axis=0)
        return dout @ self.W.T
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
first, relu, last = Adding(rng.randn(4, 5), np.zeros(5)), Relu(), Adding(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
for i in range(6):
    loss = loss_layer.forward(last.forward(relu.forward(first.forward(x))), t)
    first.backward(relu.backward(last.backward(loss_layer.backward())))
    if i % 2 == 1:
        for layer in (first, last):
            layer.W -= 0.1 * layer.dW
            layer.b -= 0.1 * layer.db
            layer.dW[...] = 0
            layer.db[...] = 0
""",
    "eval_right": """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t, x_test = rng.randn(6, 4), rng.randint(0, 3, 6), rng.randn(6, 4)
first, relu, last = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
def predict(x):
    return last.forward(relu.forward(first.forward(x)))
for i in range(3):
    accuracy = (predict(x_test).argmax(axis=1) == t).mean()
    loss = loss_layer.forward(predict(x), t)
    dout = last.backward(loss_layer.backward())
    dout = relu.backward(dout)
    first.backward(dout)
    for layer in (first, last):
        layer.W -= 0.1 * layer.dW
        layer.b -= 0.1 * layer.db
    test_loss = loss_layer.forward(predict(x_test), t)
""",
    "residual_right": """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
first, inner, relu = Affine(rng.randn(4, 5), np.zeros(5)), Affine(rng.randn(5, 5), np.zeros(5)), Relu()
last = Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
for i in range(3):
    h = first.forward(x)
    r = relu.forward(inner.forward(h))
    y = h + r
    loss = loss_layer.forward(last.forward(y), t)
    dy = last.backward(loss_layer.backward())
    dr = inner.backward(relu.backward(dy.copy()))
    first.backward(dr + dy)
    for layer in (first, inner, last):
        layer.W -= 0.1 * layer.dW
        layer.b -= 0.1 * layer.db
""",
    "scaled": """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
x, t = rng.randn(6, 4), rng.randint(0, 3, 6)
first, relu, last = Affine(rng.randn(4, 5), np.zeros(5)), Relu(), Affine(rng.randn(5, 3), np.zeros(3))
loss_layer = SoftmaxWithLoss()
for i in range(3):
    loss = loss_layer.forward(last.forward(relu.forward(first.forward(x))), t)
    dout = loss_layer.backward()
    dout = dout * 0.5
    dout = last.backward(dout)
    dout = relu.backward(dout)
    first.backward(dout)
    for layer in (first, last):
        layer.W -= 0.1 * layer.dW
        layer.b -= 0.1 * layer.db
""",
}
