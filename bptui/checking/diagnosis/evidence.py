"""What is known of a gradient that is wrong: both versions of it, and the layer, which can be asked for more.

A claim is tested before it is made: ``is_slope_at`` asks whether the gradient would be right if something else stood
in the place of an input or of dout, and ``jacobians`` has the local derivatives themselves.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bptui.checking.compare_arrays import copied, copies
from bptui.checking.diagnosis.jacobians import Jacobians, measure_jacobians
from bptui.checking.fault import FaultError
from bptui.checking.probe import Probe
from bptui.checking.subject import Subject
from layers import Array

CLOSE = 1e-3
"""How far numbers may be off that count as explained."""

STEP, COARSE_STEP = 2.0**-17, 2.0**-9
"""The step of differences, compared with the numbers' size; and that for layers that work in float32."""

NEARER = 0.05
"""How much nearer than to the right numbers backward's have to be to those that a mistake would give."""

DIRECTIONS = 3
"""Random directions along which a claim is tested."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Two gradients of one input that disagree, NaN in ``numeric`` where nothing was measured.

    ``others`` has what was measured for the other inputs, by position; ``dout`` is what went into backward, and
    ``trees`` are that and what it calls as they are written, if that can be read. ``step`` is that of differences.
    """

    probe: Probe
    inputs: tuple[Array, ...]
    position: int
    analytic: Array
    numeric: Array
    others: Mapping[int, Array]
    dout: Array
    out: Array
    trees: tuple[ast.FunctionDef, ...] = ()
    step: float = STEP

    @cached_property
    def right_already(self) -> Mapping[int, Array]:
        """What was measured for the other inputs whose gradients are right."""
        visit = self.probe.visit(copies(self.inputs))
        gradients = copied(self.probe.backward(visit.layer, self.dout.copy()))
        pairs = ((at, gradients[at], numeric) for at, numeric in self.others.items())
        return {at: numeric for at, got, numeric in pairs if got is not None and is_measured(got, numeric)}

    def dout_like(self, out: Array) -> Array:
        """Return a dout for another value: a random one, or ones where backward takes those for granted."""
        takes_ones = bool((self.dout == 1).all())
        return np.ones_like(out) if takes_ones else np.random.default_rng(5).uniform(0.5, 2, out.shape)

    @property
    def subject(self) -> Subject:
        """The layer at its node."""
        return self.probe.subject

    @property
    def x(self) -> Array:
        """The input whose gradient is wrong."""
        return self.inputs[self.position]

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.subject.called(self.position)

    @cached_property
    def seen(self) -> NDArray[np.bool_]:
        """Where a slope was measured."""
        return np.asarray(np.isfinite(self.numeric))

    @cached_property
    def deviation(self) -> Array:
        """How far backward's numbers are off, 0 where nothing was measured."""
        return np.where(self.seen, self.analytic - np.where(self.seen, self.numeric, 0), 0)

    @cached_property
    def is_off(self) -> NDArray[np.bool_]:
        """Where backward's numbers are off by more than a trifle."""
        scale = float(np.abs(self.numeric[self.seen]).max(initial=0))
        close = np.isclose(self.analytic, self.numeric, rtol=CLOSE, atol=CLOSE * scale)
        return np.asarray(self.seen & ~close)

    def agrees(self, wrong: Array) -> bool:
        """Return whether what backward gave is ``wrong``, as far as can be seen, and not merely near to it."""
        if np.shape(wrong) != self.analytic.shape:
            return False
        seen = self.seen & np.isfinite(wrong)
        a, b, right = self.analytic[seen], np.asarray(wrong)[seen], self.numeric[seen]
        scale = float(np.abs(b).max(initial=0))
        if not seen.any() or not scale > 0 or not np.isfinite(a).all():
            return False
        is_nearer = np.abs(a - b).max() <= NEARER * np.abs(a - right).max()
        return bool(is_nearer and np.allclose(a, b, rtol=CLOSE, atol=CLOSE * scale))

    @cached_property
    def jacobians(self) -> Jacobians | None:
        """The local derivatives as forward has them and as backward does, None where that would take too long."""
        return measure_jacobians(self.probe, self.inputs, self.position, self.dout, self.analytic)

    @cached_property
    def directions(self) -> Sequence[tuple[Array, float]]:
        """Random directions through all elements, and how far backward is off along each."""
        draw = np.random.default_rng(17)
        found = []
        for _ in range(DIRECTIONS):
            v = draw.uniform(0.5, 1, self.x.shape) * (draw.integers(0, 2, self.x.shape) * 2 - 1)
            off = self.off_along(self.inputs, self.dout, v)
            found.append((v, np.inf if off is None else off))
        return found

    def is_slope_at(self, inputs: tuple[Array, ...], dout: Array | None = None) -> bool:
        """Return whether backward's gradient would be right for other inputs, or for another dout.

        It has to be right along a few random directions, and to be clearly wrong there for what it was given.
        """
        for v, off_here in self.directions:
            size = float(np.sqrt(((v * self.analytic) ** 2).sum()))
            off = self.off_along(inputs, self.dout if dout is None else dout, v)
            if off is None or not off <= min(1e-4 * size, NEARER * off_here):
                return False
        return True

    def off_along(self, inputs: tuple[Array, ...], dout: Array, v: Array) -> float | None:
        """Return how far backward's gradient is from the slope of forward at ``inputs`` along ``v``."""
        size = max(1.0, float(np.abs(inputs[self.position]).max(initial=0)))
        slope = self.slope_along(inputs, dout, v, self.step * size)
        return None if slope is None else abs(slope - float((v * self.analytic).sum()))

    def slope_along(self, inputs: tuple[Array, ...], dout: Array, v: Array, step: float) -> float | None:
        """Return the slope of forward along ``v``, None where it has none."""
        x = inputs[self.position]
        try:
            above, below = (self.probe.forward(self.with_input(inputs, x + sign * v)) for sign in (step, -step))
        except FaultError:
            return None
        if above.shape != dout.shape or below.shape != dout.shape:
            return None
        slope = float((dout * (above - below)).sum()) / (2 * step)
        return slope if np.isfinite(slope) else None

    def with_input(self, inputs: tuple[Array, ...], x: Array, position: int | None = None) -> tuple[Array, ...]:
        """Return ``inputs`` with one of them replaced, the one in question if ``position`` does not say another."""
        at = self.position if position is None else position
        return (*inputs[:at], x, *inputs[at + 1 :])

    def gradient(self, probe: Probe, inputs: tuple[Array, ...], dout: Array) -> Array | None:
        """Return what backward gives for the input in question, None where it breaks down."""
        try:
            visit = probe.visit(copies(inputs))
            return copied(probe.backward(visit.layer, dout.copy()))[self.position]
        except FaultError:
            return None

    def with_option(self, name: str, value: float) -> Evidence | None:
        """Return the evidence with an option of the layer changed, None where it refuses."""
        if self.subject.remade is None:
            return None
        remade = self.subject.remade
        subject = replace(self.subject, make=lambda: remade({name: value}))
        probe = Probe(subject, is_frozen=self.probe.is_frozen)
        gradient = self.gradient(probe, self.inputs, self.dout)
        try:
            out = probe.forward(self.inputs)
        except FaultError:
            return None
        return None if gradient is None else replace(self, probe=probe, analytic=gradient, out=out)

    def measured(
        self,
        probe: Probe,
        inputs: tuple[Array, ...],
        dout: Array,
        places: NDArray[np.intp],
        *,
        step: float | None = None,
    ) -> Array | None:
        """Return the slopes of forward at some elements of the input in question, by flat places."""
        slopes = [self.slope_at_place(probe, inputs, dout, int(place), step or self.step) for place in places]
        return None if any(slope is None for slope in slopes) else np.array(slopes, np.float64)

    def slope_at_place(
        self, probe: Probe, inputs: tuple[Array, ...], dout: Array, place: int, step: float
    ) -> float | None:
        """Return the slope of forward in one element."""
        v = np.zeros(inputs[self.position].shape)
        v.reshape(-1)[place] = 1
        size = max(1.0, abs(float(inputs[self.position].reshape(-1)[place])))
        return replace(self, probe=probe).slope_along(inputs, dout, v, step * size)


def is_measured(gradient: Array, numeric: Array) -> bool:
    """Return whether a gradient is what was measured, as far as anything was."""
    seen = np.isfinite(numeric)
    if gradient.shape != numeric.shape or not seen.any():
        return False
    scale = float(np.abs(numeric[seen]).max())
    return bool(np.allclose(gradient[seen], numeric[seen], rtol=1e-4, atol=1e-5 * scale))


def numbers_of(options: Mapping[str, Any]) -> dict[str, float]:
    """Return the options that are plain numbers."""
    return {
        name: float(value)
        for name, value in options.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)
    }
