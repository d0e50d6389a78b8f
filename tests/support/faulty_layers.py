"""Layers as students write them, each with one mistake of a kind that is met again and again; and right ones beside."""

# mypy: allow-untyped-defs, allow-untyped-calls
# ruff: noqa: N803, N806, ARG002, NPY002, F841, RET503, RUF059
# The letters and the style are those of courses.

from __future__ import annotations

from typing import Any

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# Contributions that meet in one element.


class Rows:
    """Rows of a table, as an embedding takes them."""

    def forward(self, table, idx):
        self.shape, self.idx = table.shape, idx
        return table[idx]

    def backward(self, dout):
        dtable = np.zeros(self.shape)
        np.add.at(dtable, self.idx, dout)
        return dtable, None


class RowsAssigned(Rows):
    def backward(self, dout):
        dtable = np.zeros(self.shape)
        dtable[self.idx] = dout
        return dtable, None


class RowsAddedWithRepeats(Rows):
    def backward(self, dout):
        dtable = np.zeros(self.shape)
        dtable[self.idx] += dout
        return dtable, None


class RowsAssignedInALoop(Rows):
    def backward(self, dout):
        dtable = np.zeros(self.shape)
        for place, row in enumerate(self.idx):
            dtable[row] = dout[place]
        return dtable, None


class Windows:
    """Means of three neighbours."""

    def forward(self, x):
        self.size = x.shape[1]
        return np.stack([x[:, k : k + 3].mean(axis=1) for k in range(self.size - 2)], axis=1)

    def backward(self, dout):
        dx = np.zeros((len(dout), self.size))
        for k in range(self.size - 2):
            dx[:, k : k + 3] += dout[:, k : k + 1] / 3
        return dx


class WindowsAssigned(Windows):
    def backward(self, dout):
        dx = np.zeros((len(dout), self.size))
        for k in range(self.size - 2):
            dx[:, k : k + 3] = dout[:, k : k + 1] / 3
        return dx


class WindowsAssignedBackwards(Windows):
    def backward(self, dout):
        dx = np.zeros((len(dout), self.size))
        for k in reversed(range(self.size - 2)):
            dx[:, k : k + 3] = dout[:, k : k + 1] / 3
        return dx


class Scores:
    """Scores of a batch, with the weights' gradient added up sample by sample."""

    def forward(self, x, W):
        self.x, self.W = x, W
        return x @ W

    def backward(self, dout):
        dW = np.zeros_like(self.W)
        for n in range(len(dout)):
            dW += np.outer(self.x[n], dout[n])
        return dout @ self.W.T, dW


class ScoresOfTheLast(Scores):
    def backward(self, dout):
        for n in range(len(dout)):
            dW = np.outer(self.x[n], dout[n])
        return dout @ self.W.T, dW


class ScoresOfTheFirst(Scores):
    def backward(self, dout):
        dW = np.zeros_like(self.W)
        for n in range(len(dout)):
            dW += np.outer(self.x[n], dout[n])
            return dout @ self.W.T, dW


class ScoresTransposed(Scores):
    def backward(self, dout):
        return dout @ self.W, self.x.T @ dout


class ScoresOfTheLastByIndex(Scores):
    def backward(self, dout):
        return dout @ self.W.T, np.outer(self.x[-1], dout[-1])


# Jacobians.


class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def backward(self, dout):
        return self.y * (dout - (dout * self.y).sum(axis=1, keepdims=True))


class SoftmaxDiagonal(Softmax):
    def backward(self, dout):
        return dout * self.y * (1 - self.y)


class SoftmaxOverTheBatch(Softmax):
    def forward(self, x):
        e = np.exp(x - x.max(axis=0))
        self.y = e / e.sum(axis=0)
        return self.y


class SoftmaxOfOneSample(Softmax):
    def backward(self, dout):
        y = self.y[0]
        jacobian = np.diag(y) - np.outer(y, y)
        return dout @ jacobian


