"""Inputs in which a layer is a straight line, as matrix products and sums are: one step to one side measures those.

Whether it is one is found out by large random moves: a curve bends under them and a kink shows, however close it is.
"""

from __future__ import annotations

import numpy as np

from bptui.checking.numeric.directions import Bundle
from bptui.checking.numeric.finite_differences import EPSILON, Point, Slopes, power_of_two, propagated_error
from layers import Array

MANY = 64
"""Columns from which on it pays to find out."""

STRAIGHT = 1e-12
"""How far, compared with the outputs, a straight line may seem bent: what rounding does to long sums."""


def is_affine(point: Point, position: int) -> bool:
    """Return whether the output follows one input in a straight line, whichever way that is moved."""
    x, out = point.inputs[position], point.out
    one, two = (large_move(x, seed) for seed in (11, 12))
    up, down, aside, both = (out_after_move(point, position, by) for by in (one, -one, two, one + two))
    if not up.shape == down.shape == aside.shape == both.shape == out.shape:
        return False
    size = max(float(np.abs(it).max(initial=0)) for it in (up, down, aside, both, out))
    bent = max(float(np.abs(it).max(initial=0)) for it in (up + down - 2 * out, up + aside - both - out))
    return bent <= STRAIGHT * size


def out_after_move(point: Point, position: int, by: Array) -> Array:
    """Return the output after a move of one input."""
    x = point.inputs[position] + by
    return point.forward((*point.inputs[:position], x, *point.inputs[position + 1 :]))


def large_move(x: Array, seed: int) -> Array:
    """Return a move of every element by about its own size, or by 1 where that is more, either way."""
    draw = np.random.default_rng(seed).uniform(-1, 1, x.shape)
    return np.asarray((draw + np.copysign(1, draw)) * np.maximum(np.abs(x), 1))


def measure_straight(point: Point, bundle: Bundle, noise: Array) -> Slopes:
    """Return the slopes along straight lines; ``noise`` is that of a step of 1."""
    steps = power_of_two(np.maximum(bundle.reach, 1))
    slope = bundle.total(point.dout * (point.forward(bundle.moved(steps)) - point.out)) / steps
    return Slopes(steps, slope, slope, slope, slope, slope, noise / steps + EPSILON * np.abs(slope))


def rounding_noise(point: Point, bundle: Bundle) -> Array:
    """Return the rounding error of slopes measured with a step of 1."""
    return propagated_error(point, bundle, 4 * point.rounding)
