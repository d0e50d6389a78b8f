"""How coarse a layer's value is: the noise that it really has, found from differences of differences along a line.

A function that is smooth leaves nothing of its fourth differences at tiny steps; what is left is rounding, as
Hamming's table shows it (Moré and Wild, "Estimating computational noise", 2011).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bptui.checking.numeric.bisection import random_direction
from bptui.checking.numeric.finite_differences import Point
from layers import Array

STEPS = (2.0**-19, 2.0**-23)
"""Steps of a few of float32's last digits, compared with the numbers' size: what is cut to float32 moves at each.

Noise is as large at one as at the other; a bend or kink is not.
"""

SAMPLES = 9
ORDER = 4
SCALE = 24**2 / 40320
"""(4!)² / 8!: what the square of a fourth difference of noise has to be multiplied by."""

FINE = 2.0**-38
"""Noise below this, compared with the value, is what float64 has after long sums, and is known of anyway."""


def grain_of(point: Point) -> Array:
    """Return for each element of the value how coarse it is; 0 where it has the digits of float64.

    Looked at with steps of the inputs' own size and with steps of 1: small inputs may move nothing by themselves.
    """
    own = [direction(x, x, at) for at, x in enumerate(point.inputs)]
    unit = [direction(x, np.ones(x.shape), at) for at, x in enumerate(point.inputs)]
    return np.fmax(grain_along(point, own), grain_along(point, unit))


def direction(x: Array, like: Array, at: int) -> Array | None:
    """Return a way for the input ``x`` to go that is of the size of ``like``, None for what is no float."""
    return random_direction(like, 3 + at) if x.dtype.kind == "f" else None


def grain_along(point: Point, moves: Sequence[Array | None]) -> Array:
    """Return for each element of the value how coarse it is along one line."""
    near, nearer = (samples_at(point, moves, step) for step in STEPS)
    if near is None or nearer is None:
        return np.zeros(point.out.shape)
    large, small = noise_of(near), noise_of(nearer)
    scale = np.fmax(np.abs(point.out), point.size)
    is_coarse = (large > FINE * scale) & (small > large / 8)
    rough = np.where(is_coarse & point.is_number, 4 * np.fmax(large, small), 0)
    return np.fmax(rough, digit_of_float32(point.out) if is_float32(np.array([near, nearer])) else 0)


def samples_at(point: Point, moves: Sequence[Array | None], step: float) -> Array | None:
    """Return samples of the value at multiples of one step, None where its shape changes.

    The point itself is none of them: a kink close to it would part it from the others at either step.
    """
    values = []
    for sample in range(1, SAMPLES + 1):
        pairs = zip(point.inputs, moves, strict=True)
        out = point.forward(tuple([x if v is None else x + sample * step * v for x, v in pairs]))
        if out.shape != point.out.shape:
            return None
        values.append(out)
    return np.array(values)


def noise_of(samples: Array) -> Array:
    """Return the noise of each element of the value, from samples at equal steps."""
    differences = np.diff(samples, n=ORDER, axis=0)
    with np.errstate(all="ignore"):
        return np.asarray(np.nan_to_num(np.sqrt(SCALE * np.mean(differences**2, axis=0))))


def is_float32(samples: Array) -> bool:
    """Return whether a value that moves has no more digits than float32 in any sample.

    Where it is saturated it does not move at all, and differences of differences find no noise in it.
    """
    with np.errstate(all="ignore"):
        is_cut = np.array_equal(samples, samples.astype(np.float32), equal_nan=True)
    return bool(is_cut and (np.nan_to_num(samples) != np.nan_to_num(samples[:1, :1])).any())


def digit_of_float32(value: Array) -> Array:
    """Return the size of float32's last digit in each element."""
    return np.asarray(np.nan_to_num(np.abs(value), posinf=0.0) * float(np.finfo(np.float32).eps))
