"""The check of one node: its layer's contract and its gradients, at the run's values and around them.

``NodeCheck.findings`` is where a verdict is reached: ``lint`` collects what the rules say, ``gradients`` what the
numbers say of each input. One never hides the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from time import process_time

import numpy as np

from bptui.checking.blame import Blame, Cause
from bptui.checking.compare_arrays import AS_INTEGERS, copied
from bptui.checking.compare_gradients import Comparison, Gradients
from bptui.checking.contract import (
    DRAWS_AGAIN,
    IGNORES_DOUT,
    PART_WITHOUT_DOUT,
    RULES,
    LintPoint,
    draws,
    is_repeatable,
    lint,
)
from bptui.checking.diagnosis import Mistake
from bptui.checking.diagnosis.states import CHANGED_FIRST
from bptui.checking.fault import FaultError
from bptui.checking.finding import Finding, Verdict
from bptui.checking.node_findings import STEP_FUNCTION, NodeFindings
from bptui.checking.non_finite_value import non_finite_value
from bptui.checking.probe import Probe
from bptui.checking.random_sources import borrowed_random_state
from bptui.checking.sample_points import Places, ordinary, random_douts, shaken, small
from bptui.checking.several_outputs import through_each
from bptui.checking.small_deviation import small_deviation
from bptui.checking.subject import Subject
from bptui.checking.user_lines import UserLines
from bptui.checking.work import Work, finished
from bptui.errors import Location
from layers import Array

BUDGET = 24e6
"""What the differences of a node may cost at one point, roughly, in nanoseconds."""

LIGHT = 20_000
"""Elements of all inputs together; beyond, a layer is looked at in one other place only."""

PATIENT = 4.0
"""Seconds of the process's time after which a layer is looked at in no further place: those that loop are slow."""

AROUND: Sequence[tuple[Places, str]] = (
    (ordinary, "at ordinary values"),
    (shaken, "at values shaken a little"),
    (small, "at small values"),
)
"""Where a layer is looked at besides the run's own values."""

FAR_AWAY = frozenset(there for places, there in AROUND if places is not shaken)
"""What says that it is not near the run's own values."""

RIGHT_HERE = "right here, where dout is 1, and wrong as soon as anything follows that makes it another number"


def check_node(subject: Subject, *, is_whole: bool = False, keeps_rules: bool = False) -> tuple[Finding, ...]:
    """Return the findings on a node: one for each rule of the lint, and one for each input that takes a gradient.

    Every element of small inputs is looked at, and of large ones a sample and a random direction through all of them;
    with ``is_whole`` every element of all. With ``keeps_rules`` the layer is taken to keep every rule, as one of its
    kind was found to do, and its gradients are looked at where the run is.
    """
    with borrowed_random_state(), np.errstate(all="ignore"):
        budget = np.inf if is_whole else BUDGET
        check = partial(NodeCheck, budget=budget, keeps_rules=keeps_rules)
        return finished(through_each(subject, lambda view: check(view).findings()))


