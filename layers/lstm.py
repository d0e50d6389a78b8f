"""Long short-term memory: beside its state h, a step keeps a cell c, which it forgets and adds to, and so leaves whole.

From one c to the one before, a gradient is only multiplied by the forget gate; where that is near 1, it survives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from layers.layer import Array, Layer, Shape, floating
from layers.linear import as_rows
from layers.recurrent import Unrolled, require_step
from layers.smooth_activation import logistic

GATES = "ifgo"
"""The input gate, the forget gate, the candidate for the cell, and the output gate: PyTorch's order, and Keras's."""


class LSTMStep(Layer):
    """One step of an LSTM, ``c_next = f × c + i × g`` and ``h_next = o × tanh(c_next)``.

    The gates i, f and o are the sigmoid, and the candidate g is the hyperbolic tangent, of their own columns of
    ``x · Wx + h · Wh + b``, which stand in the order of the letters of ``gates``. Shapes: x (..., D), h and c (..., H),
    Wx (D, 4H), Wh (H, 4H), b (4H,) → h_next and c_next (..., H).

    The cell gets ``dc_next`` and, through tanh, its share of ``dh_next``; of that ``dc`` is what f lets through. All
    gates' sums together are one Affine layer (Hochreiter and Schmidhuber 1997; Gers et al. 2000; Saito, vol. 2,
    ch. 6.3). Raises ValueError where shapes do not fit, and for other ``gates``.
    """

    symbol = "lstm step"
    formula = (
        "h_next = o × tanh(c_next); "
        "c_next = f × c + i × g, where i, f, o are σ and g is tanh of their columns of x · Wx + h · Wh + b"
    )
    rules = {
        "x": "dsums · Wxᵀ, dsums being what reaches the sums inside the gates",
        "h": "dsums · Whᵀ, dsums being what reaches the sums inside the gates",
        "c": "(dc_next + dh_next × o × (1 - tanh(c_next)²)) × f",
        "Wx": "xᵀ · dsums",
        "Wh": "hᵀ · dsums",
        "b": "Σ dsums over the batch",
    }
    outputs = ("h_next", "c_next")

    def __init__(self, *, gates: str = GATES) -> None:
        self.gates = in_some_order("gates", gates, GATES)

    def out_shape(self, x: Shape, h: Shape, c: Shape, Wx: Shape, Wh: Shape, b: Shape) -> tuple[Shape, Shape]:
        require_step(x, h, Wx, Wh, b, gates=4)
        if c != h:
            raise ValueError(f"h and c must have the same shape, not {h} and {c}")
        return h, c

    def forward(self, x: Array, h: Array, c: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, Array]:
        x, h, c, Wx, Wh, b = map(floating, (x, h, c, Wx, Wh, b))
        self.out_shape(x.shape, h.shape, c.shape, Wx.shape, Wh.shape, b.shape)
        self.x, self.h, self.c, self.Wx, self.Wh = x, h, c, Wx, Wh
        sums = dict(zip(self.gates, np.split(x @ Wx + h @ Wh + b, 4, axis=-1), strict=True))
        self.i, self.f, self.o = logistic(sums["i"]), logistic(sums["f"]), logistic(sums["o"])
        self.g = np.tanh(sums["g"])
        c_next = self.f * c + self.i * self.g
        self.tanh_c = np.tanh(c_next)
        return self.o * self.tanh_c, c_next

    def backward(self, dh_next: Array, dc_next: Array) -> tuple[Array, ...]:
        i, f, g, o = self.i, self.f, self.g, self.o
        dcell = dc_next + dh_next * o * (1 - self.tanh_c * self.tanh_c)
        dgates = {
            "i": dcell * g * i * (1 - i),
            "f": dcell * self.c * f * (1 - f),
            "g": dcell * i * (1 - g * g),
            "o": dh_next * self.tanh_c * o * (1 - o),
        }
        dsums = np.concatenate([dgates[gate] for gate in self.gates], axis=-1)
        dWx = as_rows(self.x).T @ as_rows(dsums)
        dWh = as_rows(self.h).T @ as_rows(dsums)
        return dsums @ self.Wx.T, dsums @ self.Wh.T, dcell * f, dWx, dWh, as_rows(dsums).sum(axis=0)

    def expansion(self, *shapes: Shape) -> Mapping[str, str]:  # noqa: ARG002  (it is the same for all)
        """Return formulas in which c_next stands apart from the cell, whose gradient is that of h_next's as well."""
        return {
            "sums": "x @ Wx + h @ Wh + b",
            ", ".join(f"sum_{gate}" for gate in self.gates): "Split(sums, axis=-1, parts=4)",
            "i": "Sigmoid(sum_i)",
            "f": "Sigmoid(sum_f)",
            "g": "Tanh(sum_g)",
            "o": "Sigmoid(sum_o)",
            "kept": "f * c",
            "added": "i * g",
            "cell": "kept + added",
            "squashed": "Tanh(cell)",
            "h_next": "o * squashed",
            "c_next": "1 * cell",
        }


class LSTM(Unrolled):
    """Long short-term memory over time: one LSTMStep for each place in a sequence, all with the same weights.

    Shapes: xs (..., T, D), h0 and c0 (..., H), weights as LSTMStep has them → hs (..., T, H), the h after each step,
    and h and c (..., H) after the last. On the way back the gradients of h and of c go from step to step (Saito,
    vol. 2, ch. 6.3.2). Raises ValueError where shapes do not fit, and for other ``gates``.
    """

    symbol = "lstm"
    formula = (
        "hs = o × tanh(cell) step by step, from h0 and c0 on, where i, f, g and o are LSTMStep's of xs, Wx, Wh and b; "
        "h = the last of hs; c = the last cell, each being f × cell + i × g"
    )
    rules = {
        "xs": "dsums · Wxᵀ at each step, dsums being what reaches the sums inside its gates",
        "h0": "dsums · Whᵀ of the first step",
        "c0": "what the forget gates let through, step by step",
        "Wx": "Σ xsᵀ · dsums over the steps",
        "Wh": "Σ stateᵀ · dsums over the steps, state being what each began with",
        "b": "Σ dsums over the batch and the steps",
    }
    outputs = ("hs", "h", "c")
    states = ("h", "c")

    def __init__(self, *, gates: str = GATES) -> None:
        self.gates = in_some_order("gates", gates, GATES)

    def new_step(self) -> LSTMStep:
        return LSTMStep(gates=self.gates)

    def forward(self, xs: Array, h0: Array, c0: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, ...]:
        return self.run(xs, h0, c0, Wx, Wh, b)

    def backward(self, dhs: Array, dh: Array, dc: Array) -> tuple[Array, ...]:
        return self.run_back(dhs, dh, dc)

    def step_option(self) -> str:
        return f", gates='{self.gates}'"


def in_some_order(name: str, value: Any, letters: str) -> str:
    """Return ``value``, which has each of the ``letters`` once. Raises ValueError for anything else."""
    if not isinstance(value, str) or sorted(value) != sorted(letters):
        raise ValueError(f"{name} must have each of the letters {letters} once, not {value!r}")
    return value
