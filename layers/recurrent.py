"""Recurrent layers: they read a sequence step by step, always with the same weights, and remember it in a state h.

A step is a layer of its own. Over time, a layer is a chain of steps, one for each place in the sequence; on the way
back the gradient of h goes from step to step, and what the steps give to the weights that they share adds up.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from layers.layer import Array, Layer, Shape, floating
from layers.linear import as_rows


class RNNStep(Layer):
    """One step of a simple recurrent network, ``out = tanh(x · Wx + h · Wh + b)``, out being the next h.

    Shapes: x (..., D), h (..., H), Wx (D, H), Wh (H, H), b (H,) → (..., H). What tanh lets through of ``dout``,
    ``da = dout × (1 - out²)``, goes back through both products and to the bias (Saito, vol. 2, ch. 5.3.1).
    Raises ValueError where shapes do not fit.
    """

    symbol = "rnn step"
    formula = "tanh(x · Wx + h · Wh + b)"
    rules = {
        "x": "(dout × (1 - out²)) · Wxᵀ",
        "h": "(dout × (1 - out²)) · Whᵀ",
        "Wx": "xᵀ · (dout × (1 - out²))",
        "Wh": "hᵀ · (dout × (1 - out²))",
        "b": "Σ dout × (1 - out²) over the batch",
    }

    def out_shape(self, x: Shape, h: Shape, Wx: Shape, Wh: Shape, b: Shape) -> Shape:
        require_step(x, h, Wx, Wh, b, gates=1)
        return h

    def forward(self, x: Array, h: Array, Wx: Array, Wh: Array, b: Array) -> Array:
        x, h, Wx, Wh, b = map(floating, (x, h, Wx, Wh, b))
        self.out_shape(x.shape, h.shape, Wx.shape, Wh.shape, b.shape)
        self.x, self.h, self.Wx, self.Wh = x, h, Wx, Wh
        self.out = np.tanh(x @ Wx + h @ Wh + b)
        return self.out

    def backward(self, dout: Array) -> tuple[Array, Array, Array, Array, Array]:
        da = dout * (1 - self.out * self.out)
        dWx = as_rows(self.x).T @ as_rows(da)
        dWh = as_rows(self.h).T @ as_rows(da)
        return da @ self.Wx.T, da @ self.Wh.T, dWx, dWh, as_rows(da).sum(axis=0)

    def expansion(self, *shapes: Shape) -> Mapping[str, str]:  # noqa: ARG002  (it is the same for all)
        return {"from_x": "x @ Wx", "from_h": "h @ Wh", "sum": "from_x + from_h + b", "out": "Tanh(sum)"}


class Unrolled(Layer):
    """What layers over time have in common: a step for each place in the sequence, which hands the next one its state.

    Shapes: xs (..., T, D), h0 (..., H), weights as a step has them → hs (..., T, H), the h after each step. The state
    is h alone, or h and what else a step remembers.
    """

    states: ClassVar[tuple[str, ...]] = ("h",)
    """What the state is made of, h first."""

    @abstractmethod
    def new_step(self) -> Any:
        """Return a step, of which each place in the sequence has its own."""

    def out_shape(self, xs: Shape, *others: Shape) -> Any:
        require_sequence(xs)
        self.new_step().out_shape((*xs[:-2], xs[-1]), *others)
        hs = (*xs[:-1], others[0][-1])
        return hs if len(self.states) == 1 else (hs, *others[: len(self.states)])

    def run(self, xs: Array, *others: Array) -> tuple[Array, ...]:
        """Return hs, and the state after the last step, given the first state and the weights."""
        xs, *given = map(floating, (xs, *others))
        self.out_shape(xs.shape, *[it.shape for it in given])
        state, weights = tuple(given[: len(self.states)]), given[len(self.states) :]
        self.xs, self.first, self.weights = xs, state, weights
        hs = np.empty((*xs.shape[:-1], state[0].shape[-1]), dtype=np.result_type(xs, *given))
        self.steps = [self.new_step() for _ in range(xs.shape[-2])]
        for t, step in enumerate(self.steps):
            state = as_tuple(step.forward(xs[..., t, :], *state, *weights))
            hs[..., t, :] = state[0]
        return hs, *state

    def run_back(self, dhs: Array, *dlast: Array) -> tuple[Array, ...]:
        """Return the gradients of xs, the first state and the weights, given those of hs and the last state."""
        dxs = np.empty(self.xs.shape, dtype=dhs.dtype)
        dstate: Sequence[Array] = dlast or [np.zeros(it.shape, dtype=dhs.dtype) for it in self.first]
        dweights = [np.zeros(it.shape, dtype=dhs.dtype) for it in self.weights]
        for t, step in reversed(list(enumerate(self.steps))):
            dh, *dothers = dstate
            dxs[..., t, :], *gradients = step.backward(dhs[..., t, :] + dh, *dothers)
            dstate, shares = gradients[: len(self.states)], gradients[len(self.states) :]
            dweights = [dweight + share for dweight, share in zip(dweights, shares, strict=True)]
        return dxs, *dstate, *dweights

    def expansion(self, xs: Shape, *others: Shape) -> Mapping[str, str]:  # noqa: ARG002  (a step knows their shapes)
        """Return a formula for each place in the sequence, and one for its step.

        The last h is part of hs: as an output of its own it is another node, with a gradient of its own.
        """
        if not xs[-2]:
            raise ValueError(f"xs of shape {xs} has no places, and so there are no steps to show")
        step, places, formulas = type(self.new_step()).__name__, xs[-2], {}
        weights = [*self.rules][1 + len(self.states) :]
        before = [f"{name}0" for name in self.states]
        for t in range(1, places + 1):
            ends = self.outputs if t == places else ()
            after = [name if name in ends and name != self.states[0] else f"{name}{t}" for name in self.states]
            place = f"Slice(xs, axis=-2, start={t - 1}, stop={t})"
            formulas[f"x{t}"] = f"Reshape({place}, shape={[*xs[:-2], xs[-1]]})"
            formulas[", ".join(after)] = f"{step}({', '.join([f'x{t}', *before, *weights])}{self.step_option()})"
            before = after
        hs = [name.split(", ")[0] for name in formulas if not name.startswith("x")]
        last = {it: f"1 * {it}{places}" for it in self.states[:1] if it in self.outputs}
        return formulas | {"hs": f"Stack({', '.join(hs)}, axis=-2)"} | last

    def step_option(self) -> str:
        """Return how a formula goes on that makes a step like these."""
        return ""


class RNN(Unrolled):
    """A simple recurrent network over time: one RNNStep for each place in a sequence.

    Shapes: xs (..., T, D), h0 (..., H), Wx (D, H), Wh (H, H), b (H,) → hs (..., T, H), the h after each step. At each
    step on the way back, ``dout`` of that h and what comes back from the next step add up (backpropagation through
    time; Saito, vol. 2, ch. 5.3.2). Raises ValueError where shapes do not fit.
    """

    symbol = "rnn"
    formula = "tanh(xs · Wx + h · Wh + b) step by step, the first h being h0"
    rules = {
        "xs": "da · Wxᵀ at each step, da being (dout + dh from the next step) × (1 - out²)",
        "h0": "da · Whᵀ of the first step",
        "Wx": "Σ xsᵀ · da over the steps",
        "Wh": "Σ hᵀ · da over the steps",
        "b": "Σ da over the batch and the steps",
    }

    def new_step(self) -> RNNStep:
        return RNNStep()

    def forward(self, xs: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> Array:
        return self.run(xs, h0, Wx, Wh, b)[0]

    def backward(self, dout: Array) -> tuple[Array, ...]:
        return self.run_back(dout)


def as_tuple(value: Any) -> tuple[Array, ...]:
    """Return what a step gives back as a tuple, also where it is a single array."""
    return value if isinstance(value, tuple) else (value,)


def require_step(x: Shape, h: Shape, Wx: Shape, Wh: Shape, *biases: Shape, gates: int) -> None:
    """Raise ValueError where the inputs of a step with so many ``gates`` do not fit each other."""
    if not x or not h or x[:-1] != h[:-1]:
        raise ValueError(f"x of shape {x} and h of shape {h} must have features on the last axis and the same batch")
    sums = gates * h[-1]
    for name, W, features in (("Wx", Wx, x[-1]), ("Wh", Wh, h[-1])):
        if (features, sums) != W:
            raise ValueError(f"{name} must be of shape {(features, sums)} for x {x} and h {h}, not {W}")
    for b in biases:
        if b != (sums,):
            raise ValueError(f"a bias must be of shape {(sums,)} for h of shape {h}, not {b}")


def require_sequence(xs: Shape) -> None:
    """Raise ValueError where ``xs`` is not a sequence."""
    if len(xs) < 2:
        raise ValueError(f"xs must have an axis of time and one of features, and is of shape {xs}")
