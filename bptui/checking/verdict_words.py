"""A node's verdict in words: which findings are told first, and what they come to in one line."""

from __future__ import annotations

from collections.abc import Mapping

from bptui.checking.finding import Finding, Verdict
from bptui.checking.finding_lines import PROMISES
from bptui.checking.verdicts import Judged
from bptui.core.text import visible

OUTCOMES: Mapping[Verdict, str] = {
    Verdict.PASS: "is right",
    Verdict.FAIL: "is wrong",
    Verdict.KINK: "is right, at a kink",
    Verdict.SKIP: "could not be checked",
}

ORDER = (Verdict.FAIL, Verdict.KINK, Verdict.SKIP, Verdict.PASS)


def outcome_words(judged: Judged) -> str:
    """Return what a verdict comes to, said of the layer: only its wiring may be wrong, or the numbers that it has."""
    failed = [it for it in judged.findings if it.verdict is Verdict.FAIL]
    if failed and all(it.rule == "wiring" for it in failed):
        return "is right, but not what is handed to it"
    if failed and all(it.rule == "finite" and it.worst is None for it in failed):
        return "gives a value that is not finite"
    return OUTCOMES[judged.verdict]


def findings_in_order(judged: Judged) -> list[Finding]:
    """Return the findings that are told one by one: what failed first, then the kinks, what was skipped, the rest."""
    findings = [it for it in judged.findings if not (it.rule in PROMISES and it.verdict is Verdict.PASS)]
    return sorted(findings, key=lambda it: ORDER.index(it.verdict))


def foremost(judged: Judged) -> Finding | None:
    """Return the failure that shows most: one with an element, or else with a line; None where nothing failed."""
    failed = [it for it in findings_in_order(judged) if it.verdict is Verdict.FAIL]
    return max(failed, key=lambda it: (it.worst is not None, it.where is not None), default=None)


def summary(judged: Judged) -> str:
    """Return a verdict in one line, as an answer to who asked."""
    worst = next(iter(findings_in_order(judged)), None)
    lead = f"{judged.sign} {visible(judged.node, limit=40)}: {visible(judged.layer, limit=40)}"
    if judged.verdict in {Verdict.FAIL, Verdict.SKIP} and worst is not None:
        why = visible(worst.mistake or worst.reason, limit=100)
        return f"{lead} {outcome_words(judged)}: {why}"
    caution = next((it.mistake for it in judged.findings if it.verdict is Verdict.SKIP and it.mistake), None)
    return f"{lead} {outcome_words(judged)}" + (f", with a caution: {visible(caution, limit=100)}" if caution else "")
