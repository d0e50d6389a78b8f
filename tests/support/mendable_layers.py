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


class EncoderAddedUp(Encoder):
    """What goes back in time is added to what went before."""

    def backward(self, dhs):
        dxs, dWx, dWh, db = (
            np.zeros_like(self.xs),
            np.zeros_like(self.Wx),
            np.zeros_like(self.Wh),
            np.zeros(dhs.shape[2]),
        )
        dh = np.zeros_like(dhs[:, 0])
        for t in reversed(range(dhs.shape[1])):
            da = (dhs[:, t] + dh) * (1 - self.hs[:, t + 1] ** 2)
            dWx += self.xs[:, t].T @ da
            dWh += self.hs[:, t].T @ da
            db += da.sum(axis=0)
            dxs[:, t] = da @ self.Wx.T
            dh += da @ self.Wh.T
        return dxs, dWx, dWh, db


class Gates:
    """Two gates and a candidate that are worked out together."""

    def forward(self, x, W):
        self.x, self.W = x, W
        a = x @ W
        n = a.shape[1] // 3
        self.i, self.f, self.g = a[:, :n], np.tanh(a[:, n : 2 * n]), np.exp(a[:, 2 * n :])
        return self.i * self.f + self.g

    def backward(self, dout):
        da = np.hstack([dout * self.f, dout * self.i * (1 - self.f**2), dout * self.g])
        return da @ self.W.T, self.x.T @ da


class GatesJoinedOtherwise(Gates):
    def backward(self, dout):
        da = np.hstack([dout * self.i * (1 - self.f**2), dout * self.f, dout * self.g])
        return da @ self.W.T, self.x.T @ da


class GatesStoredOtherwise(Gates):
    def backward(self, dout):
        n = dout.shape[1]
        da = np.empty((len(dout), 3 * n))
        da[:, 2 * n :] = dout * self.f
        da[:, n : 2 * n] = dout * self.i * (1 - self.f**2)
        da[:, :n] = dout * self.g
        return da @ self.W.T, self.x.T @ da


class Padded:
    """Zeros around an image."""

    def forward(self, x):
        self.width = 1
        return np.pad(x, self.width)

    def backward(self, dout):
        return dout[self.width : -self.width, self.width : -self.width]


class PaddedCutAtTheEnd(Padded):
    def backward(self, dout):
        return dout[: -2 * self.width, : -2 * self.width]


class PaddedCutAtTheSize(Padded):
    def backward(self, dout):
        h, w = len(dout) - 2, dout.shape[1] - 2
        return dout[:h, :w]


class Instances:
    """Each channel of each image with mean 0 and variance 1, times a parameter."""

    def forward(self, x, gamma):
        self.gamma = gamma[:, None, None]
        centred = x - x.mean(axis=(2, 3), keepdims=True)
        self.std = np.sqrt((centred**2).mean(axis=(2, 3), keepdims=True) + 1e-6)
        self.normed = centred / self.std
        return self.gamma * self.normed

    def backward(self, dout):
        dgamma = (dout * self.normed).sum(axis=(0, 2, 3))
        d = dout * self.gamma
        mean = d.mean(axis=(2, 3), keepdims=True)
        along = (d * self.normed).mean(axis=(2, 3), keepdims=True)
        return (d - mean - self.normed * along) / self.std, dgamma


class InstancesOverTheBatch(Instances):
    def backward(self, dout):
        dgamma = (dout * self.normed).sum(axis=(0, 2, 3))
        d = dout * self.gamma
        mean = d.mean(axis=(0, 2, 3), keepdims=True)
        along = (d * self.normed).mean(axis=(0, 2, 3), keepdims=True)
        return (d - mean - self.normed * along) / self.std, dgamma


