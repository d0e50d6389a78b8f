"""The local derivatives of a small layer, row by row: as differences of forward have them, and as backward does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from time import process_time
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bptui.checking.compare_arrays import copied, copies
from bptui.checking.fault import FaultError
from bptui.checking.probe import Probe
from layers import Array

Mask: TypeAlias = NDArray[np.bool_]

MOST = 400
"""Elements of the input, and of the output, for which all local derivatives are worth looking at."""

LONGEST = 4.0
"""Seconds that this may take: layers that loop in Python are slow."""

STEP = 2.0**-17

SMALL = 1e-6
"""Derivatives that count as none, compared with the largest."""


class TooMuchError(Exception):
    """There is no Jacobian to be had, or it would take too long."""


@dataclass(frozen=True, eq=False)
class Jacobians:
    """∂out/∂x with a row for each element of the output and a column for each of the input, twice.

    ``forward`` is what differences say, ``backward`` what backward gives for a dout that is 1 in one place.
    """

    shape: tuple[int, ...]
    out_shape: tuple[int, ...]
    forward: Array
    backward: Array

    @cached_property
    def scale(self) -> float:
        """The largest derivative about."""
        return max(float(np.abs(self.forward).max(initial=0)), float(np.abs(self.backward).max(initial=0)))

    @cached_property
    def is_there(self) -> Mask:
        """Where forward has a derivative."""
        return np.asarray(np.abs(self.forward) > SMALL * self.scale)

    @cached_property
    def is_given(self) -> Mask:
        """Where backward gives one."""
        return np.asarray(np.abs(self.backward) > SMALL * self.scale)

    @cached_property
    def is_right(self) -> Mask:
        """Where both agree."""
        return np.asarray(np.isclose(self.forward, self.backward, rtol=1e-3, atol=SMALL * self.scale))

    @property
    def is_lost(self) -> Mask:
        """Where forward has one and backward gives none."""
        return self.is_there & ~self.is_given

    @property
    def is_square(self) -> bool:
        """Whether output and input have the same shape."""
        return self.shape == self.out_shape


def measure_jacobians(
    probe: Probe, inputs: tuple[Array, ...], position: int, dout: Array, gradient: Array
) -> Jacobians | None:
    """Return both Jacobians of a layer in one input; None if it is large or slow, or if its backward is not linear."""
    x = inputs[position]
    if not 0 < x.size <= MOST or not 0 < dout.size <= MOST:
        return None
    end = process_time() + LONGEST
    try:
        backward = backward_rows(probe, inputs, position, dout.shape, end)
        forward = forward_columns(probe, inputs, position, dout.shape, end)
    except (FaultError, TooMuchError):
        return None
    promised = (dout.reshape(-1) @ backward).reshape(x.shape)
    if not (np.isfinite(forward).all() and np.isfinite(backward).all()):
        return None
    if not np.allclose(promised, gradient, rtol=1e-6, atol=1e-9 * float(np.abs(gradient).max(initial=0))):
        return None
    return Jacobians(x.shape, dout.shape, forward, backward)


def backward_rows(probe: Probe, inputs: tuple[Array, ...], position: int, shape: tuple[int, ...], end: float) -> Array:
    """Return what backward gives for each dout that is 1 in one place."""
    rows = np.zeros((int(np.prod(shape)), inputs[position].size))
    for place in range(len(rows)):
        if process_time() > end:
            raise TooMuchError
        unit = np.zeros(shape)
        unit.reshape(-1)[place] = 1
        visit = probe.visit(copies(inputs))
        gradient = copied(probe.backward(visit.layer, unit))[position]
        if gradient is None or gradient.size != rows.shape[1]:
            raise TooMuchError
        rows[place] = gradient.reshape(-1)
    return rows


def forward_columns(
    probe: Probe, inputs: tuple[Array, ...], position: int, shape: tuple[int, ...], end: float
) -> Array:
    """Return the slopes of every element of the output in every element of the input."""
    x = inputs[position]
    columns = np.zeros((int(np.prod(shape)), x.size))
    for place in range(x.size):
        if process_time() > end:
            raise TooMuchError
        step = STEP * max(1.0, abs(float(x.reshape(-1)[place])))
        columns[:, place] = (
            out_after_step(probe, inputs, position, place, step) - out_after_step(probe, inputs, position, place, -step)
        ).reshape(-1) / (2 * step)
    return columns


def out_after_step(probe: Probe, inputs: tuple[Array, ...], position: int, place: int, step: float) -> Array:
    """Return the output after a step in one element."""
    x = inputs[position].copy()
    x.reshape(-1)[place] += step
    return probe.forward((*inputs[:position], x, *inputs[position + 1 :]))