class SoftmaxLeftOverFromALoop(Softmax):
    def backward(self, dout):
        for y in self.y:
            jacobian = np.diag(y) - np.outer(y, y)
        return np.stack([d @ jacobian for d in dout])


class LogSoftmax:
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return np.log(self.y)

    def backward(self, dout):
        return dout - self.y * dout.sum(axis=1, keepdims=True)


class LogSoftmaxWithoutTheSum(LogSoftmax):
    def backward(self, dout):
        return dout - self.y * dout


class Norm:
    """A batch norm without its parameters."""

    def forward(self, x):
        self.xc = x - x.mean(axis=0)
        self.std = np.sqrt((self.xc**2).mean(axis=0) + 1e-5)
        self.xn = self.xc / self.std
        return self.xn

    def backward(self, dout):
        return (dout - dout.mean(axis=0) - self.xn * (dout * self.xn).mean(axis=0)) / self.std


class NormWithoutVariance(Norm):
    def backward(self, dout):
        return (dout - dout.mean(axis=0)) / self.std


class NormWithoutMean(Norm):
    def backward(self, dout):
        return (dout - self.xn * (dout * self.xn).mean(axis=0)) / self.std


class NormWithoutStatistics(Norm):
    def backward(self, dout):
        return dout / self.std


class LayerNorm:
    def forward(self, x):
        self.xc = x - x.mean(axis=1, keepdims=True)
        self.std = np.sqrt((self.xc**2).mean(axis=1, keepdims=True) + 1e-5)
        return self.xc / self.std

    def backward(self, dout):
        xn = self.xc / self.std
        means = dout.mean(axis=1, keepdims=True), (dout * xn).mean(axis=1, keepdims=True)
        return (dout - means[0] - xn * means[1]) / self.std


class LayerNormOverTheBatch(LayerNorm):
    def forward(self, x):
        self.xc = x - x.mean(axis=0)
        self.std = np.sqrt((self.xc**2).mean(axis=0) + 1e-5)
        return self.xc / self.std


# Local derivatives.


class Step:
    """One step of a recurrent cell."""

    def forward(self, x, W, b):
        self.x, self.W = x, W
        self.h = np.tanh(x @ W + b)
        return self.h

    def backward(self, dh):
        dz = dh * (1 - self.h**2)
        return dz @ self.W.T, self.x.T @ dz, dz.sum(axis=0)


class StepBiasWithoutTanh(Step):
    def backward(self, dh):
        dz = dh * (1 - self.h**2)
        return dz @ self.W.T, self.x.T @ dz, dh.sum(axis=0)


class StepWeightsWithoutTanh(Step):
    def backward(self, dh):
        dz = dh * (1 - self.h**2)
        return dz @ self.W.T, self.x.T @ dh, dz.sum(axis=0)


class StepInputWithoutTanh(Step):
    def backward(self, dh):
        dz = dh * (1 - self.h**2)
        return dh @ self.W.T, self.x.T @ dz, dz.sum(axis=0)


class StepTanhTwice(Step):
    def backward(self, dh):
        dz = dh * (1 - self.h**2) ** 2
        return dz @ self.W.T, self.x.T @ dz, dz.sum(axis=0)


class DenseRelu:
    def forward(self, x, W):
        self.x, self.W, self.z = x, W, x @ W
        return np.maximum(self.z, 0)

    def backward(self, dout):
        dz = dout * (self.z > 0)
        return dz @ self.W.T, self.x.T @ dz


class DenseReluWithoutMask(DenseRelu):
    def backward(self, dout):
        return dout @ self.W.T, self.x.T @ (dout * (self.z > 0))


class Dropout:
    """Inverted dropout behind a product, with its mask drawn in forward."""

    def __init__(self, keep_prob=0.8):
        self.keep_prob = keep_prob

    def forward(self, x, W):
        self.x, self.W = x, W
        self.mask = (np.random.rand(len(x), W.shape[1]) < self.keep_prob) / self.keep_prob
        return (x @ W) * self.mask

    def backward(self, dout):
        dz = dout * self.mask
        return dz @ self.W.T, self.x.T @ dz


