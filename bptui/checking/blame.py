"""What is behind a gradient that is wrong: the kind of mistake, and the line of the user's file that makes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain
from typing import NamedTuple

import numpy as np

from bptui.checking.compare_gradients import Comparison
from bptui.checking.diagnosis import Evidence, Mistake, recognise
from bptui.checking.diagnosis.contributions import contributions_left_out
from bptui.checking.diagnosis.elements import NOTHING
from bptui.checking.diagnosis.evidence import COARSE_STEP, STEP
from bptui.checking.diagnosis.jacobians import MOST
from bptui.checking.diagnosis.local_derivatives import LEFT_OUT
from bptui.checking.fault import FaultError
from bptui.checking.function_source import Unused
from bptui.checking.probe import Probe
from bptui.checking.repair.edit import TRIED, Edit
from bptui.checking.repair.edit import places as code_places
from bptui.checking.repair.edits_of_factors import guesses, is_changeable
from bptui.checking.repair.edits_of_two import edits_of_two
from bptui.checking.repair.frozen_uses import missing_uses
from bptui.checking.repair.named_values import FunctionKey, NamedKinds, named_kinds
from bptui.checking.repair.repaired import first_right, mended_forward, repaired
from bptui.checking.repair.sensitivity import Sensitivity, gradients_at
from bptui.checking.repair.tries import Tries
from bptui.checking.repair.user_function import UserFunction
from bptui.checking.sample_points import confirming, random_douts
from bptui.checking.user_lines import UserLines
from bptui.errors import Location
from layers import Array

UNEXPLAINED = (FaultError, ArithmeticError, ValueError, IndexError)
"""What ends the search for an explanation: arrays of odd shapes and values, for which no claim was thought of."""

SHOWS_IN_LINES = frozenset({"a use is missing", "contributions overwritten"})
"""Mistakes that look like others in the numbers alone."""

DOUBTFUL = SHOWS_IN_LINES | {
    "a factor for each output",
    "another axis than forward",
    "constant factor",
    "elements left out",
    "half",
    LEFT_OUT,
    NOTHING,
    "one of many used",
    "only the first of a loop",
    "only the last of a loop",
    "twice",
    "local derivative twice",
    "value for derivative",
    "wrong mask",
    "x where y belongs",
}
"""Mistakes that the numbers show, and behind which another may be that the user's lines tell."""


KNOWN_WORK, GUESSED_WORK = 800_000, 1_200_000
"""What edits of known kinds may cost for an input, and guesses for a node, as ``UserLines.cost`` has it."""

LOST_IN_LOOPS = frozenset({"contributions overwritten", "only the first of a loop", "only the last of a loop"})


