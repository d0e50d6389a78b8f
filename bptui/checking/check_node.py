"""The check of one node: its layer's contract and its gradients, at the run's values and around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bptui.checking.compare_gradients import Comparison, Gradients
from bptui.checking.contract import RULES, Lint, is_repeatable
from bptui.checking.diagnosis import Evidence, Mistake, recognise
from bptui.checking.finding import Finding, Verdict
from bptui.checking.probe import FaultError, Probe, borrowed_random_state
from bptui.checking.sample_points import Places, ordinary, shaken, small
from bptui.checking.subject import Subject
from bptui.checking.work import Work, finished
from layers import Array

BUDGET = 24e6
"""What the differences of a node may cost at one point, roughly, in nanoseconds."""

LIGHT = 20_000
"""Elements of all inputs together; beyond, a layer is looked at in one other place only."""

AROUND: Sequence[tuple[Places, str]] = (
    (ordinary, "at ordinary values"),
    (shaken, "at values shaken a little"),
    (small, "at small values"),
)
"""Where a layer is looked at besides the run's own values."""

IGNORED = Mistake("ignores dout", "Backward must multiply by dout: this is right only where dout happens to be 1.")

FLAW = "right at the run's own values, but not {there}"


def check_node(subject: Subject, *, is_whole: bool = False) -> tuple[Finding, ...]:
    """Return the findings on a node: one for each rule of the lint, and one for each input that takes a gradient.

    Every element of small inputs is looked at, and of large ones a sample and a random direction through all of them;
    with ``is_whole`` every element of all.
    """
    with borrowed_random_state(), np.errstate(all="ignore"):
        return finished(NodeCheck(subject, np.inf if is_whole else BUDGET).findings())


