"""Layers with one mistake each that a small edit of their lines undoes, as books, courses and small engines write them.

Each right layer is followed by its wrong versions. What is wrong stands in the name.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# ruff: noqa: N803, N806, RET503
# The letters and the style are those of courses.

from __future__ import annotations

import numpy as np


class Encoder:
    """A recurrent layer over whole sequences, all of whose states are given."""

    def forward(self, xs, Wx, Wh, b):
        self.xs, self.Wx, self.Wh = xs, Wx, Wh
        N, T, _ = xs.shape
        self.hs = np.zeros((N, T + 1, len(b)))
        for t in range(T):
            self.hs[:, t + 1] = np.tanh(xs[:, t] @ Wx + self.hs[:, t] @ Wh + b)
        return self.hs[:, 1:].copy()

    def backward(self, dhs):
        dxs, dWx, dWh, db = (
            np.zeros_like(self.xs),
            np.zeros_like(self.Wx),
            np.zeros_like(self.Wh),
            np.zeros(dhs.shape[2]),
        )
        dh = 0
        for t in reversed(range(dhs.shape[1])):
            da = (dhs[:, t] + dh) * (1 - self.hs[:, t + 1] ** 2)
            dWx += self.xs[:, t].T @ da
            dWh += self.hs[:, t].T @ da
            db += da.sum(axis=0)
            dxs[:, t] = da @ self.Wx.T
            dh = da @ self.Wh.T
        return dxs, dWx, dWh, db


class EncoderWithoutCarry(Encoder):
    def backward(self, dhs):
        dxs, dWx, dWh, db = (
            np.zeros_like(self.xs),
            np.zeros_like(self.Wx),
            np.zeros_like(self.Wh),
            np.zeros(dhs.shape[2]),
        )
        for t in reversed(range(dhs.shape[1])):
            da = dhs[:, t] * (1 - self.hs[:, t + 1] ** 2)
            dWx += self.xs[:, t].T @ da
            dWh += self.hs[:, t].T @ da
            db += da.sum(axis=0)
            dxs[:, t] = da @ self.Wx.T
        return dxs, dWx, dWh, db


class EncoderOneWrong(Encoder):
    def backward(self, dhs):
        dxs, dWx, dWh, db = (
            np.zeros_like(self.xs),
            np.zeros_like(self.Wx),
            np.zeros_like(self.Wh),
            np.zeros(dhs.shape[2]),
        )
        dh = 0
        for t in reversed(range(dhs.shape[1])):
            da = (dhs[:, t] + dh) * (1 - self.hs[:, t + 1] ** 2)
            dWx = self.xs[:, t].T @ da
            dWh += self.hs[:, t + 1].T @ da
            db += (dhs[:, t] + dh).sum(axis=0)
            dxs[:, t] = da @ self.Wx.T
            dh = da @ self.Wh.T
        return dxs, dWx, dWh, db


class EncoderForwardInTime(Encoder):
    def backward(self, dhs):
        dxs, dWx, dWh, db = (
            np.zeros_like(self.xs),
            np.zeros_like(self.Wx),
            np.zeros_like(self.Wh),
            np.zeros(dhs.shape[2]),
        )
        dh = 0
        for t in range(dhs.shape[1]):
            da = (dhs[:, t] + dh) * (1 - self.hs[:, t + 1] ** 2)
            dWx += self.xs[:, t].T @ da
            dWh += self.hs[:, t].T @ da
            db += da.sum(axis=0)
            dxs[:, t] = da @ self.Wx.T
            dh = da @ self.Wh.T
        return dxs, dWx, dWh, db


class Lookup:
    """An embedding that keeps its gradient in an array of its own."""

    def forward(self, W, idx):
        self.grads, self.idx = [np.zeros_like(W)], idx
        return W[idx]

    def backward(self, dout):
        (dW,) = self.grads
        dW[...] = 0
        for place, row in enumerate(self.idx):
            dW[row] += dout[place]
        return dW.copy(), None


class LookupAssigned(Lookup):
    def backward(self, dout):
        dW = np.zeros_like(self.grads[0])
        dW[self.idx] = dout
        self.grads[0][...] = dW
        return self.grads[0].copy(), None


class LookupResetInTheLoop(Lookup):
    def backward(self, dout):
        (dW,) = self.grads
        for place, row in enumerate(self.idx):
            dW[row] = dout[place]
        return dW.copy(), None


class Centred:
    """Rows less their means."""

    def forward(self, x):
        return x - x.mean(axis=1, keepdims=True)

    def backward(self, dout):
        return dout - dout.mean(axis=1, keepdims=True)


class CentredWithoutKeepdims(Centred):
    def backward(self, dout):
        return dout - dout.mean(axis=1)


class CentredForwardWithoutKeepdims(Centred):
    def forward(self, x):
        return x - x.mean(axis=1)


class CentredOtherAxis(Centred):
    def backward(self, dout):
        return dout - dout.mean(axis=0, keepdims=True)


class Linear:
    """A layer with weights."""

    def forward(self, x, W):
        self.x, self.W = x, W.copy()
        return x @ self.W

    def backward(self, dout):
        return dout @ self.W.T, self.x.T @ dout


class LinearReboundFirst(Linear):
    def backward(self, dout):
        dW = self.x.T @ dout
        self.W = self.W - 0.1 * dW
        return dout @ self.W.T, dW


class Scalar:
    """A node of a small engine for automatic differentiation."""

    def __init__(self, data, children=()):
        self.data, self.grad, self.children = data, 0.0, children
        self.push = lambda: None

    def times(self, other):
        out = Scalar(self.data * other.data, (self, other))

        def push():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.push = push
        return out

    def run(self, seed):
        order = []

        def visit(node):
            if node not in order:
                for child in node.children:
                    visit(child)
                order.append(node)

        visit(self)
        self.grad = seed
        for node in reversed(order):
            node.push()


class ScalarAssigned(Scalar):
    def times(self, other):
        out = ScalarAssigned(self.data * other.data, (self, other))

        def push():
            self.grad = other.data * out.grad
            other.grad = self.data * out.grad

        out.push = push
        return out


class Engine:
    """An expression worked out by the engine."""

    node: type[Scalar] = Scalar

    def forward(self, a, b):
        self.a, self.b = self.node(float(a)), self.node(float(b))
        self.out = self.a.times(self.b).times(self.a)
        return np.array(self.out.data)

    def backward(self, dout):
        self.out.run(float(dout))
        return np.array(self.a.grad), np.array(self.b.grad)


class EngineAssigned(Engine):
    node = ScalarAssigned


class Tied:
    """A layer that uses its weights twice."""

    def forward(self, x, W):
        self.x, self.W = x, W
        self.h = np.maximum(x @ W, 0)
        return x + self.h @ W.T

    def backward(self, dout):
        dh = (dout @ self.W) * (self.h > 0)
        return dout + dh @ self.W.T, self.x.T @ dh + dout.T @ self.h


class TiedOnce(Tied):
    def backward(self, dout):
        dh = (dout @ self.W) * (self.h > 0)
        return dout + dh @ self.W.T, self.x.T @ dh


class TiedTransposed(Tied):
    def backward(self, dout):
        dh = (dout @ self.W.T) * (self.h > 0)
        return dout + dh @ self.W.T, self.x.T @ dh + dout.T @ self.h


class Rows:
    """A tanh, row by row."""

    def forward(self, x):
        self.y = np.tanh(x)
        return self.y.copy()

    def backward(self, dout):
        dx = np.zeros_like(dout)
        for i in range(len(dout)):
            dx[i] = dout[i] * (1 - self.y[i] ** 2)
        return dx


class RowsOfTheFirst(Rows):
    def backward(self, dout):
        dx = np.zeros_like(dout)
        for i in range(len(dout)):
            dx[i] = dout[i] * (1 - self.y[0] ** 2)
        return dx


class RowsEndedTooSoon(Rows):
    def backward(self, dout):
        dx = np.zeros_like(dout)
        for i in range(len(dout)):
            dx[i] = dout[i] * (1 - self.y[i] ** 2)
            return dx


class RowsOneShort(Rows):
    def backward(self, dout):
        dx = np.zeros_like(dout)
        for i in range(1, len(dout)):
            dx[i] = dout[i] * (1 - self.y[i] ** 2)
        return dx


class RowsWithoutDerivative(Rows):
    def backward(self, dout):
        dx = np.zeros_like(dout)
        for i in range(len(dout)):
            dx[i] = dout[i]
        return dx


class Masked:
    """A ReLU that keeps where it holds back."""

    def forward(self, x):
        self.mask = x <= 0
        return np.where(self.mask, 0, x)

    def backward(self, dout):
        dx = dout.copy()
        dx[self.mask] = 0
        return dx


class MaskedNot(Masked):
    def backward(self, dout):
        return dout


class Weighted:
    """A weighted sum over places, as in attention. Its last line is wrong alone, so no other is blamed."""

    def forward(self, hs, weights):
        self.hs, self.weights = hs, weights[:, :, np.newaxis]
        return (hs * self.weights).sum(axis=1)

    def backward(self, dc):
        hs, weights = self.hs, self.weights
        dt = dc[:, np.newaxis, :].repeat(hs.shape[1], axis=1)
        dhs = dt * weights
        dweights = np.sum(dt * hs, axis=2)
        return dhs, dweights


class WeightedWithoutValues(Weighted):
    def backward(self, dc):
        hs, weights = self.hs, self.weights
        dt = dc[:, np.newaxis, :].repeat(hs.shape[1], axis=1)
        dhs = dt * weights
        dweights = np.sum(dt, axis=2)
        return dhs, dweights


class EncoderOfTheLast(Encoder):
    """The last round to run is that of the first state, which is zero, so that nothing at all goes back."""

    def backward(self, dhs):
        dxs, dWx, dWh, db = super().backward(dhs)
        dh = 0
        for t in reversed(range(dhs.shape[1])):
            da = (dhs[:, t] + dh) * (1 - self.hs[:, t + 1] ** 2)
            dWh = self.hs[:, t].T @ da
            dh = da @ self.Wh.T
        return dxs, dWx, dWh, db


class Standard:
    """Columns with mean 0 and variance 1, by way of the standard deviation."""

    def forward(self, x):
        self.centred = x - x.mean(axis=0)
        self.std = np.sqrt((self.centred**2).mean(axis=0))
        return self.centred / self.std

    def backward(self, dout):
        n = len(dout)
        dstd = -(dout * self.centred / self.std**2).sum(axis=0)
        dvar = 0.5 * dstd / self.std
        dcentred = dout / self.std + 2 / n * self.centred * dvar
        dmean = dcentred.sum(axis=0) / n
        return dcentred - dmean


class StandardNotHalved(Standard):
    def backward(self, dout):
        n = len(dout)
        dstd = -(dout * self.centred / self.std**2).sum(axis=0)
        dvar = dstd / self.std
        dcentred = dout / self.std + 2 / n * self.centred * dvar
        dmean = dcentred.sum(axis=0) / n
        return dcentred - dmean


class StandardNotDivided(Standard):
    def backward(self, dout):
        n = len(dout)
        dstd = -(dout * self.centred / self.std**2).sum(axis=0)
        dvar = 0.5 * dstd / self.std
        dcentred = dout / self.std + 2 / n * self.centred * dvar
        dmean = dcentred.sum(axis=0)
        return dcentred - dmean


class Cell:
    """A cell and its tanh, which backward works out anew."""

    def forward(self, x):
        self.x, self.c = x, x**2
        return self.c + x * np.tanh(self.c)

    def backward(self, dout):
        t = np.tanh(self.c)
        dc = dout + dout * self.x * (1 - t**2)
        return dc * 2 * self.x + dout * t


class CellWithoutTanh(Cell):
    def backward(self, dout):
        t = np.tanh(self.c)
        dc = dout + dout * self.x
        return dc * 2 * self.x + dout * t


RIGHT = [Encoder, Lookup, Centred, Linear, Engine, Tied, Rows, Masked, Weighted, Standard, Cell]