class Cause(NamedTuple):
    """Why a gradient is wrong, as far as it is known: the mistake, and the line."""

    mistake: Mistake | None = None
    where: Location | None = None


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
    def takes_ones(self) -> bool:
        """Whether backward takes a dout of ones for granted, as that of a loss may."""
        return bool((self.dout == 1).all())

    @property
    def step(self) -> float:
        """The step of the differences that claims are tested by."""
        return COARSE_STEP if any(it.grain for it in self.compared.values()) else STEP

    def cause(self, position: int, known: Mistake | None = None) -> Cause:
        """Return what is behind the failure of an input's gradient; ``known`` is what is known already."""
        mistake, line = (known, None) if known else self.recognised(position)
        where = line or self.lines.of_gradient(position)
        unused = self.lines.unused
        if not unused:
            return Cause(mistake, where)
        if mistake is None:
            line = Location(where.path, unused[0].line) if where else None
            return Cause(Mistake("computed and not used", unused_sentence(unused)), line)
        return Cause(mistake._replace(advice=f"{mistake.advice} {unused_sentence(unused)}"), where)

    def recognised(self, position: int) -> Cause:
        """Return the mistake that explains the failure, with its line where mending that has shown it.

        What the numbers show is told at once where no other mistake looks like that; otherwise the user's lines are
        tried first. Nothing is known of what would take too long to find.
        """
        try:
            with self.probe.limited():
                evidence = self.evidence(position)
                seen = recognise(evidence, partial(self.elsewhere, position))
                if seen is not None and seen.name not in DOUBTFUL:
                    return Cause(seen)
                others = [it for it in (self.elsewhere(position),) if it is not None]
                mended = self.mended(evidence, others)
        except UNEXPLAINED:
            return Cause()
        where = self.lines.of_gradient(position)
        if seen is not None and mended and mended.where and where and mended.where.path != where.path:
            return Cause(seen)  # a helper can be bent so that it makes good what is wrong elsewhere
        if (
            seen is not None
            and mended is not None
            and mended.mistake is not None
            and same_mistake(seen, mended.mistake)
        ):
            return mended._replace(mistake=seen._replace(advice=f"{seen.advice} {tried(mended.mistake)}".strip()))
        if self.is_refuted(seen):
            return mended or Cause(contributions_left_out(evidence))
        return mended or Cause(seen)

    def mended(self, evidence: Evidence, others: Sequence[Evidence]) -> Cause | None:
        """Return the mistake that was undone by an edit of the user's functions; None if no edit makes it right."""
        for found in self.explanations(evidence, others):
            if found is not None:
                return Cause(found) if isinstance(found, Mistake) else self.cause_by(found)
        return None

    def explanations(self, evidence: Evidence, others: Sequence[Evidence]) -> Iterator[Edit | Mistake | None]:
        """Yield what each way to explain the numbers by the user's lines comes to, the surest first."""
        functions, forward = self.functions_at(evidence.position), self.lines.forward_functions
        yield first_right(evidence, others, iter(self.edits), self.known_tries())
        yield repaired(evidence, functions, others, self.known_tries(), forward=forward)
        for together in (1, 2):
            yield missing_uses(evidence, forward, others, together=together)
        yield mended_forward(evidence, forward, others)
        yield self.guessed(evidence, others)
        yield first_right(evidence, others, edits_of_two(code_places(functions)), self.known_tries())

    def guessed(self, evidence: Evidence, others: Sequence[Evidence]) -> Edit | None:
        """Return the edit that puts in something which was left out, and makes the gradient right."""
        known = code_places(self.functions_at(evidence.position))
        changeable = [it for it in known if is_changeable(it)]
        chosen = self.sensitivity.promising(changeable, evidence, self.guessed_tries)
        edits = guesses(known, code_places(self.lines.forward_functions), chosen, self.kinds(evidence))
        return first_right(evidence, others, edits, self.guessed_tries)

    def known_tries(self) -> Tries:
        """Return how many edits of known kinds are tried for an input."""
        return Tries(KNOWN_WORK // self.lines.cost)

    @cached_property
    def guessed_tries(self) -> Tries:
        """How many guesses are made for all inputs of the node."""
        return Tries(GUESSED_WORK // self.lines.cost)

    @cached_property
    def sensitivity(self) -> Sensitivity:
        """What another number in each place of the user's functions does."""
        return Sensitivity()

    def kinds(self, evidence: Evidence) -> Mapping[FunctionKey, NamedKinds]:
        """Return what the names of the user's functions stand for."""
        other = replace(evidence, dout=evidence.dout * 0.7)
        return named_kinds(lambda: gradients_at(evidence), lambda: gradients_at(other))

    def functions_at(self, position: int) -> list[UserFunction]:
        """Return the functions that made a gradient, first those of the file in which it was made last."""
        where = self.lines.of_gradient(position)
        return sorted(self.lines.functions, key=lambda it: where is None or it.path != where.path)

    @cached_property
    def edits(self) -> list[Edit]:
        """The edits that have made other inputs' gradients right: what is wrong may be wrong for all of them."""
        return []

    def cause_by(self, edit: Edit) -> Cause:
        """Return the mistake that an edit undoes."""
        self.edits.append(edit)
        owner = edit.changes[0].owner
        return Cause(Mistake(edit.mistake, edit.advice), Location(owner.path, edit.line))

    def is_refuted(self, mistake: Mistake | None) -> bool:
        """Return whether a mistake that would show in the user's lines was looked for there, and was not found."""
        return mistake is not None and mistake.name in SHOWS_IN_LINES and bool(self.lines.functions)

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
        dout = np.ones_like(out) if self.takes_ones else random_douts(out)[1]
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


def same_mistake(seen: Mistake, mended: Mistake) -> bool:
    """Return whether an edit has undone what was seen: what is left out of a product is a factor.

    Of zeros only a loop that loses what it has can be told apart; whatever else an edit brings was left out.
    """
    if seen.name == NOTHING:
        return mended.name not in LOST_IN_LOOPS
    return mended.name == seen.name or (seen.name == LEFT_OUT and mended.name.startswith("a factor "))


def tried(mistake: Mistake) -> str:
    """Return what an advice says of an edit that was tried, without what it says of the kind of mistake."""
    _, found, rest = mistake.advice.partition(TRIED)
    return found + rest


def unused_sentence(unused: tuple[Unused, ...]) -> str:
    """Return in a sentence what is computed and not used."""
    names = [f"`{it.name}` (line {it.line})" for it in unused[:3]]
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} computed and not used."
