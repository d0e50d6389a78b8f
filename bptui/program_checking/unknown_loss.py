"""A call back that is handed no gradient, as a whole network's ``backward(X, y)`` is: what it is the gradient of.

Its forward returns a prediction, and the loss stands in nobody's code but in the formula of the gradient. Where that is
a usual loss of the prediction and of what else the call back is handed, it shows in the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bptui.own_layers.own_layer import TARGETS
from bptui.program_checking.called_again import CalledAgain
from layers import Array

STEP = 2.0**-17
MOST_ELEMENTS = 12
"""Elements of a gradient that are measured to find the loss, and the step for that."""

FEWEST = 3
"""Elements of a gradient that a loss is known by: one factor fits fewer by chance."""


def sum_of_squares(y: Array, t: Array) -> float:
    """Return the sum of squared differences."""
    return float(np.sum((y - t) ** 2))


def cross_entropy_of(p: Array, t: Array) -> float:
    """Return the cross entropy of probabilities and a distribution, summed."""
    return float(-np.sum(np.where(t == 0, 0, t * np.log(p))))


def binary_cross_entropy_of(p: Array, t: Array) -> float:
    """Return the cross entropy of probabilities and zeros or ones, summed."""
    return cross_entropy_of(p, t) + cross_entropy_of(1 - p, 1 - t)


LOSSES: Mapping[str, Callable[[Array, Array], float]] = {
    "the sum of squared differences": sum_of_squares,
    "the cross entropy": cross_entropy_of,
    "the binary cross entropy": binary_cross_entropy_of,
}


class SupposedLoss(NamedTuple):
    """A loss that a call back may be the gradient of: its ``name``, with ``factor``, of the value and of ``target``."""

    name: str
    target: str
    of: Callable[[Array], float]
    factor: float = 1.0


class WithLoss:
    """A watched call as a layer that returns a loss: what its call back is the gradient of, if it is right."""

    def __init__(self, again: CalledAgain, loss: SupposedLoss) -> None:
        self.again = again
        self.loss = loss

    @property
    def owner(self) -> Any:
        """The person's object."""
        return self.again.owner

    def forward(self, *given: Any) -> Any:
        """Return the loss of what the forward makes of some values."""
        return np.float64(self.loss.factor * self.loss.of(np.asarray(self.again.forward(*given), np.float64)))

    def backward(self, *_: Any) -> Any:
        """Return the gradient of each value, which no dout is handed to."""
        return self.again.backward(*map(np.ones_like, self.again.outs))


def likeliest_loss(make: Callable[[], CalledAgain], values: Sequence[Array]) -> SupposedLoss | None:
    """Return the usual loss that most of a call back's gradients are those of, None where it is that of none."""
    again = make()
    out = np.asarray(again.forward(*values), np.float64)
    gradients = again.backward(*map(np.ones_like, again.outs))
    known = {at: np.array(it, np.float64) for at, it in enumerate(gradients) if tells_of_factor(it, values[at])}
    best, most = None, 0
    for target, t in supposed_targets(again, out):
        for name, of in LOSSES.items():
            loss = SupposedLoss(name, target, lambda y, of=of, t=t: of(y, t))  # type: ignore[misc]
            pairs = [measured_pair(make, loss, values, at, it) for at, it in known.items()]
            for factor in (float(np.vdot(one, other) / np.vdot(other, other)) for one, other in pairs if other.any()):
                many = sum(
                    np.allclose(one, factor * other, rtol=1e-3, atol=1e-4 * np.abs(one).max()) for one, other in pairs
                )
                if many > most:
                    best, most = loss._replace(factor=factor), many
    return best


def tells_of_factor(gradient: Any, value: Array) -> bool:
    """Return whether something is the gradient of a value, and has so many elements that it tells of a factor."""
    shape = np.shape(gradient)
    return gradient is not None and shape == value.shape and value.size >= FEWEST and bool(np.any(gradient))


def measured_pair(
    make: Callable[[], CalledAgain], loss: SupposedLoss, values: Sequence[Array], position: int, gradient: Array
) -> tuple[Array, Array]:
    """Return some elements of the gradient of a value, and the slopes of a loss there."""
    places = np.unique(np.linspace(0, gradient.size - 1, MOST_ELEMENTS).astype(int))
    slopes = [slope_at(make, loss, values, position, place) for place in places]
    return gradient.ravel()[places], np.nan_to_num(slopes)


def slope_at(
    make: Callable[[], CalledAgain], loss: SupposedLoss, values: Sequence[Array], position: int, place: int
) -> float:
    """Return the slope of a loss in one element of a value."""
    ends = []
    for step in (STEP, -STEP):
        moved = [np.array(it) for it in values]
        moved[position].flat[place] += step
        ends.append(WithLoss(make(), loss).forward(*moved))
    return float(ends[0] - ends[1]) / (2 * STEP)


def supposed_targets(again: CalledAgain, out: Array) -> Iterator[tuple[str, Array]]:
    """Yield what the prediction may be held against, by name: of its shape, or labels made into distributions."""
    found = {name: it for name, it in again.arguments.items() if name in TARGETS}
    if again.kept_back is not None:
        _, arguments = again.kept_back.forward_copy()
        names = [name for name in again.kept_back.inputs if name != again.kept_back.cache]
        found |= {name: arguments[name] for name, role in zip(names, again.values.roles, strict=False) if not role}
    for name, it in found.items():
        t = np.asarray(it)
        if t.shape == out.shape:
            yield name, t.astype(np.float64)
        elif t.dtype.kind in "iu" and out.ndim == 2 and t.size == len(out) and t.min() >= 0 and t.max() < out.shape[1]:
            yield name, np.eye(out.shape[1])[t.ravel()]