class DropoutWithoutMask(Dropout):
    def backward(self, dout):
        return dout @ self.W.T, self.x.T @ dout


class DropoutWithoutScale(Dropout):
    def backward(self, dout):
        dz = dout * (self.mask > 0)
        return dz @ self.W.T, self.x.T @ dz


class DropoutDrawnAgain(Dropout):
    def backward(self, dout):
        mask = (np.random.rand(*dout.shape) < self.keep_prob) / self.keep_prob
        return (dout * mask) @ self.W.T, self.x.T @ (dout * mask)


class Sigmoid:
    def forward(self, x):
        self.x, self.out = x, sigmoid(x)
        return self.out

    def backward(self, dout):
        return dout * self.out * (1 - self.out)


class SigmoidOfX(Sigmoid):
    def backward(self, dout):
        return dout * self.x * (1 - self.x)


class SigmoidOfTheOutput(Sigmoid):
    def backward(self, dout):
        s = sigmoid(self.out)
        return dout * s * (1 - s)


class SigmoidPassedOn(Sigmoid):
    def backward(self, dout):
        return dout


class SigmoidValue(Sigmoid):
    def backward(self, dout):
        return dout * self.out


class Tanh:
    def forward(self, x):
        self.x, self.y = x, np.tanh(x)
        return self.y

    def backward(self, dout):
        return dout * (1 - self.y**2)


class TanhOfX(Tanh):
    def backward(self, dout):
        return dout * (1 - self.x**2)


class TanhOfOneSample(Tanh):
    def backward(self, dout):
        return dout * (1 - self.y[0] ** 2)


class TanhAveraged(Tanh):
    def backward(self, dout):
        dx = dout * (1 - self.y**2)
        return np.broadcast_to(dx.mean(axis=0), dx.shape).copy()


class Log:
    def forward(self, x):
        self.x = np.abs(x) + 1
        self.sign = np.sign(x)
        return np.log(self.x)

    def backward(self, dout):
        return dout * self.sign / self.x


class LogMultiplied(Log):
    def backward(self, dout):
        return dout * self.sign * self.x


# Sizes and options.


class MeanSquares:
    def forward(self, y, t):
        self.d = y - t
        return (self.d**2).mean()

    def backward(self, dout=1.0):
        return dout * 2 * self.d / self.d.size, -dout * 2 * self.d / self.d.size


class MeanSquaresHalf(MeanSquares):
    def backward(self, dout=1.0):
        return dout * self.d / self.d.size, -dout * 2 * self.d / self.d.size


class MeanSquaresSum(MeanSquares):
    def backward(self, dout=1.0):
        return dout * 2 * self.d, -dout * 2 * self.d / self.d.size


class MeanSquaresOverTheBatch(MeanSquares):
    def backward(self, dout=1.0):
        return dout * 2 * self.d / len(self.d), -dout * 2 * self.d / self.d.size


class Cube:
    """A factor of 3 beside arrays of size 3: no mean is missing here."""

    def forward(self, x):
        self.x = x
        return x**3

    def backward(self, dout):
        return dout * 3 * self.x**2


class CubeWithoutItsThree(Cube):
    def backward(self, dout):
        return dout * self.x**2


class CubeWithAFour(Cube):
    def backward(self, dout):
        return dout * 4 * self.x**2


class Scores1:
    """Dot products, scaled as attention scales them."""

    def forward(self, q, k):
        self.q, self.k = q, k
        return q @ k.T / np.sqrt(q.shape[1])

    def backward(self, dout):
        d = np.sqrt(self.q.shape[1])
        return dout @ self.k / d, dout.T @ self.q / d


class Scores1WithoutRoot(Scores1):
    def backward(self, dout):
        d = np.sqrt(self.q.shape[1])
        return dout @ self.k, dout.T @ self.q / d


