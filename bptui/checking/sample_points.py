"""Where a layer is looked at: at the run's own values, at values shaken a little, and at ordinary ones.

Zeros, ones, symmetric or saturated values make wrong formulas come out right. What fails only elsewhere fails too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from inspect import unwrap
from typing import TypeAlias

import numpy as np

from bptui.checking.subject import Subject
from bptui.own_layers.own_layer import TARGETS
from layers import Array

LOGARITHMS = frozenset({"log", "log2", "log10"})

Places: TypeAlias = Callable[[Subject], Iterator[tuple[Array, ...]]]
"""What yields inputs to try, the best first."""


def shaken(subject: Subject) -> Iterator[tuple[Array, ...]]:
    """Yield inputs nearby, first with zeros moved either way, then with every sign kept."""
    for sign in (-1.0, 1.0):
        yield subject.changed(subject.inputs, partial(shake, draw=np.random.default_rng(3), sign=sign))


def ordinary(subject: Subject) -> Iterator[tuple[Array, ...]]:
    """Yield inputs of size 1, first with signs of their own, then with those of the run.

    A loss of probabilities is looked at with probabilities: beyond them it may be anything.
    """
    if is_of_probabilities(subject):
        yield subject.changed(subject.inputs, partial(probable, draw=np.random.default_rng(4)))
    for is_free in (True, False):
        yield subject.changed(subject.inputs, partial(usual, draw=np.random.default_rng(4), is_free=is_free))


def small(subject: Subject) -> Iterator[tuple[Array, ...]]:
    """Yield inputs well below 1, where what saturates, clips or switches at 1 does not."""
    for inputs in ordinary(subject):
        yield subject.changed(inputs, lambda x: x[..., ::-1] / 5 if x.ndim else x / 5)


def unlike(subject: Subject) -> Iterator[tuple[Array, ...]]:
    """Yield inputs of size 1 once more, others than the ordinary ones, to see whether a claim holds."""
    if is_of_probabilities(subject):
        yield subject.changed(subject.inputs, partial(probable, draw=np.random.default_rng(5)))
    for is_free in (True, False):
        yield subject.changed(subject.inputs, partial(usual, draw=np.random.default_rng(5), is_free=is_free))


confirming: tuple[Places, ...] = (unlike, shaken)
"""Where a claim is tried that was made at other values."""


def random_douts(out: Array) -> tuple[Array, Array]:
    """Return two douts of the output's shape, between 0.5 and 2 in size; where one is positive the other is not."""
    draw = np.random.default_rng(20240)
    sign = draw.integers(0, 2, out.shape) * 2 - 1
    return draw.uniform(0.5, 2, out.shape) * sign, -draw.uniform(0.5, 2, out.shape) * sign


def shake(x: Array, draw: np.random.Generator, sign: float) -> Array:
    """Return ``x`` with each number moved by up to a fifth, and each zero by up to a tenth of the typical size."""
    typical = float(np.sqrt(np.mean(np.square(x)))) if x.size else 0.0
    if not 0 < typical < np.inf:
        typical = 1.0
    amount = draw.uniform(0.05, 0.2, x.shape)
    either = np.where(draw.integers(0, 2, x.shape) == 1, 1.0, sign)
    return np.where(x == 0, 0.5 * typical * amount * either, x * (1 + amount * (draw.integers(0, 2, x.shape) * 2 - 1)))


def is_of_probabilities(subject: Subject) -> bool:
    """Return whether a loss is given nothing beyond 0 and 1 where it takes a gradient.

    A loss stands at the end, has targets, or takes logarithms.
    """
    has_targets = any(slot.lower() in TARGETS for slot in subject.slots)
    is_loss = subject.is_last or has_targets or takes_logarithms(subject)
    taking = [subject.inputs[position] for position in subject.taking]
    return is_loss and bool(taking) and all(bool(((x >= 0) & (x <= 1)).all()) for x in taking)


def takes_logarithms(subject: Subject) -> bool:
    """Return whether a function of the user's speaks of a logarithm."""
    codes = (getattr(unwrap(it), "__code__", None) for it in subject.functions)
    return any(not LOGARITHMS.isdisjoint(code.co_names) for code in codes if code is not None)


def probable(x: Array, draw: np.random.Generator) -> Array:
    """Return numbers between 0 and 1, some way off either."""
    return draw.uniform(0.1, 0.9, x.shape)


def usual(x: Array, draw: np.random.Generator, *, is_free: bool) -> Array:
    """Return numbers between 0.4 and 1.6 in size."""
    size = draw.uniform(0.4, 1.6, x.shape)
    sign = draw.integers(0, 2, x.shape) * 2 - 1
    return size * (sign if is_free else np.where(x == 0, 1, np.sign(x)))
