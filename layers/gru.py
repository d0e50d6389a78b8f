"""Gated recurrent units: of the state h a step keeps one share as it is, and replaces the other.

So they do what an LSTM does without a cell of its own, and with three gates' weights in the place of four.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from layers.layer import Array, Layer, Shape, floating
from layers.linear import as_rows
from layers.options import choice
from layers.recurrent import Unrolled, require_step
from layers.smooth_activation import logistic

RESETS = ("after", "before")
"""What the reset gate multiplies: the product of h and Wh, after it was taken, or h before that."""


class GRUStep(Layer):
    """One step of a gated recurrent unit, ``out = (1 - z) × n + z × h``, out being the next h.

    The columns of the weights belong to the reset gate r, to z, the share that is kept, and to the candidate n:
    r and z are the sigmoid of ``x · Wx + bx + h · Wh + bh``, and ``n = tanh(x · Wx + bx + r × (h · Wh + bh))``, as in
    PyTorch; with ``reset`` "before" it is ``tanh(x · Wx + bx + (r × h) · Wh + bh)``, as Cho et al. wrote it in 2014
    (Saito, vol. 2, appendix C, whose z is 1 minus this one). Shapes: x (..., D), h (..., H), Wx (D, 3H), Wh (H, 3H),
    bx and bh (3H,) → (..., H). Raises ValueError where shapes do not fit, and for any other ``reset``.
    """

    symbol = "gru step"
    formula = (
        "(1 - z) × n + z × h, where n is tanh(x · Wx + bx + r × (h · Wh + bh)) "
        "and r, z are σ(x · Wx + bx + h · Wh + bh), each with its own columns"
    )
    rules = {
        "x": "dsums · Wxᵀ, dsums being what reaches the sums inside r, z and n",
        "h": "dout × z, and dsums · Whᵀ, n's dsums being multiplied by r",
        "Wx": "xᵀ · dsums",
        "Wh": "hᵀ · dsums, n's being multiplied by r",
        "bx": "Σ dsums over the batch",
        "bh": "Σ dsums, n's being multiplied by r, over the batch",
    }

    def __init__(self, *, reset: str = "after") -> None:
        self.reset = choice("reset", reset, RESETS)

    def out_shape(self, x: Shape, h: Shape, Wx: Shape, Wh: Shape, bx: Shape, bh: Shape) -> Shape:
        require_step(x, h, Wx, Wh, bx, bh, gates=3)
        return h

    def forward(self, x: Array, h: Array, Wx: Array, Wh: Array, bx: Array, bh: Array) -> Array:
        x, h, Wx, Wh, bx, bh = map(floating, (x, h, Wx, Wh, bx, bh))
        H = self.out_shape(x.shape, h.shape, Wx.shape, Wh.shape, bx.shape, bh.shape)[-1]
        self.x, self.h, self.Wx, self.W_rz, self.W_n = x, h, Wx, Wh[:, : 2 * H], Wh[:, 2 * H :]
        from_x = x @ Wx + bx
        rz = logistic(from_x[..., : 2 * H] + h @ self.W_rz + bh[: 2 * H])
        self.r, self.z = rz[..., :H], rz[..., H:]
        self.seen = self.r * h if self.reset == "before" else h
        self.from_h = self.seen @ self.W_n + bh[2 * H :]
        self.n = np.tanh(from_x[..., 2 * H :] + (self.r * self.from_h if self.reset == "after" else self.from_h))
        return (1 - self.z) * self.n + self.z * h

    def backward(self, dout: Array) -> tuple[Array, ...]:
        h, r, z, n = self.h, self.r, self.z, self.n
        dsum_n = dout * (1 - z) * (1 - n * n)
        if self.reset == "after":
            dfrom_h, dr = dsum_n * r, dsum_n * self.from_h
            dh_through_n = dfrom_h @ self.W_n.T
        else:
            dfrom_h, dseen = dsum_n, dsum_n @ self.W_n.T
            dr, dh_through_n = dseen * h, dseen * r
        dsum_rz = np.concatenate([dr * r * (1 - r), dout * (h - n) * z * (1 - z)], axis=-1)
        dh = dout * z + dsum_rz @ self.W_rz.T + dh_through_n
        dWh = np.hstack([as_rows(h).T @ as_rows(dsum_rz), as_rows(self.seen).T @ as_rows(dfrom_h)])
        dbh = as_rows(np.concatenate([dsum_rz, dfrom_h], axis=-1)).sum(axis=0)
        dsums = np.concatenate([dsum_rz, dsum_n], axis=-1)
        return dsums @ self.Wx.T, dh, as_rows(self.x).T @ as_rows(dsums), dWh, as_rows(dsums).sum(axis=0), dbh

    def expansion(self, *shapes: Shape) -> Mapping[str, str]:  # noqa: ARG002  (it is the same for all)
        from_x = {"x_r, x_z, x_n": "Split(x @ Wx + bx, axis=-1, parts=3)"}
        if self.reset == "after":
            from_h = {
                "h_r, h_z, h_n": "Split(h @ Wh + bh, axis=-1, parts=3)",
                "r": "Sigmoid(x_r + h_r)",
                "z": "Sigmoid(x_z + h_z)",
                "n": "Tanh(x_n + r * h_n)",
            }
        else:
            from_h = {
                "W_r, W_z, W_n": "Split(Wh, axis=1, parts=3)",
                "b_r, b_z, b_n": "Split(bh, parts=3)",
                "r": "Sigmoid(x_r + h @ W_r + b_r)",
                "z": "Sigmoid(x_z + h @ W_z + b_z)",
                "n": "Tanh(x_n + r * h @ W_n + b_n)",
            }
        return from_x | from_h | {"replaced": "(1 - z) * n", "kept": "z * h", "out": "replaced + kept"}


class GRU(Unrolled):
    """A gated recurrent unit over time: one GRUStep for each place in a sequence, all with the same weights.

    Shapes: xs (..., T, D), h0 (..., H), weights as GRUStep has them → hs (..., T, H), the h after each step. At each
    step on the way back, ``dout`` of that h and what comes back from the next step add up. Raises ValueError where
    shapes do not fit, and for any other ``reset``.
    """

    symbol = "gru"
    formula = (
        "(1 - z) × n + z × h step by step, the first h being h0, "
        "where r, z and n are GRUStep's of xs, Wx, Wh, bx and bh"
    )
    rules = {
        "xs": "dsums · Wxᵀ at each step, dsums being what reaches the sums inside r, z and n",
        "h0": "what comes back from the first step",
        "Wx": "Σ xsᵀ · dsums over the steps",
        "Wh": "Σ hᵀ · dsums, n's being multiplied by r, over the steps",
        "bx": "Σ dsums over the batch and the steps",
        "bh": "Σ dsums, n's being multiplied by r, over the batch and the steps",
    }

    def __init__(self, *, reset: str = "after") -> None:
        self.reset = choice("reset", reset, RESETS)

    def new_step(self) -> GRUStep:
        return GRUStep(reset=self.reset)

    def forward(self, xs: Array, h0: Array, Wx: Array, Wh: Array, bx: Array, bh: Array) -> Array:
        return self.run(xs, h0, Wx, Wh, bx, bh)[0]

    def backward(self, dout: Array) -> tuple[Array, ...]:
        return self.run_back(dout)

    def step_option(self) -> str:
        return f", reset='{self.reset}'"
