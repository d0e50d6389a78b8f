"""Matrix products: where a network's weights sit and where its time goes."""

from __future__ import annotations

from math import prod

import numpy as np

from layers.layer import Array, Layer, Shape, broadcast, floating, unbroadcast
from layers.options import stretches


class MatMul(Layer):
    """Matrix product, ``out = x · y``, as NumPy's ``@``. Shapes: (..., n, k) · (..., k, m) → (..., n, m).

    Leading axes are a stack of matrices and broadcast. A vector counts as one row on the left, as one column on the
    right, and its axis is gone from the result. The gradients are the products that fit: ``dx = dout · yᵀ`` and
    ``dy = xᵀ · dout`` (Saito, ch. 5.6.1). Raises ValueError for scalars and where the inner sizes differ.
    """

    symbol = "·"
    formula = "x · y"
    rules = {"x": "dout · yᵀ", "y": "xᵀ · dout"}

    def out_shape(self, x: Shape, y: Shape) -> Shape:
        if not x or not y:
            raise ValueError(f"a matrix product takes no scalars: shapes {x} and {y}")
        if x[-1] != y[-2:][0]:
            raise ValueError(f"shapes {x} and {y} do not fit: {x[-1]} columns, {y[-2:][0]} rows")
        rows, columns = x[-2:-1], y[1:][-1:]
        return broadcast(x[:-2], y[:-2]) + rows + columns

    def inner_shapes(self, x: Shape, y: Shape) -> tuple[Shape, ...]:
        batch = broadcast(x[:-2], y[:-2])  # the gradients are of each matrix in it before they are summed
        return (*batch, *x[-2:]), (*batch, *y[-2:])

    def forward(self, x: Array, y: Array) -> Array:
        self.x, self.y = x, y = floating(x), floating(y)
        self.out_shape(x.shape, y.shape)
        return x @ y

    def backward(self, dout: Array) -> tuple[Array, Array]:
        x, y = as_row(self.x), as_column(self.y)
        if self.y.ndim == 1:
            dout = np.expand_dims(dout, -1)
        if self.x.ndim == 1:
            dout = np.expand_dims(dout, -2)
        dx, dy = unbroadcast(dout @ y.mT, x.shape), unbroadcast(x.mT @ dout, y.shape)
        return dx.reshape(self.x.shape), dy.reshape(self.y.shape)

    def local(self) -> tuple[Array | None, Array | None]:
        if max(self.x.ndim, self.y.ndim) > 2:
            return None, None
        return self.y.T, self.x.T


class Affine(Layer):
    """Fully connected layer, ``out = x · W + b``. Shapes: x (..., n), W (n, m), b (m,) → (..., m).

    The last axis of x holds the features; all axes before it are the batch, and a 1-D x is one sample. As rows of a
    matrix, ``dx = dout · Wᵀ``, ``dW = xᵀ · dout`` and ``db`` is the sum of ``dout`` over the batch (Saito, ch. 5.6.2).
    Raises ValueError where the shapes do not fit.
    """

    symbol = "affine"
    formula = "x · W + b"
    rules = {"x": "dout · Wᵀ", "W": "xᵀ · dout", "b": "Σ dout over the batch"}

    def out_shape(self, x: Shape, W: Shape, b: Shape) -> Shape:
        if len(W) != 2:
            raise ValueError(f"W must be a matrix, not of shape {W}")
        if x[-1:] != W[:1]:
            raise ValueError(f"x of shape {x} does not fit W of shape {W}, which takes {W[0]} features")
        out = x[:-1] + W[1:]
        if not stretches(b, out):
            raise ValueError(f"b of shape {b} does not fit W of shape {W}, which gives {W[1]} features")
        return out

    def forward(self, x: Array, W: Array, b: Array) -> Array:
        self.x, self.W, self.b = x, W, b = floating(x), floating(W), floating(b)
        self.out_shape(x.shape, W.shape, b.shape)
        return x @ W + b

    def backward(self, dout: Array) -> tuple[Array, Array, Array]:
        return dout @ self.W.T, as_rows(self.x).T @ as_rows(dout), unbroadcast(dout, self.b.shape)

    def local(self) -> tuple[Array, Array, None]:
        return self.W.T, as_rows(self.x).T, None


def as_row(x: Array) -> Array:
    """Return a vector as a matrix of one row, and anything else as it is."""
    return x[np.newaxis, :] if x.ndim == 1 else x


def as_column(y: Array) -> Array:
    """Return a vector as a matrix of one column, and anything else as it is."""
    return y[:, np.newaxis] if y.ndim == 1 else y


def as_rows(x: Array) -> Array:
    """Return ``x`` as a matrix with one row for each sample of the batch."""
    return x.reshape(prod(x.shape[:-1]), x.shape[-1])
