"""Matrix products: where a network's weights sit and where its time goes."""

from __future__ import annotations

from math import prod

import numpy as np

from layers.layer import Array, Layer, floating, unbroadcast
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

    def forward(self, x: Array, y: Array) -> Array:
        self.x, self.y = x, y = floating(x), floating(y)
        if not x.ndim or not y.ndim:
            raise ValueError(f"a matrix product takes no scalars: shapes {x.shape} and {y.shape}")
        if x.shape[-1] != y.shape[-2:][0]:
            raise ValueError(
                f"shapes {x.shape} and {y.shape} do not fit: {x.shape[-1]} columns, {y.shape[-2:][0]} rows"
            )
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

    def forward(self, x: Array, W: Array, b: Array) -> Array:
        self.x, self.W, self.b = x, W, b = floating(x), floating(W), floating(b)
        if W.ndim != 2:
            raise ValueError(f"W must be a matrix, not of shape {W.shape}")
        if x.shape[-1:] != W.shape[:1]:
            raise ValueError(
                f"x of shape {x.shape} does not fit W of shape {W.shape}, which takes {W.shape[0]} features"
            )
        out = x @ W
        if not stretches(b.shape, out.shape):
            raise ValueError(
                f"b of shape {b.shape} does not fit W of shape {W.shape}, which gives {W.shape[1]} features"
            )
        return out + b

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