class Leaky:
    def __init__(self, alpha=0.3):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return self.alpha * x

    def backward(self, dout):
        return dout * self.alpha


class LeakyWithout(Leaky):
    def backward(self, dout):
        return dout


class LeakyTwice(Leaky):
    def backward(self, dout):
        return dout * self.alpha**2


class Penalised:
    """A linear loss with an L2 penalty."""

    def __init__(self, reg=0.2):
        self.reg = reg

    def forward(self, W, x):
        self.W, self.x = W, x
        return np.sum(np.tanh(x @ W)) / len(x) + self.reg * np.sum(W * W)

    def backward(self, dout=1.0):
        d = (1 - np.tanh(self.x @ self.W) ** 2) / len(self.x)
        dW = self.x.T @ d + 2 * self.reg * self.W
        return dout * dW, dout * (d @ self.W.T)


class PenalisedHalf(Penalised):
    def backward(self, dout=1.0):
        d = (1 - np.tanh(self.x @ self.W) ** 2) / len(self.x)
        dW = self.x.T @ d + self.reg * self.W
        return dout * dW, dout * (d @ self.W.T)


class PenalisedNot(Penalised):
    def backward(self, dout=1.0):
        d = (1 - np.tanh(self.x @ self.W) ** 2) / len(self.x)
        return dout * (self.x.T @ d), dout * (d @ self.W.T)


# Operands and uses.


class Correlate:
    """A valid 2-D correlation with one kernel."""

    def forward(self, x, w):
        self.x, self.w = x, w
        h, v = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
        rows = [[(x[i : i + w.shape[0], j : j + w.shape[1]] * w).sum() for j in range(v)] for i in range(h)]
        return np.array(rows)

    def backward(self, dout):
        dx, dw = np.zeros_like(self.x), np.zeros_like(self.w)
        a, b = self.w.shape
        for i in range(dout.shape[0]):
            for j in range(dout.shape[1]):
                dx[i : i + a, j : j + b] += dout[i, j] * self.w
                dw += dout[i, j] * self.x[i : i + a, j : j + b]
        return dx, dw


class CorrelateFlipped(Correlate):
    def backward(self, dout):
        dx, dw = super().backward(dout)
        flipped = Correlate()
        flipped.x, flipped.w = self.x, self.w[::-1, ::-1]
        return flipped.backward(dout)[0], dw


class CorrelateAssigned(Correlate):
    def backward(self, dout):
        dx, dw = np.zeros_like(self.x), np.zeros_like(self.w)
        a, b = self.w.shape
        for i in range(dout.shape[0]):
            for j in range(dout.shape[1]):
                dx[i : i + a, j : j + b] = dout[i, j] * self.w
                dw += dout[i, j] * self.x[i : i + a, j : j + b]
        return dx, dw


class Residual:
    def forward(self, x, W):
        self.x, self.W = x, W
        return x + np.tanh(x @ W)

    def backward(self, dout):
        dz = dout * (1 - np.tanh(self.x @ self.W) ** 2)
        return dout + dz @ self.W.T, self.x.T @ dz


class ResidualWithoutSkip(Residual):
    def backward(self, dout):
        dz = dout * (1 - np.tanh(self.x @ self.W) ** 2)
        return dz @ self.W.T, self.x.T @ dz


class Differences:
    def forward(self, x):
        return x[:, 1:] - x[:, :-1]

    def backward(self, dout):
        dx = np.zeros((len(dout), dout.shape[1] + 1))
        dx[:, 1:] += dout
        dx[:, :-1] -= dout
        return dx


class DifferencesAssigned(Differences):
    def backward(self, dout):
        dx = np.zeros((len(dout), dout.shape[1] + 1))
        dx[:, 1:] = dout
        dx[:, :-1] = -dout
        return dx


class Biased:
    def forward(self, x, b):
        return x + b

    def backward(self, dout):
        return dout.copy(), dout.sum(axis=0)


class BiasForgotten(Biased):
    def forward(self, x, b):
        return x * 1.0


