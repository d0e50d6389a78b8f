"""What is said of a node in each case: the findings on its gradients and its rules, put into words."""

from __future__ import annotations

from typing import Any

import numpy as np

from bptui.checking.blame import Cause
from bptui.checking.compare_arrays import AS_INTEGERS
from bptui.checking.compare_gradients import Comparison
from bptui.checking.extent import extent
from bptui.checking.finding import Finding, Verdict
from bptui.checking.probe import Probe
from bptui.checking.subject import Subject
from bptui.core import text
from bptui.errors import named_reason_of

STEP_FUNCTION = "a step function: its slope is 0 almost everywhere"


def broken_down(subject: Subject, error: Exception) -> Finding:
    """Return the finding on a node whose check has failed by itself; that says nothing of its layer."""
    reason = f"the check itself has failed, so nothing is known: {named_reason_of(error)}"
    return Finding(subject.node, subject.layer, None, "raises", Verdict.SKIP, reason=text.visible(reason, limit=500))


class NodeFindings:
    """Makes the findings on one node, each with its reason in a sentence."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self.subject = probe.subject

    def finding(self, rule: str, verdict: Verdict, *, position: int | None = None, **evidence: Any) -> Finding:
        """Return a finding on this node."""
        name = None if position is None else self.subject.names[position]
        slot = "" if position is None else self.subject.slots[position]
        return Finding(self.subject.node, self.subject.layer, name, rule, verdict, slot=slot, **evidence)

    def gradient(self, comparison: Comparison, cause: Cause, there: str, *, is_cautioned: bool) -> Finding:
        """Return the finding on one input's gradient."""
        worst = comparison.worst
        is_lost = worst is not None and comparison.verdict is Verdict.FAIL and not np.isfinite(worst.analytic)
        standing = comparison.standing_out
        return self.finding(
            "finite" if is_lost else "gradient",
            comparison.verdict,
            position=comparison.position,
            worst=worst,
            reason=self.reason(comparison, there, is_cautioned=is_cautioned),
            mistake=cause.mistake.name if cause.mistake else None,
            advice=cause.mistake.advice if cause.mistake else None,
            ladder=standing[0].rungs(standing[1]) if standing and comparison.verdict is not Verdict.PASS else (),
            where=cause.where,
        )

    def reason(self, comparison: Comparison, there: str, *, is_cautioned: bool) -> str:
        """Return in a sentence why the verdict is what it is."""
        match comparison.verdict:
            case Verdict.FAIL:
                name = self.subject.called(comparison.position)
                seen = None if comparison.is_whole else comparison.is_seen
                wrong = f"backward's gradient of {name} is not the slope of forward"
                told = wrong if not comparison.analytic.ndim else f"{wrong}: wrong {extent(comparison.is_off, seen)}"
                return told if there == "here" else f"{told}; right at the run's own values, but not {there}"
            case Verdict.KINK:
                return "a kink: the slopes on its two sides differ, and backward's lies between them"
            case Verdict.SKIP if comparison.grain:
                grain = text.number(comparison.grain, 2)
                return f"too coarse to tell: forward's value comes in steps of about {grain}, as float32's do"
            case Verdict.SKIP:
                return "forward has no finite slope here"
        if is_cautioned:
            return "checked with the dout of 1 that it takes for granted"
        return "" if comparison.is_whole else "a sample of the elements, and one direction through all of them"

    def needless(self, position: int) -> Finding:
        """Return the finding on data that is given no gradient."""
        reason = f"backward gives {self.subject.called(position)} no gradient, and none is needed: it is data"
        return self.finding("gradient", Verdict.PASS, position=position, reason=reason)

    def nothing(self, position: int) -> Finding:
        """Return the finding on data of a layer that gives no gradient to anything."""
        reason = "backward gives no gradient at all, so there is nothing to check; perhaps a return is missing"
        return self.finding("gradient", Verdict.SKIP, position=position, reason=reason)

    def unchecked(self, position: int) -> Finding:
        """Return the finding on an input that could not be looked at."""
        reason = "the layer broke down before its numbers could be checked"
        if position in self.probe.unfit:
            reason = "its gradient has a shape of which nothing can be made, so its numbers could not be checked"
        return self.finding("gradient", Verdict.SKIP, position=position, reason=reason)

    def step_function(self, position: int) -> Finding:
        """Return the finding on an input of a layer that gives integers, and sends nothing back."""
        return self.finding("gradient", Verdict.SKIP, position=position, reason=STEP_FUNCTION)

    def cut_value(self, position: int) -> Finding:
        """Return the finding on an input of a layer that gives integers, though backward claims a slope."""
        reason = "forward's value is made of integers, so its slope is 0, and backward gives a gradient that is not"
        advice = "What forward works out is cut to integers on the way: a dtype of int, or an array made of integers."
        made = {"reason": reason, "mistake": AS_INTEGERS, "advice": advice}
        return self.finding("gradient", Verdict.FAIL, position=position, **made)
