"""What is behind a gradient that is wrong: the kind of mistake, and the line of the user's file that makes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from typing import NamedTuple

import numpy as np

from bptui.checking.compare_gradients import Comparison
from bptui.checking.diagnosis import Evidence, Mistake, recognise
from bptui.checking.diagnosis.evidence import COARSE_STEP, STEP
from bptui.checking.diagnosis.jacobians import MOST
from bptui.checking.fault import FaultError
from bptui.checking.probe import Probe
from bptui.checking.sample_points import confirming, random_douts
from bptui.checking.source_look import Unused
from bptui.checking.user_lines import UserLines
from bptui.errors import Where
from layers import Array

UNEXPLAINED = (FaultError, ArithmeticError, ValueError, IndexError)
"""What ends the search for an explanation: arrays of odd shapes and values, for which no claim was thought of."""


class Cause(NamedTuple):
    """Why a gradient is wrong, as far as it is known: the mistake, and the line."""

    mistake: Mistake | None = None
    where: Where | None = None


@dataclass(frozen=True, eq=False)
class Blame:
    """Looks for what is behind the failures at one point: at ``inputs``, for ``dout``, where forward gives ``out``."""

    probe: Probe
    inputs: tuple[Array, ...]
    dout: Array
    out: Array
    compared: Mapping[int, Comparison]

    @cached_property
    def lines(self) -> UserLines:
        """The lines of backward; a loss's dout is 1, so that what is multiplied by it can be told apart."""
        return UserLines(self.probe, self.inputs, np.ones_like(self.dout) if self.dout.size == 1 else self.dout)

    @property
    def step(self) -> float:
        """The step of the differences that claims are tested by."""
        return COARSE_STEP if any(it.grain for it in self.compared.values()) else STEP

    def cause(self, position: int, known: Mistake | None = None) -> Cause:
        """Return what is behind the failure of an input's gradient; ``known`` is what is known already."""
        mistake = known or self.recognised(position)
        where = self.lines.of_gradient(position)
        unused = self.lines.unused
        if not unused:
            return Cause(mistake, where)
        if mistake is None:
            line = Where(where.path, unused[0].line) if where else None
            return Cause(Mistake("computed and not used", unused_sentence(unused)), line)
        return Cause(mistake._replace(advice=f"{mistake.advice} {unused_sentence(unused)}"), where)

    def recognised(self, position: int) -> Mistake | None:
        """Return the known mistake that explains the failure; None also where that would take too long to find."""
        try:
            with self.probe.limited():
                return recognise(self.evidence(position), partial(self.elsewhere, position))
        except UNEXPLAINED:
            return None

    def evidence(self, position: int) -> Evidence:
        """Return the evidence at the point of the failure."""
        comparison = self.compared[position]
        others = {at: it.numeric for at, it in self.compared.items() if at != position}
        return Evidence(
            self.probe,
            self.inputs,
            position,
            comparison.analytic,
            comparison.numeric,
            others,
            self.dout,
            self.out,
            self.lines.trees,
            self.step,
        )

    def elsewhere(self, position: int) -> Evidence | None:
        """Return evidence at other values where the gradient is wrong, too; None if there are no such, or too many."""
        if position not in self.others:
            found = (self.evidence_at(inputs, position) for inputs in self.other_inputs())
            self.others[position] = next((it for it in found if it is not None and it.is_off.any()), None)
        return self.others[position]

    @cached_property
    def others(self) -> dict[int, Evidence | None]:
        """The evidence from elsewhere, as far as it was looked for."""
        return {}

    def other_inputs(self) -> Iterator[tuple[Array, ...]]:
        """Yield inputs at which to try whether a claim holds."""
        return chain.from_iterable(places(self.probe.subject) for places in confirming)

    def evidence_at(self, inputs: tuple[Array, ...], position: int) -> Evidence | None:
        """Return evidence at other inputs, None where the layer is not defined, or too large to be measured again."""
        x = inputs[position]
        if x.size > MOST:
            return None
        try:
            out = self.probe.forward(inputs)
        except FaultError:
            return None
        if not np.isfinite(out).all():
            return None
        dout = random_douts(out)[1]
        bare = Evidence(self.probe, inputs, position, x, x, {}, dout, out, self.lines.trees, self.step)
        gradient = bare.gradient(self.probe, inputs, dout)
        numeric = self.measured(bare, position)
        if gradient is None or numeric is None or gradient.shape != x.shape:
            return None
        others = {at: self.measured(bare, at) for at in self.compared if at != position and inputs[at].shape == x.shape}
        known = {at: it for at, it in others.items() if it is not None}
        return Evidence(self.probe, inputs, position, gradient, numeric, known, dout, out, self.lines.trees, self.step)

    def measured(self, evidence: Evidence, position: int) -> Array | None:
        """Return the slopes in every element of an input."""
        x = evidence.inputs[position]
        at = Evidence(self.probe, evidence.inputs, position, x, x, {}, evidence.dout, evidence.out, (), self.step)
        slopes = at.measured(self.probe, evidence.inputs, evidence.dout, np.arange(x.size))
        return None if slopes is None else slopes.reshape(x.shape)


def unused_sentence(unused: tuple[Unused, ...]) -> str:
    """Return in a sentence what is computed and not used."""
    names = [f"`{it.name}` (line {it.line})" for it in unused[:3]]
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} computed and not used."