class BiasSummedOverFeatures(Biased):
    def backward(self, dout):
        return dout.copy(), dout.sum(axis=1)


# What changes on the way.


class UpdatesFirst:
    def forward(self, x, W):
        self.x, self.W = x, W
        return x @ W

    def backward(self, dout):
        dW = self.x.T @ dout
        self.W -= 0.1 * dW
        return dout @ self.W.T, dW


class SavedAndOverwritten:
    def forward(self, x):
        y = x * 2.0
        self.y = y
        y += 1.0
        return y * y

    def backward(self, dout):
        return dout * 2 * (self.y + 1) * 2


class Unused:
    """Two layers in one; the error that goes back is computed and not used."""

    def forward(self, x, W, V):
        self.x, self.W, self.V = x, W, V
        self.h = sigmoid(x @ W)
        self.o = sigmoid(self.h @ V)
        return self.o

    def backward(self, dout):
        delta = dout * self.o * (1 - self.o)
        hidden_error = delta @ self.V.T
        hidden_delta = dout.sum(axis=1, keepdims=True) * self.h * (1 - self.h)
        return hidden_delta @ self.W.T, self.x.T @ hidden_delta, self.h.T @ delta


class Bags:
    """Sums of bags of weights, in which one may lie twice."""

    def forward(self, w, idx):
        self.size, self.idx = w.shape, idx
        return w[idx].sum(axis=1)

    def backward(self, dout):
        dw = np.zeros(self.size)
        np.add.at(dw, self.idx, np.broadcast_to(dout[:, np.newaxis], self.idx.shape))
        return dw, None


class BagsAssigned(Bags):
    def backward(self, dout):
        dw = np.zeros(self.size)
        for bag, d in zip(self.idx, dout, strict=True):
            dw[bag] += d
        return dw, None


class Scaled:
    """A normalisation with its scale."""

    def forward(self, x, gamma):
        self.gamma, self.norm = gamma, Norm()
        self.xn = self.norm.forward(x)
        return gamma * self.xn

    def backward(self, dout):
        return self.norm.backward(dout * self.gamma), (dout * self.xn).sum(axis=0)


class ScaledWithoutGamma(Scaled):
    def backward(self, dout):
        return self.norm.backward(dout), (dout * self.xn).sum(axis=0)


class RowMeans:
    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=1)

    def backward(self, dout):
        return np.broadcast_to(dout[:, np.newaxis], self.shape) / self.shape[1]


class RowMeansByTheWrongSize(RowMeans):
    def backward(self, dout):
        return np.broadcast_to(dout[:, np.newaxis], self.shape) / self.shape[0]


class Distances:
    def forward(self, x, y):
        self.d = x - y
        self.out = np.sqrt((self.d**2).sum(axis=1))
        return self.out

    def backward(self, dout):
        dx = dout[:, np.newaxis] * self.d / self.out[:, np.newaxis]
        return dx, -dx


class DistancesNotDivided(Distances):
    def backward(self, dout):
        dx = dout[:, np.newaxis] * self.d
        return dx, -dx / self.out[:, np.newaxis]


class Elu:
    def __init__(self, alpha=0.5):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * (np.exp(x) - 1))

    def backward(self, dout):
        return dout * np.where(self.x > 0, 1, self.alpha * np.exp(self.x))


class EluWithoutAlpha(Elu):
    """With an alpha of 0.5, half of the elements are exactly twice what they should be, and nothing was added twice."""

    def backward(self, dout):
        return dout * np.where(self.x > 0, 1, np.exp(self.x))


class Channels:
    """A bias for each channel of images."""

    def forward(self, x, b):
        return x + b[:, np.newaxis, np.newaxis]

    def backward(self, dout):
        return dout, dout.sum(axis=(0, 2, 3))


class ChannelsSummedOverOthers(Channels):
    def backward(self, dout):
        return dout, dout.sum(axis=(0, 1, 2))


class ChannelsFlattenedWrongly(Channels):
    def backward(self, dout):
        return dout, dout.reshape(-1, dout.shape[1]).sum(axis=0)


