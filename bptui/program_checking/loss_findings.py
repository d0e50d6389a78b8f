"""The findings on calls back that are handed no gradient: losses of samples, and whole networks with a loss inside.

What the program makes of such values is not seen. So what they may be is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from bptui.checking.contract import IGNORES_DOUT, PART_WITHOUT_DOUT
from bptui.checking.finding import Finding, Verdict
from bptui.checking.random_sources import borrowed_random_state
from bptui.checking.subject import widened
from bptui.core.text import number, visible
from bptui.program_checking.call_subject import call_subject, findings_on_call
from bptui.program_checking.called_again import CalledAgain
from bptui.program_checking.own_dout import WithOwnDout, sparse_douts
from bptui.program_checking.unknown_loss import SupposedLoss, WithLoss, likeliest_loss

Copies: TypeAlias = Callable[[], CalledAgain]
"""What makes a copy of a watched call."""

HANDED_NONE = "backward is handed no gradient, and forward returns no loss"
UNKNOWN_LOSS = f"{HANDED_NONE}: what it is the gradient of is not known, so it is not checked"

RIGHT_FOR_ITS_DOUT = "right for the dout that the program hands over, most of which is 0"

WITHOUT_DOUT = frozenset({IGNORES_DOUT, PART_WITHOUT_DOUT})
"""What is true of each call back that is handed no dout."""

PENALTY = "a multiple of an input too much"
"""What a penalty on a parameter looks like that the supposed loss lacks."""


def sample_loss_findings(
    of_mean: Callable[[], CalledAgain],
    of_sum: Callable[[], CalledAgain],
    values: Sequence[Any],
    about: Mapping[str, Any],
) -> list[Finding]:
    """Return the findings on losses of samples: by their mean, and, where that fails, with a caution by their sum."""
    findings = findings_on_call(call_subject(of_mean, values, about), of_mean)
    if not has_wrong_gradient(findings):
        return findings
    by_sum = findings_on_call(call_subject(of_sum, values, about), of_sum)
    if has_wrong_gradient(by_sum):
        return findings
    reason = "backward is the gradient of the sum of what forward returns, not of its mean; right if the sum is meant"
    told = Finding(about["node"], about["layer"], None, "value", Verdict.SKIP, reason=reason)
    return [*by_sum, replace(told, mistake="gradient of the sum")]


def unknown_loss_findings(make: Copies, values: Sequence[Any], about: Mapping[str, Any]) -> list[Finding]:
    """Return the findings on a whole network: by the usual loss that most of its gradients are those of.

    Where they are those of none, or there are none, that is all there is to say.
    """
    told = Finding(about["node"], about["layer"], None, "raises", Verdict.SKIP, reason=UNKNOWN_LOSS)
    try:
        with np.errstate(all="ignore"), borrowed_random_state():
            loss = likeliest_loss(make, [widened(it) for it in values])
    except Exception:  # noqa: BLE001  (the fence around the person's code)
        return [told]
    if loss is None:
        return [told]
    findings = findings_with(loss, make, values, about)
    factor, target = number(loss.factor, 4), visible(loss.target)
    reason = f"{HANDED_NONE}; it is that of {factor} times {loss.name} of its value and {target}"
    return [*findings, replace(told, rule="value", reason=reason, mistake="a loss of its own")]


def findings_for_own_dout(
    findings: Sequence[Finding], make: Copies, values: Sequence[Any], about: Mapping[str, Any]
) -> list[Finding]:
    """Return the findings on a call back, whose gradients are wrong for most douts, by the dout that it is handed.

    Where they are right for that, and it is mostly zeros, that they are wrong for others is a caution.
    """
    douts = sparse_douts(make) if has_wrong_gradient(findings) else ()
    if not douts:
        return list(findings)
    subject = call_subject(make, values, about)
    subject = replace(subject, make=lambda: WithOwnDout(make(), douts), is_last=True, outputs=(), ignored=())
    own = [it for it in findings_on_call(subject, make) if it.mistake not in WITHOUT_DOUT]
    if has_wrong_gradient(own):
        return list(findings)
    told = [replace(it, reason=f"{it.reason}; {RIGHT_FOR_ITS_DOUT}") for it in findings if is_wrong_gradient(it)]
    return [*own, *map(as_caution, told)]


def as_caution(finding: Finding) -> Finding:
    """Return a failure as a caution about the node, for it does no harm where it is."""
    mistake = finding.mistake or "wrong elsewhere"
    return replace(finding, verdict=Verdict.SKIP, rule="value", input=None, slot="", mistake=mistake)


def findings_with(loss: SupposedLoss, make: Copies, values: Sequence[Any], about: Mapping[str, Any]) -> list[Finding]:
    """Return the findings on a call back as the gradient of a loss; a penalty, which that lacks, is a caution."""
    subject = replace(call_subject(make, values, about), make=lambda: WithLoss(make(), loss), is_last=True)
    findings = [it for it in findings_on_call(subject, make) if it.mistake not in WITHOUT_DOUT]
    return [told for it in findings for told in (penalized(it) if it.mistake == PENALTY else (it,))]


def penalized(finding: Finding) -> tuple[Finding, Finding]:
    """Return what becomes of a failure that is a penalty on a parameter: its gradient is right, and that is told."""
    reason = f"the gradient of {visible(finding.input or '')} is that of a penalty on it, too; right if one is meant"
    told = replace(finding, input=None, slot="", rule="value", verdict=Verdict.SKIP, reason=reason, worst=None)
    right = Finding(finding.node, finding.layer, finding.input, "gradient", Verdict.PASS, slot=finding.slot)
    return right, replace(told, ladder=())


def has_wrong_gradient(findings: Sequence[Finding]) -> bool:
    """Return whether one of some findings is a wrong gradient."""
    return any(map(is_wrong_gradient, findings))


def is_wrong_gradient(finding: Finding) -> bool:
    """Return whether a finding is a failure in the numbers, and not in what a call leaves behind."""
    return finding.verdict is Verdict.FAIL and finding.rule in {"gradient", "linear", "finite"}
