"""Attention: each query looks at all keys, and takes of their values a mean, weighted by how well the keys fit it."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import numpy as np

from layers.layer import Array, Layer, Shape, broadcast, floating, unbroadcast
from layers.options import flag, stretches

HIDDEN = 1e30
"""A score so far below all others that its share is 0, and that float32 still holds."""


class Attention(Layer):
    """Scaled dot-product attention, ``out = softmax(q · kᵀ / √d) · v`` (Vaswani et al. 2017, section 3.2.1).

    Shapes: q (..., L, d), k (..., S, d), v (..., S, e) → (..., L, e). L queries look at S keys; axes in front, such as
    batch and heads, broadcast. ``mask``, which may be left out, is 1 where a query may look at a key and 0 where not,
    and stretches to (..., L, S); under ``causal`` a query looks at no key after its own place. What it may not look at
    has weight 0, and so has everything for a query that may look at nothing.

    ``dv = weightsᵀ · dout``. The weights get ``dout · vᵀ`` and their scores, as from a softmax,
    ``dscores = weights × (dout · vᵀ - Σ weights × (dout · vᵀ))``, of which q gets ``dscores · k / √d`` and k
    ``dscoresᵀ · q / √d``. Raises ValueError where shapes do not fit, and for a mask of other numbers.
    """

    symbol = "attention"
    formula = "softmax(q · kᵀ / √d) · v"
    rules = {
        "q": "dscores · k / √d, where dscores is what softmax makes of dout · vᵀ",
        "k": "dscoresᵀ · q / √d, where dscores is what softmax makes of dout · vᵀ",
        "v": "weightsᵀ · dout, where weights is what softmax has made",
    }
    targets = frozenset({"mask"})

    def __init__(self, *, causal: bool = False) -> None:
        self.causal = flag("causal", causal)

    def out_shape(self, q: Shape, k: Shape, v: Shape, mask: Shape | None = None) -> Shape:
        if min(len(q), len(k), len(v)) < 2:
            raise ValueError(f"q, k and v must have two axes, places and features, not {q}, {k} and {v}")
        if q[-1] != k[-1]:
            raise ValueError(f"q of shape {q} and k of shape {k} must have the same number of features")
        if k[-2] != v[-2]:
            raise ValueError(f"k of shape {k} and v of shape {v} must have the same number of places")
        scores = (*broadcast(q[:-2], k[:-2], v[:-2]), q[-2], k[-2])
        if mask is not None and not stretches(mask, scores):
            raise ValueError(f"mask of shape {mask} does not stretch to the scores, of shape {scores}")
        return *scores[:-1], v[-1]

    def inner_shapes(self, q: Shape, k: Shape, v: Shape, mask: Shape | None = None) -> tuple[Shape, ...]:  # noqa: ARG002
        batch = broadcast(q[:-2], k[:-2], v[:-2])
        return (*batch, q[-2], k[-2]), (*batch, *q[-2:]), (*batch, *k[-2:]), (*batch, *v[-2:])

    def forward(self, q: Array, k: Array, v: Array, mask: Array | None = None) -> Array:
        q, k, v, mask = floating(q), floating(k), floating(v), None if mask is None else np.asarray(mask)
        self.out_shape(q.shape, k.shape, v.shape, None if mask is None else mask.shape)
        self.q, self.k, self.v = q, k, v
        self.has_mask = mask is not None
        self.scale = 1 / sqrt(max(q.shape[-1], 1))
        self.weights = shares(q @ k.mT * self.scale, self.may_look(mask))
        return self.weights @ v

    def backward(self, dout: Array) -> tuple[Array | None, ...]:
        dweights = dout @ self.v.mT
        dscores = self.weights * (dweights - (dweights * self.weights).sum(axis=-1, keepdims=True)) * self.scale
        dq = unbroadcast(dscores @ self.k, self.q.shape)
        dk = unbroadcast(dscores.mT @ self.q, self.k.shape)
        dv = unbroadcast(self.weights.mT @ dout, self.v.shape)
        return (dq, dk, dv, None) if self.has_mask else (dq, dk, dv)

    def local(self) -> tuple[None, ...]:
        return (None,) * (4 if self.has_mask else 3)

    def expansion(self, q: Shape, k: Shape, v: Shape, mask: Shape | None = None) -> Mapping[str, str]:  # noqa: ARG002
        turned = [*range(len(k) - 2), len(k) - 1, len(k) - 2]
        steps = {"scores": f"q @ Transpose(k, axes={turned}) * {1 / sqrt(max(q[-1], 1))}"}
        if self.causal:
            steps |= {"ones": f"BroadcastTo(1, shape={[q[-2], k[-2]]})"}
            steps |= {"query": "CumSum(ones, axis=0)", "key": "CumSum(ones, axis=1)"}  # the places, from 1
            steps |= {"earlier": "Clip(query - key + 1, min=0, max=1)"}
        looked = " * ".join(["earlier"] * self.causal + ["mask"] * (mask is not None))
        if not looked:
            return steps | {"weights": "Softmax(scores)", "out": "weights @ v"}
        steps |= {"seen": f"Where({looked}, scores, {-HIDDEN})", "weights": f"Where({looked}, Softmax(seen), 0)"}
        return steps | {"out": "weights @ v"}

    def may_look(self, mask: Array | None) -> Array:
        """Return which query may look at which key. Raises ValueError for a mask of other numbers than 1 and 0."""
        queries, keys = self.q.shape[-2], self.k.shape[-2]
        allowed = np.tri(queries, keys, dtype=bool) if self.causal else np.ones((queries, keys), dtype=bool)
        if mask is None:
            return allowed
        other = mask[(mask != 0) & (mask != 1)]
        if other.size:
            added = "; of a mask that is to be added to the scores, take Exp(mask)" if (other < 0).all() else ""
            raise ValueError(
                f"mask must be 1 where a query may look at a key and 0 where not, and has {other[0]}{added}"
            )
        return allowed & (mask == 1)


def shares(scores: Array, counted: Array) -> Array:
    """Return the softmax of ``scores`` along the last axis, over those that are ``counted``; 0 for the others."""
    largest = np.where(counted, scores, -np.inf).max(axis=-1, keepdims=True, initial=-np.inf)
    e = np.where(counted, np.exp(scores - largest), 0)
    total = e.sum(axis=-1, keepdims=True)
    return e / np.where(total == 0, 1, total)
