"""Layers as students write them: right ones, and each with one mistake of its own."""

# mypy: allow-untyped-defs, allow-untyped-calls
# ruff: noqa: N803, ARG002
# The letters and the style are those of the book.

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np


class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = np.array(x)
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dx = np.array(dout)
        dx[self.mask] = 0
        return dx


class ReluWritesIntoDout(Relu):
    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class ReluWrongMask(Relu):
    def backward(self, dout):
        dx = np.array(dout)
        dx[~self.mask] = 0
        return dx


class ReluKeptFromFirst(Relu):
    def forward(self, x):
        if not hasattr(self, "mask"):
            self.mask = x <= 0
        return np.where(x <= 0, 0, x)


class ReluOnTheClass(Relu):
    shared: ClassVar[Any] = None

    def forward(self, x):
        type(self).shared = x <= 0
        return np.where(x <= 0, 0, x)

    def backward(self, dout):
        return np.where(self.shared, 0, dout)


class ReluWritesIntoX(Relu):
    def forward(self, x):
        self.mask = x <= 0
        x[self.mask] = 0
        return x


class Affine:
    def forward(self, x, W, b):
        self.x, self.W = x, W
        return x @ W + b

    def backward(self, dout):
        return dout @ self.W.T, self.x.T @ dout, dout.sum(axis=0)


class AffineTransposed(Affine):
    def backward(self, dout):
        return dout @ self.W, self.x.T @ dout, dout.sum(axis=0)


class AffineDWTransposed(Affine):
    def backward(self, dout):
        return dout @ self.W.T, dout.T @ self.x, dout.sum(axis=0)


class AffineMean(Affine):
    def backward(self, dout):
        return dout @ self.W.T, self.x.T @ dout, dout.mean(axis=0)


class AffineNoSum(Affine):
    def backward(self, dout):
        return dout @ self.W.T, self.x.T @ dout, dout


class AffineKeepdims(Affine):
    def backward(self, dout):
        return dout @ self.W.T, self.x.T @ dout, dout.sum(axis=0, keepdims=True)


class Mul:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dout):
        return dout * self.y, dout * self.x


class MulSwapped(Mul):
    def backward(self, dout):
        return dout * self.x, dout * self.y


class MulList(Mul):
    def backward(self, dout):
        return [dout * self.y, dout * self.x]


class MulOne(Mul):
    def backward(self, dout):
        return dout * self.y


class MulFloat32(Mul):
    def backward(self, dout):
        x = self.x.astype(np.float32).astype(np.float64)
        return dout * self.y, dout * x


class MulIntegers(Mul):
    def backward(self, dout):
        return (dout * self.y).astype(int), dout * self.x


class MulAlias(Mul):
    def backward(self, dout):
        dx = dout * self.y
        return dx, dx


class Square:
    def forward(self, x):
        self.x = x
        return x * x

    def backward(self, dout):
        return 2 * dout * self.x


class SquareOneUse(Square):
    def backward(self, dout):
        return dout * self.x


class SquareIgnoresDout(Square):
    def backward(self, dout):
        return 2 * self.x


class SquareDoutTwice(Square):
    def backward(self, dout):
        return 2 * dout * dout * self.x


class SquareClips(Square):
    def backward(self, dout):
        return np.clip(2 * dout * self.x, -1000, 1000)


class SquareNone(Square):
    def backward(self, dout):
        return None


class SquareRaises(Square):
    def backward(self, dout):
        return dout * self.missing  # type: ignore[attr-defined]


class SquareMinus(Square):
    def backward(self, dout):
        return -2 * dout * self.x


class SquareOff(Square):
    def backward(self, dout):
        dx = 2 * dout * self.x
        dx.flat[-1] *= 1.001
        return dx


class Sigmoid:
    def forward(self, x):
        self.x, self.out = x, 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * (1 - self.out) * self.out


class SigmoidOfX(Sigmoid):
    def backward(self, dout):
        return dout * (1 - self.x) * self.x


class SoftmaxWithLoss:
    """The book's: 1e-7 inside the logarithm; the average is over the batch."""

    def forward(self, x, t):
        self.t = t
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return -np.log(self.y[np.arange(len(t)), t] + 1e-7).sum() / len(t)

    def backward(self, dout):
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dout * dx / len(self.t)


class SoftmaxWithLossSum(SoftmaxWithLoss):
    def backward(self, dout):
        return super().backward(dout) * len(self.t)


class BatchNorm:
    """The book's, ch. 6.3, with its step-by-step backward."""

    def forward(self, x, gamma, beta):
        mu = x.mean(axis=0)
        self.xc = x - mu
        self.std = np.sqrt((self.xc**2).mean(axis=0) + 10e-7)
        self.xn = self.xc / self.std
        self.gamma = gamma
        return gamma * self.xn + beta

    def backward(self, dout):
        n = len(dout)
        dxn = self.gamma * dout
        dxc = dxn / self.std
        dstd = -np.sum((dxn * self.xc) / (self.std * self.std), axis=0)
        dxc += (2.0 / n) * self.xc * (0.5 * dstd / self.std)
        return dxc - np.sum(dxc, axis=0) / n, (self.xn * dout).sum(axis=0), dout.sum(axis=0)


class BatchNormNoVariance(BatchNorm):
    def backward(self, dout):
        dxc = self.gamma * dout / self.std
        return dxc - dxc.mean(axis=0), (self.xn * dout).sum(axis=0), dout.sum(axis=0)


class Dropout:
    """The book's, ch. 6.4: it draws from NumPy's global random numbers."""

    def forward(self, x):
        self.mask = np.random.rand(*x.shape) > 0.5  # noqa: NPY002
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


class CubeRemembersItsGradient:
    """The first backward's gradient is kept for all that follow."""

    def forward(self, x):
        self.x, self.dx = x, None
        return x**3

    def backward(self, dout):
        if self.dx is None:
            self.dx = 3 * self.x**2 * dout
        return self.dx.copy()


class DropoutDrawsAgain(Dropout):
    def backward(self, dout):
        return dout * (np.random.rand(*dout.shape) > 0.5)  # noqa: NPY002


class Clock:
    """It counts its calls, and nobody can hold that still."""

    ticks: ClassVar[int] = 0

    def forward(self, x):
        type(self).ticks += 1
        return x * self.ticks

    def backward(self, dout):
        return dout
