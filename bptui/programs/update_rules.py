"""The rule by which a program updates its parameters, recognised by the numbers: gradient descent, or with momentum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from bptui.core.optimizer import SGD, Momentum, Optimizer
from layers import Array

MOST_DIGITS = 15
"""Of a learning rate as a person writes it."""

MOST_CHANGES = 40
"""Updates that a rule is recognised by; those after them are held against it."""

COARSENESS = 8
"""Last digits by which a sum may differ that was made in another order."""


class ParameterChange(NamedTuple):
    """One update of one parameter: what it was, what it is, by which gradient, and what changed the time before."""

    before: Array
    after: Array
    gradient: Array
    earlier: Array | None = None

    @property
    def difference(self) -> Array:
        """By what it changed."""
        return self.after - self.before

    @property
    def tolerance(self) -> Array:
        """How much its elements are uncertain by rounding."""
        eps = np.finfo(self.after.dtype).eps if self.after.dtype.kind == "f" else np.finfo(float).eps
        return COARSENESS * eps * (np.abs(self.before) + np.abs(self.after) + np.abs(self.gradient))


class RuleSearch:
    """The ``rule`` that all updates so far follow, None where it is not plain: each is looked at when it comes."""

    def __init__(self) -> None:
        self.rule: Optimizer | None = None
        self.changes: list[ParameterChange] = []

    def add(self, change: ParameterChange) -> None:
        """Look at one more update: it may follow the rule, or be one of the first, from which that is recognised."""
        is_early = len(self.changes) < MOST_CHANGES
        if is_early:
            self.changes.append(change)
        if self.rule is not None and follows_rule(change, self.rule):
            return
        self.rule = recognise_rule(self.changes) if is_early else None


def follows_rule(change: ParameterChange, rule: Optimizer) -> bool:
    """Return whether an update follows a rule that was recognised."""
    with np.errstate(all="ignore"):
        match rule:
            case SGD(lr=lr):
                return follows(change, lr, 0.0)
            case Momentum(lr=lr, momentum=momentum):
                return follows(change, lr, momentum)
    return False


def recognise_rule(changes: Sequence[ParameterChange]) -> Optimizer | None:
    """Return the rule that all updates follow; None where they follow none that is plain, or there are none."""
    first = next((it for it in changes if it.earlier is None and it.gradient.any()), None)
    if first is None:
        return None
    with np.errstate(all="ignore"):
        lr = shortest_factor(-first.difference, first.gradient, lambda lr: follows(first, lr, 0.0))
        if lr is None:
            return None
        if all(follows(it, lr, 0.0) for it in changes):
            return SGD(lr)
        momentum = momentum_of(changes, lr)
        if momentum is not None and momentum < 1 and all(follows(it, lr, momentum) for it in changes):
            return Momentum(lr, momentum)
    return None


def momentum_of(changes: Sequence[ParameterChange], lr: float) -> float | None:
    """Return the share of the change before that goes into an update."""
    for it in changes:
        if it.earlier is not None and it.earlier.any():
            moved = it.difference + lr * it.gradient
            return shortest_factor(moved, it.earlier, lambda share, it=it: follows(it, lr, share))  # type: ignore[misc]
    return None


def shortest_factor(multiple: Array, of: Array, fits: Callable[[float], bool]) -> float | None:
    """Return the positive number, as short as a person writes it, by which an array is a multiple of another."""
    place = int(np.abs(of).argmax())
    ratio = float(multiple.flat[place] / of.flat[place])
    if not (np.isfinite(ratio) and ratio > 0):
        return None
    numbers = (float(f"{ratio:.{digits}g}") for digits in range(1, MOST_DIGITS + 1))
    return next((number for number in numbers if fits(number)), None)


def follows(change: ParameterChange, lr: float, momentum: float) -> bool:
    """Return whether an update is ``W ← W + momentum × (change before) - lr × dW``."""
    step = -lr * change.gradient
    if momentum and change.earlier is not None:
        step = step + momentum * change.earlier
    return bool((np.abs(change.before + step - change.after) <= change.tolerance).all())


def learning_rate_of(change: ParameterChange) -> float | None:
    """Return the learning rate that an update follows, None where it follows none."""
    if not change.gradient.any() or change.gradient.shape != change.before.shape:
        return None
    with np.errstate(all="ignore"):
        return shortest_factor(-change.difference, change.gradient, lambda lr: follows(change, lr, 0.0))