class NodeCheck:
    """One check of one node: its findings by rule and by input, the first failure of each standing."""

    def __init__(self, subject: Subject, budget: float, *, keeps_rules: bool = False) -> None:
        self.subject = subject
        self.budget = budget
        self.keeps_rules = keeps_rules
        self.probe = Probe(subject)
        self.end = process_time() + PATIENT
        self.told = NodeFindings(self.probe)
        self.lint: dict[tuple[str, str | None], Finding] = {}
        self.gradients: dict[int, Finding] = {}
        self.far_away: dict[int, Finding] = {}

    def findings(self) -> Work[tuple[Finding, ...]]:
        """Look at the layer everywhere and return what was found. NumPy's warnings are the caller's to silence."""
        if not self.subject.is_finite:
            reason = "an input is not finite here, so nothing can be measured"
            return (self.told.finding("finite", Verdict.SKIP, reason=reason),)
        try:
            self.settle_randomness()
            yield
            yield from self.check_point(self.subject.inputs, "here")
        except FaultError as fault:
            self.note(fault, "here")
        else:
            yield from self.check_elsewhere()
            kept = set(RULES) - {it.rule for it in self.lint.values()}
            self.lint |= {(rule, None): self.told.finding(rule, Verdict.PASS) for rule in kept}
        for position in self.subject.taking:
            self.gradients.setdefault(position, self.told.unchecked(position))
        lint = sorted(filter(self.is_told, self.lint.values()), key=lambda it: RULES.index(it.rule))
        return (*lint, *(self.gradients[at] for at in sorted(self.gradients)), *self.far_away.values())

    # Where to look.

    def settle_randomness(self) -> None:
        """Find out whether forward is repeatable, or becomes so when everything that draws stands still."""
        if self.keeps_rules:
            return
        if not draws(self.probe, self.subject.inputs) and is_repeatable(self.probe, self.subject.inputs):
            return
        self.probe.is_frozen = True
        if not is_repeatable(self.probe, self.subject.inputs):
            reason = "two forwards on the same inputs differ, so its gradient cannot be measured"
            raise FaultError("repeatable", reason, mistake="not repeatable")
        reason = "forward draws random numbers; checked with everything that draws standing still"
        self.lint["repeatable", None] = self.told.finding("repeatable", Verdict.SKIP, reason=reason)

    def check_elsewhere(self) -> Work[None]:
        """Look again at shaken and at ordinary values; where the layer is not defined there, that is not a fault."""
        if self.keeps_rules:
            return
        for places, there in self.around:
            if self.has_failed or self.is_step_function or process_time() > self.end:
                return
            inputs = self.defined(places)
            if inputs is not None:
                yield from self.check_if_defined(inputs, there)

    def check_if_defined(self, inputs: tuple[Array, ...], there: str) -> Work[None]:
        """Look at other values; a layer may refuse them."""
        try:
            yield from self.check_point(inputs, there)
        except FaultError as fault:
            if fault.rule != "raises":
                self.note(fault, there)

    def defined(self, places: Places) -> tuple[Array, ...] | None:
        """Return the first inputs at which forward gives nothing but numbers, None if it does nowhere."""
        for inputs in places(self.subject):
            try:
                if np.isfinite(self.probe.forward(inputs)).all():
                    return inputs
            except FaultError:
                continue
        return None

    def check_point(self, inputs: tuple[Array, ...], there: str) -> Work[None]:
        """Lint the layer at ``inputs`` and hold its gradients against differences."""
        visit = self.probe.visit(tuple([x.copy() for x in inputs]))
        if there == "here" and not self.subject.is_users:
            self.note_non_finite_value(visit.out)
        yield from self.lint_point(inputs, visit.out, there)
        yield
        if np.asarray(visit.handed).dtype.kind in "iub":
            self.judge_step_function(inputs, visit.out)
            return
        yield from self.compare_point(inputs, visit.out, there)

    def lint_point(self, inputs: tuple[Array, ...], out: Array, there: str) -> Work[None]:
        """Lint the layer; what it breaks keeps nobody from looking at its numbers."""
        if self.keeps_rules:
            return
        try:
            for fault in lint(LintPoint(self.probe, inputs, *random_douts(out))):
                if fault is None:
                    yield
                else:
                    self.note(fault, there)
        except FaultError as fault:
            if there == "here" or fault.rule != "raises":
                self.note(fault, there)

    def compare_point(self, inputs: tuple[Array, ...], out: Array, there: str) -> Work[None]:
        """Hold the gradient of each input against differences."""
        dout = np.ones_like(out) if self.is_cautioned else random_douts(out)[0]
        budget = self.budget if there == "here" else min(self.budget, BUDGET / 6)
        gradients = Gradients(self.probe, inputs, dout, budget=budget)
        yield
        compared = {}
        for position in self.subject.taking:
            if position in self.probe.unfit:
                continue
            if gradients.analytic[position] is None and self.subject.is_spared(position):
                gives_any = any(it is not None for it in gradients.analytic)
                self.gradients.setdefault(
                    position, self.told.needless(position) if gives_any else self.told.nothing(position)
                )
            else:
                compared[position] = yield from gradients.compare(position)
        for fault in self.probe.faults.values():
            self.note(fault, there)
        self.conclude(gradients, compared, there)

    # What is known.

    @property
    def is_light(self) -> bool:
        """Whether its arrays are so small that looking once more costs little."""
        return sum(x.size for x in self.subject.inputs) <= LIGHT

    @property
    def around(self) -> Sequence[tuple[Places, str]]:
        """Where else the layer is looked at."""
        if self.is_light:
            return AROUND
        return [it for it in AROUND if (it[0] is shaken) is self.subject.is_judged_nearby][:1]

    @property
    def has_failed(self) -> bool:
        """Whether the gradient of an input is known to be wrong."""
        return any(finding.verdict is Verdict.FAIL for finding in self.gradients.values())

    @property
    def is_step_function(self) -> bool:
        """Whether the layer's value is made of integers."""
        return any(finding.reason == STEP_FUNCTION for finding in self.gradients.values())

    @property
    def is_cautioned(self) -> bool:
        """Whether backward takes no notice of dout where that is 1 anyway."""
        return self.subject.is_last and self.broken("linear") in {IGNORES_DOUT, PART_WITHOUT_DOUT}

    def is_told(self, finding: Finding) -> bool:
        """Return whether a finding of the lint is told: not where it follows from a parameter that is changed first."""
        is_changed_first = any(it.mistake == CHANGED_FIRST for it in self.gradients.values())
        return not (is_changed_first and finding.verdict is Verdict.FAIL and finding.rule in FOLLOWS_A_CHANGE)

    def broken(self, rule: str) -> str | None:
        """Return the mistake by which a rule was broken, None if it was not."""
        return next((it.mistake for it in self.lint.values() if it.rule == rule and it.mistake), None)

    # What is concluded.

    def note(self, fault: FaultError, there: str) -> None:
        """Keep a fault, if none of its rule, and of its input where that matters, is known yet."""
        name = None if fault.position is None else self.subject.names[fault.position]
        key = fault.rule, name if fault.rule in PER_INPUT else None
        known = self.lint.get(key)
        if known is not None and (known.verdict is Verdict.FAIL or known.mistake == fault.mistake):
            return
        reason = fault.reason if there == "here" else f"{fault.reason} ({there})"
        is_caution = fault.is_caution
        if self.subject.is_last and fault.mistake in {IGNORES_DOUT, PART_WITHOUT_DOUT}:
            is_caution, reason = True, f"{reason}; {RIGHT_HERE}"
        self.lint[key] = self.told.finding(
            fault.rule,
            Verdict.SKIP if is_caution else Verdict.FAIL,
            position=fault.position,
            reason=reason,
            mistake=fault.mistake,
            where=fault.line or self.line_behind(fault),
        )

    def note_non_finite_value(self, out: Array) -> None:
        """Keep the caution about a value that is not finite; one of the user's own layers is looked into elsewhere."""
        fault = non_finite_value(self.probe, out)
        if fault is not None:
            self.note(fault, "here")

    def line_behind(self, fault: FaultError) -> Location | None:
        """Return the line of backward that breaks a rule about one input."""
        if fault.position is None or fault.rule not in PER_INPUT:
            return None
        if fault.rule == "mutates":
            return self.lines.of_write(fault.position)
        return self.lines.of_gradient(fault.position)

    @cached_property
    def lines(self) -> UserLines:
        """The lines of backward at the run's own values."""
        out = self.probe.forward(self.subject.inputs)
        return UserLines(self.probe, self.subject.inputs, random_douts(out)[0])

    def conclude(self, gradients: Gradients, compared: Mapping[int, Comparison], there: str) -> None:
        """Keep the verdict on each input; one from elsewhere only if it is a failure."""
        point = gradients.point
        blame = Blame(self.probe, gradients.inputs, point.dout, point.out, compared)
        for position, comparison in compared.items():
            cause = Cause()
            if comparison.verdict is Verdict.FAIL:
                cause = blame.cause(position, self.known_mistake(gradients, position))
                cause = cause._replace(mistake=cause.mistake or self.mistake_by_rule())
            elif there != "here":
                if comparison.verdict is Verdict.PASS and self.is_light:
                    self.find_small_deviation(blame, comparison, there)
                continue
            found = self.told.gradient(comparison, cause, there, is_cautioned=self.is_cautioned)
            if there in FAR_AWAY and self.subject.is_judged_nearby:
                mistake = found.mistake or "wrong elsewhere"
                told = replace(found, verdict=Verdict.SKIP, rule="value", input=None, slot="", mistake=mistake)
                self.far_away.setdefault(position, told)
            else:
                self.gradients[position] = found

    def find_small_deviation(self, blame: Blame, comparison: Comparison, there: str) -> None:
        """Find a deviation that is far below what counts, and is a multiple of an input all the same."""
        evidence = blame.evidence(comparison.position)
        mistake = small_deviation(evidence)
        if mistake is not None:
            cause = Cause(mistake, blame.lines.of_gradient(comparison.position))
            self.gradients[comparison.position] = self.told.gradient(
                comparison.as_failed(), cause, there, is_cautioned=self.is_cautioned
            )

    def known_mistake(self, gradients: Gradients, position: int) -> Mistake | None:
        """Return the mistake that the rules have shown already, or that shows without a look at the numbers."""
        if gradients.analytic[position] is None:
            return missing_gradient(self.subject, position)
        integers = [it for it in self.lint.values() if it.rule == "dtype" and it.mistake == AS_INTEGERS]
        if any(it.input == self.subject.names[position] for it in integers):
            return Mistake(
                AS_INTEGERS, "The numbers are cut to integers: a dtype of int, or an array made of integers."
            )
        if self.broken("draws-again") == DRAWS_AGAIN:
            return Mistake(DRAWS_AGAIN, "What is drawn in forward has to be kept on self, and used in backward.")
        if self.broken("linear") == IGNORES_DOUT and not self.is_cautioned:
            return self.ignored_dout(gradients, position)
        return None

    def mistake_by_rule(self) -> Mistake | None:
        """Return what the rules say of a gradient of which the numbers say nothing."""
        if self.is_cautioned:
            return None
        match self.broken("linear"):
            case str(name) if name == PART_WITHOUT_DOUT:
                return Mistake(name, "A part of the gradient is not multiplied by dout.")
            case str(name):
                return Mistake(
                    name, "The gradient does not follow dout: twice the dout has to give twice the gradient."
                )
        return None

    def ignored_dout(self, gradients: Gradients, position: int) -> Mistake | None:
        """Return the mistake of a gradient that takes no notice of dout; whether it is right for 1 is tried."""
        ones = Gradients(self.probe, gradients.inputs, np.ones_like(gradients.point.dout), budget=gradients.budget)
        if finished(ones.compare(position)).verdict is Verdict.FAIL:
            return Mistake(IGNORES_DOUT, "Backward must multiply by dout; it is not right where dout is 1, either.")
        return Mistake(IGNORES_DOUT, "Backward must multiply by dout: this is right only where dout happens to be 1.")

    def judge_step_function(self, inputs: tuple[Array, ...], out: Array) -> None:
        """Keep the verdict on a layer that gives integers: it has no slope, so backward must not claim one."""
        visit = self.probe.visit(tuple([x.copy() for x in inputs]))
        gradients = copied(self.probe.backward(visit.layer, np.ones_like(out)))
        for position in self.subject.taking:
            gradient = gradients[position]
            is_claimed = gradient is not None and bool(gradient.any())
            self.gradients[position] = (
                self.told.cut_value(position) if is_claimed else self.told.step_function(position)
            )


FOLLOWS_A_CHANGE = frozenset({"second-backward", "linear", "stale-cache"})
"""Rules that a backward breaks which changes a parameter before it uses it."""

PER_INPUT = frozenset({"gradients", "shape", "dtype", "mutates"})
"""Rules that are told of each input by itself."""


def missing_gradient(subject: Subject, position: int) -> Mistake:
    """Return the mistake of a gradient that somebody waits for and that is not there."""
    name = subject.called(position)
    if subject.is_held(position):
        return Mistake("no gradient found", f"No gradient of {name} was found: looked at {subject.sought[position]}.")
    return Mistake("returns None", f"Backward returns None for {name}, though the value moves with it.")