class NodeCheck:
    """One check of one node: its findings by rule and by input, the first failure of each standing."""

    def __init__(self, subject: Subject, budget: float) -> None:
        self.subject = subject
        self.budget = budget
        self.probe = Probe(subject)
        self.lint: dict[str, Finding] = {}
        self.gradients: dict[int, Finding] = {}

    def findings(self) -> Work[tuple[Finding, ...]]:
        """Look at the layer everywhere and return what was found. NumPy's warnings are the caller's to silence."""
        subject = self.subject
        if not subject.is_finite:
            return (
                self.finding("finite", Verdict.SKIP, reason="an input is not finite here, so nothing can be measured"),
            )
        try:
            self.settle_randomness()
            yield
            yield from self.look(subject.inputs, "here")
        except FaultError as fault:
            self.note(fault, "here")
        else:
            yield from self.look_around()
            for rule in RULES:
                self.lint.setdefault(rule, self.finding(rule, Verdict.PASS))
        for position in subject.taking:
            self.gradients.setdefault(position, self.unchecked(position))
        lint = sorted(self.lint.values(), key=lambda it: RULES.index(it.rule))
        return (*lint, *(self.gradients[at] for at in sorted(self.gradients)))

    def settle_randomness(self) -> None:
        """Find out whether forward is repeatable, or becomes so when NumPy's random numbers stand still."""
        if is_repeatable(self.probe, self.subject.inputs):
            return
        self.probe.is_frozen = True
        if not is_repeatable(self.probe, self.subject.inputs):
            reason = "two forwards on the same inputs differ, so its gradient cannot be measured"
            raise FaultError("repeatable", reason, mistake="not repeatable")
        reason = "forward draws random numbers; checked with NumPy's global ones standing still"
        self.lint["repeatable"] = self.finding("repeatable", Verdict.SKIP, reason=reason)

    def look_around(self) -> Work[None]:
        """Look again at shaken and at ordinary values; where the layer is not defined there, that is not a fault."""
        for places, there in AROUND if self.is_light else AROUND[:1]:
            if any(finding.verdict is Verdict.FAIL for finding in self.gradients.values()):
                return
            inputs = self.defined(places)
            if inputs is not None:
                yield from self.look_there(inputs, there)

    def look_there(self, inputs: tuple[Array, ...], there: str) -> Work[None]:
        """Look at other values; a layer may refuse them."""
        try:
            yield from self.look(inputs, there)
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

    def look(self, inputs: tuple[Array, ...], there: str) -> Work[None]:
        """Lint the layer at ``inputs`` and hold its gradients against differences."""
        out = self.probe.forward(tuple([x.copy() for x in inputs]))
        dout, other = random_douts(out)
        for fault in Lint(self.probe, inputs, dout, other).faults():
            if fault is None:
                yield
            else:
                self.note(fault, there)
        yield
        gradients = Gradients(
            self.probe, inputs, dout, budget=self.budget if there == "here" else min(self.budget, BUDGET / 6)
        )
        yield
        compared = {}
        for position in self.subject.taking:
            if gradients.analytic[position] is None and self.subject.is_spared(position):
                self.gradients.setdefault(position, self.needless(position))
            else:
                compared[position] = yield from gradients.compare(position)
        for comparison in compared.values():
            self.conclude(gradients, comparison, compared, there)

    @property
    def is_light(self) -> bool:
        """Whether its arrays are so small that looking once more costs little."""
        return sum(x.size for x in self.subject.inputs) <= LIGHT

    @property
    def ignores_dout(self) -> bool:
        """Whether the lint has seen that backward takes no notice of dout."""
        return "linear" in self.lint and self.lint["linear"].mistake == IGNORED.name

    def note(self, fault: FaultError, there: str) -> None:
        """Keep a fault, if none of its rule is known yet."""
        if fault.rule in self.lint and self.lint[fault.rule].verdict is Verdict.FAIL:
            return
        reason = fault.reason if there == "here" else f"{fault.reason} ({there})"
        self.lint[fault.rule] = self.finding(
            fault.rule, Verdict.FAIL, position=fault.position, reason=reason, mistake=fault.mistake
        )

    def conclude(
        self, gradients: Gradients, comparison: Comparison, compared: dict[int, Comparison], there: str
    ) -> None:
        """Keep the verdict on one input; one from elsewhere only if it is a failure."""
        position, verdict = comparison.position, comparison.verdict
        if there != "here" and verdict is not Verdict.FAIL:
            return
        mistake = None
        if verdict is Verdict.FAIL:
            others = {i: it.numeric for i, it in compared.items() if i != position}
            point = gradients.point
            inputs = self.subject.at(gradients.inputs)
            evidence = Evidence(
                inputs, position, comparison.analytic, comparison.numeric, others, point.dout, point.out
            )
            if gradients.analytic[position] is None:
                mistake = missing_gradient(self.subject, position)
            else:
                mistake = IGNORED if self.ignores_dout else recognise(evidence)
        self.gradients[position] = self.gradient_finding(comparison, mistake, there)

    def gradient_finding(self, comparison: Comparison, mistake: Mistake | None, there: str) -> Finding:
        """Return the finding on one input's gradient."""
        worst = comparison.worst
        is_lost = worst is not None and comparison.verdict is Verdict.FAIL and not np.isfinite(worst.analytic)
        standing = comparison.standing_out
        return self.finding(
            "finite" if is_lost else "gradient",
            comparison.verdict,
            position=comparison.position,
            worst=worst,
            reason=self.reason(comparison, there),
            mistake=mistake.name if mistake else None,
            advice=mistake.advice if mistake else None,
            ladder=standing[0].rungs(standing[1]) if standing and comparison.verdict is not Verdict.PASS else (),
        )

    def reason(self, comparison: Comparison, there: str) -> str:
        """Return in a sentence why the verdict is what it is."""
        elsewhere = "" if there == "here" else f", {FLAW.format(there=there)}"
        match comparison.verdict:
            case Verdict.FAIL:
                name = self.subject.called(comparison.position)
                return f"backward's gradient of {name} is not the slope of forward{elsewhere}"
            case Verdict.KINK:
                return "a kink: the slopes on its two sides differ, and backward's lies between them"
            case Verdict.SKIP:
                return "forward has no finite slope here"
        return "" if comparison.is_whole else "a sample of the elements, and one direction through all of them"

    def needless(self, position: int) -> Finding:
        """Return the finding on data that is given no gradient."""
        reason = f"backward gives {self.subject.called(position)} no gradient, and none is needed: it is data"
        return self.finding("gradient", Verdict.PASS, position=position, reason=reason)

    def unchecked(self, position: int) -> Finding:
        """Return the finding on an input that could not be looked at."""
        return self.finding(
            "gradient",
            Verdict.SKIP,
            position=position,
            reason="the layer broke down before its numbers could be checked",
        )

    def finding(self, rule: str, verdict: Verdict, *, position: int | None = None, **evidence: Any) -> Finding:
        """Return a finding on this node."""
        name = None if position is None else self.subject.names[position]
        return Finding(self.subject.node, self.subject.layer, name, rule, verdict, **evidence)


def missing_gradient(subject: Subject, position: int) -> Mistake:
    """Return the mistake of a gradient that somebody waits for and that is not there."""
    name = subject.called(position)
    if position < len(subject.sought) and subject.sought[position]:
        return Mistake("no gradient found", f"No gradient of {name} was found: looked at {subject.sought[position]}.")
    return Mistake("returns None", f"Backward returns None for {name}, though the value moves with it.")


def random_douts(out: Array) -> tuple[Array, Array]:
    """Return two douts of the output's shape, between 0.5 and 2 in size; where one is positive the other is not."""
    draw = np.random.default_rng(20240)
    sign = draw.integers(0, 2, out.shape) * 2 - 1
    return draw.uniform(0.5, 2, out.shape) * sign, -draw.uniform(0.5, 2, out.shape) * sign