class ChannelsAveraged(Channels):
    def backward(self, dout):
        return dout, dout.mean(axis=(0, 2, 3))


class UnitRows:
    """Rows of length 1."""

    def forward(self, x):
        self.norm = np.sqrt((x**2).sum(axis=1, keepdims=True))
        self.y = x / self.norm
        return self.y.copy()

    def backward(self, dout):
        return (dout - self.y * (dout * self.y).sum(axis=1, keepdims=True)) / self.norm


class UnitRowsWithoutNorm(UnitRows):
    def backward(self, dout):
        return dout / self.norm


class Doubled:
    """Each column twice, side by side."""

    def forward(self, x):
        return np.repeat(np.repeat(x, 2, axis=0), 2, axis=1)

    def backward(self, dout):
        return dout[::2, ::2] + dout[1::2, ::2] + dout[::2, 1::2] + dout[1::2, 1::2]


class DoubledOneOfFour(Doubled):
    def backward(self, dout):
        return dout[::2, ::2]


class SumOfCubes:
    def forward(self, x):
        self.x = x
        return np.sum(x**3)

    def backward(self, dout):
        return dout * 3 * self.x**2


class SumOfCubesSpread(SumOfCubes):
    def backward(self, dout):
        return dout * np.ones_like(self.x)


class Clipped:
    """A leaky ReLU that writes into a copy of dout."""

    def __init__(self, alpha=0.1):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * x)

    def backward(self, dout):
        dx = dout.copy()
        dx[self.x <= 0] *= self.alpha
        return dx


class ClippedAssigned(Clipped):
    def backward(self, dout):
        dx = dout.copy()
        dx[self.x <= 0] = self.alpha
        return dx


class BookLoss:
    """Softmax with cross entropy, which takes a dout of 1 for granted."""

    def forward(self, x, t):
        self.t = t
        y = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = y / y.sum(axis=1, keepdims=True)
        return -np.log(self.y[np.arange(len(t)), t]).mean()

    def backward(self, dout=1):
        return self.slope() / len(self.t), None

    def slope(self):
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dx


class ClippedLossNotDivided:
    """A loss of probabilities, which are kept off 0 and 1: beyond them it has no slope."""

    def forward(self, p, t):
        self.p, self.t = p, t
        return -np.log(np.clip(p, 1e-7, 1 - 1e-7)[np.arange(len(t)), t]).mean()

    def backward(self, dout=1):
        return -dout * np.eye(self.p.shape[1])[self.t] / self.p, None


class SoftTargetLossNotDivided:
    """A loss against probabilities as targets, the mean of the samples' in forward alone."""

    def forward(self, x, t):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.p, self.t = e / e.sum(axis=1, keepdims=True), t
        return -np.mean(np.sum(t * np.log(self.p), axis=1))

    def backward(self, dout=1):
        return dout * (self.p - self.t), None


class ClippedElementLoss:
    """A loss of each probability, right between 0 and 1, with what comes after it still to sum."""

    def forward(self, p, t):
        self.p, self.t = np.clip(p, 1e-7, 1 - 1e-7), t
        return -(t * np.log(self.p) + (1 - t) * np.log(1 - self.p))

    def backward(self, dout):
        return dout * (self.p - self.t) / (self.p * (1 - self.p)), None


class BookLossNotDivided(BookLoss):
    def backward(self, dout=1):
        return self.slope(), None


RIGHT: tuple[type[Any], ...] = (
    Rows, Windows, Scores, Softmax, LogSoftmax, Norm, LayerNorm, Step, DenseRelu, Dropout, Sigmoid, Tanh, Log,
    MeanSquares, Cube, Scores1, Leaky, Penalised, Correlate, Residual, Differences, Biased,
    Bags, Scaled, RowMeans, Distances, Elu, Channels, UnitRows, Doubled, SumOfCubes, Clipped,
)  # fmt: skip
"""Layers without a mistake."""
