"""Embedding: words are numbers to a network, and each has a row of its own in a table of weights."""

from __future__ import annotations

import numpy as np

from layers.layer import Array, Layer, Shape, floating


class Embedding(Layer):
    """Rows of a table by number, ``out = W[indices]``. Shapes: indices any, W (words, D) → (..., D).

    As a matrix product with one-hot rows would give, without the product (Saito, vol. 2, ch. 4.1). A word's gradients
    add up where it stands several times; rows of words that do not occur get 0. Indices are integers and take no
    gradient. Raises ValueError where they are not, and for one that is not among the words; negative ones are not.
    """

    symbol = "embed"
    formula = "W[indices]"
    rules = {"W": "dout, added up at the rows in indices"}
    targets = frozenset({"indices"})

    def out_shape(self, indices: Shape, W: Shape) -> Shape:
        if len(W) != 2:
            raise ValueError(f"W must be a matrix with one row for each word, not of shape {W}")
        return indices + W[1:]

    def forward(self, indices: Array, W: Array) -> Array:
        indices, W = np.asarray(indices), floating(W)
        self.out_shape(indices.shape, W.shape)
        if indices.dtype.kind not in "iu":
            raise ValueError(f"indices must be integers, and they are {indices.dtype}")
        outside = np.argwhere((indices < 0) | (indices >= len(W)))
        if len(outside):
            place = outside[0].tolist()
            raise ValueError(f"indices{place or ''} is {indices[*place]}, outside the {len(W)} rows of W")
        self.indices, self.W = indices, W
        return W[indices]

    def backward(self, dout: Array) -> tuple[None, Array]:
        dW = np.zeros(self.W.shape, dtype=dout.dtype)
        np.add.at(dW, self.indices, dout)
        return None, dW