class Groups:
    """Groups of channels with mean 0 and variance 1."""

    def forward(self, x):
        self.parts = (len(x), 2, x.shape[1] // 2, *x.shape[2:])
        g = x.reshape(self.parts)
        centred = g - g.mean(axis=(2, 3, 4), keepdims=True)
        self.std = np.sqrt((centred**2).mean(axis=(2, 3, 4), keepdims=True) + 1e-6)
        self.normed = centred / self.std
        return self.normed.reshape(x.shape)

    def backward(self, dout):
        d = dout.reshape(self.parts)
        mean = d.mean(axis=(2, 3, 4), keepdims=True)
        along = (d * self.normed).mean(axis=(2, 3, 4), keepdims=True)
        return ((d - mean - self.normed * along) / self.std).reshape(dout.shape)


class GroupsOverImages(Groups):
    def backward(self, dout):
        d = dout.reshape(self.parts)
        mean = d.mean(axis=(3, 4), keepdims=True)
        along = (d * self.normed).mean(axis=(3, 4), keepdims=True)
        return ((d - mean - self.normed * along) / self.std).reshape(dout.shape)


class Shifted:
    """A sequence that comes one step later."""

    def forward(self, x):
        out = np.zeros_like(x)
        out[:, 1:] = x[:, :-1]
        return out

    def backward(self, dout):
        dx = np.zeros_like(dout)
        dx[:, :-1] = dout[:, 1:]
        return dx


class ShiftedTheSameWay(Shifted):
    def backward(self, dout):
        dx = np.zeros_like(dout)
        dx[:, 1:] = dout[:, :-1]
        return dx


class Turned:
    """A kernel that is laid on with its axes exchanged, in rows of a matrix, over a picture of its size."""

    def forward(self, x, k):
        self.x, self.k = x, k
        return x @ k.reshape(-1, 2)

    def backward(self, dout):
        dx = dout @ self.k.reshape(-1, 2).T
        return dx, (self.x.T @ dout).reshape(self.k.shape)


class TurnedLaidOutOtherwise(Turned):
    def backward(self, dout):
        dx = dout @ self.k.reshape(2, -1)
        return dx, (self.x.T @ dout).reshape(self.k.shape)


class Exchanged:
    """Each number of a picture times one of a fixed kernel whose axes are exchanged."""

    def forward(self, x):
        self.kernel = np.arange(2.0, 11.0).reshape(3, 3)
        return np.einsum("nij,ji->nij", x, self.kernel)

    def backward(self, dout):
        dx = np.zeros_like(dout)
        for i in range(3):
            for j in range(3):
                dx[:, i, j] = self.kernel[j, i] * dout[:, i, j]
        return dx


class ExchangedNot(Exchanged):
    def backward(self, dout):
        dx = np.zeros_like(dout)
        for i in range(3):
            for j in range(3):
                dx[:, i, j] = self.kernel[i, j] * dout[:, i, j]
        return dx


class Cached:
    """A product of three, whose factors are kept together."""

    def forward(self, x, scale):
        squares, cubes = x**2, x**3
        self.cache = squares, cubes, scale
        return scale * cubes + squares * scale

    def backward(self, dout):
        squares, cubes, scale = self.cache
        x = cubes / squares
        return dout * scale * (3 * squares + 2 * x), dout * (cubes + squares)


class CachedInAnotherOrder(Cached):
    def backward(self, dout):
        cubes, squares, scale = self.cache
        x = cubes / squares
        return dout * scale * (3 * squares + 2 * x), dout * (cubes + squares)


class Cropped:
    """A picture without its margin."""

    def forward(self, x):
        self.shape = x.shape
        return x[1:-1, 1:-1] * 1.0

    def backward(self, dout):
        dx = np.zeros(self.shape)
        dx[1:-1, 1:-1] = dout
        return dx


class CroppedAtTheCorner(Cropped):
    def backward(self, dout):
        dx = np.zeros(self.shape)
        dx[:-2, :-2] = dout
        return dx


class Channels:
    """A picture with its channels first."""

    def forward(self, x):
        return x.transpose(2, 0, 1) * 1.0

    def backward(self, dout):
        return dout.transpose(1, 2, 0)


class ChannelsTheSameWay(Channels):
    def backward(self, dout):
        return dout.transpose(2, 0, 1)


class SharesOfEverything:
    """A softmax of each row whose backward sums over all rows."""

    def forward(self, x):
        e = np.exp(x - x.max())
        self.p = e / e.sum(axis=-1, keepdims=True)
        return self.p

    def backward(self, dout):
        return self.p * (dout - np.sum(dout * self.p))


class Shares:
    """A softmax of each row."""

    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, dout):
        dx = self.p * dout
        return dx - self.p * dx.sum(axis=1, keepdims=True)


class SharesOfNothing(Shares):
    def backward(self, dout):
        dx = self.p * dout
        return dx - dx.sum(axis=1, keepdims=True)


class Neuron:
    """A layer and its activation in one."""

    def forward(self, x, W):
        self.x, self.W = x, W
        self.y = np.tanh(x @ W)
        return self.y

    def backward(self, dout):
        da = dout * (1 - self.y**2)
        return da @ self.W.T, self.x.T @ da


class NeuronAsSigmoid(Neuron):
    def backward(self, dout):
        da = dout * self.y * (1 - self.y)
        return da @ self.W.T, self.x.T @ da


class NeuronAsRelu(Neuron):
    def backward(self, dout):
        da = dout.copy()
        da[self.y <= 0] = 0
        return da @ self.W.T, self.x.T @ da


def tanh_prime(z):
    return 1 - np.tanh(z) ** 2


def relu_prime(z):
    return z > 0


class NeuronOfAnotherFunction(Neuron):
    def backward(self, dout):
        da = dout * relu_prime(self.x @ self.W)
        return da @ self.W.T, self.x.T @ da


class RootMeanSquare:
    """Rows of length √n, but for a small number."""

    def __init__(self):
        self.eps = 0.1

    def forward(self, x):
        self.x = x
        self.squares = (x**2).mean(axis=1, keepdims=True)
        return x / np.sqrt(self.squares + self.eps)

    def backward(self, dout):
        kept = self.squares + self.eps
        along = (dout * self.x).mean(axis=1, keepdims=True)
        return dout / np.sqrt(kept) - self.x * along / kept**1.5


class RootMeanSquareWithoutEps(RootMeanSquare):
    def backward(self, dout):
        kept = self.squares
        along = (dout * self.x).mean(axis=1, keepdims=True)
        return dout / np.sqrt(kept) - self.x * along / kept**1.5


class RootMeanSquareWithoutRoot(RootMeanSquare):
    def backward(self, dout):
        kept = self.squares + self.eps
        along = (dout * self.x).mean(axis=1, keepdims=True)
        return dout / kept - self.x * along / kept**1.5


class Leaky:
    """A slope for what is negative."""

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, 0.1 * x)

    def backward(self, dout):
        return np.where(self.x > 0, dout, 0.1 * dout)


class LeakyTheOtherWayRound(Leaky):
    def backward(self, dout):
        return np.where(self.x < 0, dout, 0.1 * dout)


RIGHT = [
    Encoder,
    Lookup,
    Centred,
    Linear,
    Engine,
    Tied,
    Rows,
    Masked,
    Weighted,
    Standard,
    Cell,
    Gates,
    Padded,
    Instances,
    Groups,
    Shifted,
    Turned,
    Exchanged,
    Cached,
    Cropped,
    Channels,
    Shares,
    Neuron,
    RootMeanSquare,
    Leaky,
]


class Length:
    """x over its length and a little more."""

    def forward(self, x):
        self.x = x
        return x / (np.sqrt((x**2).sum(axis=1, keepdims=True)) + 0.01)


class LengthWithoutEps(Length):
    def backward(self, dout):
        norm = np.sqrt((self.x**2).sum(axis=1, keepdims=True))
        return dout / norm - self.x * (dout * self.x).sum(axis=1, keepdims=True) / norm**3


class RootMeanSquareWithoutEither(RootMeanSquare):
    def backward(self, dout):
        square = (self.x**2).mean(axis=1, keepdims=True)
        along = (dout * self.x).mean(axis=1, keepdims=True)
        return dout / np.sqrt(square) - self.x * along / square**1.5


class Running:
    """What x sums to so far."""

    def forward(self, x):
        return np.cumsum(x, axis=1)


class RunningTheSameWay(Running):
    def backward(self, dout):
        return np.cumsum(dout, axis=1)


class Rest:
    """x less a matrix times x."""

    def forward(self, x, Wx):
        self.x, self.W = x, Wx
        return x - x @ Wx


class RestTwiceWrong(Rest):
    def backward(self, dout):
        return dout + dout @ self.W, -self.x.T @ dout


class RestOfADot:
    """1 less a product."""

    def forward(self, x, Wx):
        self.x, self.W = x, Wx
        return 1 - np.dot(x, Wx)

    def backward(self, dout):
        return np.dot(dout, self.W), -np.dot(self.x.T, dout)


class Kept:
    """A sine and its square, one after the other in the same array."""

    def forward(self, x):
        sine = np.sin(x)
        self.kept = {"sine": sine, "x": x}
        np.multiply(sine, sine, out=sine)
        return sine + x

    def backward(self, dout):
        return dout * (2 * self.kept["sine"] * np.cos(self.kept["x"]) + 1)


class Peaks:
    """The largest of each two neighbours."""

    def forward(self, x):
        self.shape = x.shape
        pairs = np.stack([x[:, :-1], x[:, 1:]])
        self.where = pairs.argmax(axis=0) + np.arange(x.shape[1] - 1)
        return pairs.max(axis=0)


class PeaksPut(Peaks):
    def backward(self, dout):
        dx = np.zeros(self.shape)
        np.put_along_axis(dx, self.where, dout, axis=1)
        return dx


class States:
    """Steps of one cell, each written into the same array."""

    def forward(self, x):
        state, self.states = np.zeros_like(x), []
        for _ in range(3):
            state[...] = np.tanh(x + state)
            self.states.append(state)
        return state.copy()


class StatesOverwritten(States):
    def backward(self, dout):
        dx, dstate = np.zeros_like(dout), dout
        for state in reversed(self.states):
            dstate = dstate * (1 - state**2)
            dx += dstate
        return dx


class CroppedByOne:
    """Columns 1 to 3."""

    def forward(self, x):
        self.shape = x.shape
        return x[:, 1:4]

    def backward(self, dout):
        dx = np.zeros(self.shape)
        dx[:, 2:5] = dout
        return dx


class EdgesRepeated:
    """x with its edges repeated around it."""

    def forward(self, x):
        return np.pad(x, 1, mode="edge")

    def backward(self, dout):
        return dout[1:-1, 1:-1]
