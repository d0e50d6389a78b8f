"""In the process of a program: a node is checked on copies of its object, and a call back is made once more."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bptui.checking.contract.dout_linearity import IGNORES_DOUT
from bptui.checking.finding import Finding, Verdict
from bptui.checking.finding_record import finding_record
from bptui.checking.random_sources import borrowed_random_state
from bptui.checking.subject import widened
from bptui.core.text import visible
from bptui.errors import BptuiError, named_reason_of
from bptui.guest.child.object_arrays import spots_in
from bptui.guest.child.own_gradients import gradient_of
from bptui.program_checking.call_subject import call_subject, copies_of, findings_on_call, kept_pair
from bptui.program_checking.called_again import CalledAgain, CallValues
from bptui.program_checking.loss_findings import findings_for_own_dout, sample_loss_findings, unknown_loss_findings
from bptui.program_checking.own_steps import OWN_STEP, own_step_findings
from bptui.program_checking.weight_decay import decay_findings, decayed_spots
from bptui.programs.child.call_again import kept_forward
from bptui.programs.child.kept_call import KeptCall
from bptui.programs.child.own_numpy import numpy_as_it_came

CHECK = "bptui.program_checking.call_job:check_call"
REPEAT = "bptui.program_checking.call_job:repeat_call"
DOUBLE = "bptui.program_checking.call_job:double_batch"
"""What the parent calls the jobs."""

REUSES_MEMORY = "uses its memory again"
"""The mistake of a backward whose second call changes what the first has returned."""

OF_OTHER_CALLS = frozenset({"second-backward", "stale-cache"})
"""The rules about calls that the program may never make."""

IN_LOG = "1e-7 inside the log"
"""The mistake, if it is one, of a loss that is kept from the logarithm of 0."""


def check_call(
    calls: Mapping[int, KeptCall], values: Sequence[Any], *, forward: int, backward: int, about: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the findings on the node of a forward, as a message; ``backward`` is 0 where the forward has gone back."""
    with silenced(), numpy_as_it_came():
        try:
            findings = findings_on_pair(calls, values, forward=forward, backward=backward, about=about)
        except BptuiError as error:
            findings = [not_repeated(about, error.message)]
    return {"findings": [finding_record(told) for it in findings for told in cautioned(it)], "arrays": []}


def findings_on_pair(
    calls: Mapping[int, KeptCall], values: Sequence[Any], *, forward: int, backward: int, about: Mapping[str, Any]
) -> list[Finding]:
    """Return the findings on a forward and its call back. Raises BptuiError where they cannot be made once more."""

    def copies(**changed: Any) -> Callable[[], CalledAgain]:
        return copies_of(calls, forward, backward, {**about["values"], **changed})

    make = copies()
    if about["has_unknown_loss"]:
        return unknown_loss_findings(make, values, about)
    if about["values"]["reduction"]:
        return sample_loss_findings(make, copies(reduction="sum"), values, about)
    decayed = decays_of(make, values)
    make = copies(decayed=tuple(decayed)) if decayed else make
    names = dict(zip(about["slots"], about["names"], strict=True))
    decays = decay_findings(about["node"], about["layer"], names, decayed)
    findings = findings_on_call(call_subject(make, values, about), make)
    more = [*decays, *own_steps_of(make, values, about)]
    found = [*findings_for_own_dout(findings, make, values, about), *more]
    if not any(role and role[0] == "dout" for role in about["values"]["roles"]):
        found = [it for it in found if it.mistake != IGNORES_DOUT]  # it is handed none
    if any(it.mistake == OWN_STEP for it in more):
        return [it for it in found if it.rule not in OF_OTHER_CALLS]  # what it has changed is other in these
    return found


def own_steps_of(make: Callable[[], CalledAgain], values: Sequence[Any], about: Mapping[str, Any]) -> list[Finding]:
    """Return what there is to say of what a call back changes itself; nothing where the layer refuses to tell."""
    try:
        with np.errstate(all="ignore"), borrowed_random_state():
            return list(own_step_findings(about["node"], about["layer"], make, [widened(it) for it in values]))
    except Exception:  # noqa: BLE001  (the fence around the person's code)
        return []


def decays_of(make: Callable[[], CalledAgain], values: Sequence[Any]) -> dict[str, tuple[float, float]]:
    """Return what a call back adds to gradients for penalties, by spot; nothing where the layer refuses to tell."""
    try:
        with np.errstate(all="ignore"), borrowed_random_state():
            return decayed_spots(make, [widened(it) for it in values])
    except Exception:  # noqa: BLE001  (the fence around the person's code)
        return {}


def cautioned(finding: Finding) -> Iterator[Finding]:
    """Yield a finding, as a caution where it is of no harm, or about calls that the program may never make.

    The wiring tells of such calls: an object may keep a stack of caches, which is not empty where its forward runs for
    the second time. A loss with 1e-7 inside its logarithm has the gradient that it would have without.
    """
    is_of_others = finding.rule in OF_OTHER_CALLS or finding.mistake == REUSES_MEMORY
    if finding.verdict is not Verdict.FAIL:
        yield finding
    elif finding.mistake == IN_LOG:
        yield Finding(finding.node, finding.layer, finding.input, finding.rule, Verdict.PASS, slot=finding.slot)
        yield replace(finding, verdict=Verdict.SKIP, rule="value", input=None, slot="")
    else:
        yield replace(finding, verdict=Verdict.SKIP) if is_of_others else finding


def not_repeated(about: Mapping[str, Any], reason: str) -> Finding:
    """Return the finding on a node of which nothing is known, because its call cannot be made once more."""
    return Finding(about["node"], about["layer"], None, "raises", Verdict.SKIP, reason=visible(reason, limit=500))


def repeat_call(
    calls: Mapping[int, KeptCall],
    values: Sequence[Any],
    *,
    forward: int,
    backward: int,
    about: Mapping[str, Any],
    zeroed: bool,
    replaced: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what a forward makes once more, and the gradients that its call back then returns and leaves behind.

    The message tells how many arrays are outputs, and how many returned gradients, a mask saying which are none; the
    others are what was left for what the object holds: before, and then after. With ``zeroed`` that is set to 0 before,
    and the arguments that are ``replaced`` are the values. Raises BptuiError where the calls cannot be made.
    """
    with silenced(), borrowed_random_state(), np.errstate(all="ignore"):
        pair = kept_pair(calls, forward, backward)
        again = CalledAgain(*pair, CallValues(**about["values"]))
        try:
            again.arguments |= {name: np.array(it) for name, it in zip(replaced, values, strict=True)}
            again.go_forward()
            spots = {name: spot for name, spot in spots_in(again.owner).items() if name in again.values.held}
            before = [np.array(gradient_of(spots[name]), float) for name in again.values.held if name in spots]
            if zeroed:
                set_to_zero(gradient_of(spot) for spot in spots.values())
            outs = list(map(np.asarray, again.outs))
            _, arguments = again.kept_back.forward_copy() if again.kept_back else (None, {})
            douts = [arguments[name] for name in douts_of(again)]
            gradients = again.gradients(douts or [1.0])
            after = [np.array(gradient_of(spots[name]), float) for name in again.values.held if name in spots]
        except Exception as error:  # noqa: BLE001  (the fence around the person's code)
            raise BptuiError(named_reason_of(error)) from None
    known = [it for it in gradients if it is not None]
    return {
        "outs": len(outs),
        "mask": [it is not None for it in gradients],
        "held": len(before),
        "arrays": [*outs, *map(np.asarray, known), *before, *after],
    }


def double_batch(
    calls: Mapping[int, KeptCall],
    values: Sequence[Any],  # noqa: ARG001  (the protocol of jobs)
    *,
    forward: int,
    about: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what a forward makes of its batch, and of the batch twice over. Raises BptuiError where it cannot."""
    with silenced(), borrowed_random_state(), np.errstate(all="ignore"):
        shared_out = CallValues(**about["values"])
        once, twice = (CalledAgain(kept_forward(calls, forward), None, shared_out) for _ in range(2))
        try:
            given = [twice.arguments[name] for name in shared_out.arguments]
            twice.arguments |= {
                name: np.concatenate([it, it])
                for name, it in zip(shared_out.arguments, given, strict=True)
                if np.ndim(it)
            }
            once.go_forward()
            twice.go_forward()
        except Exception as error:  # noqa: BLE001  (the fence around the person's code)
            raise BptuiError(named_reason_of(error)) from None
    return {"arrays": [np.asarray(once.outs[0]), np.asarray(twice.outs[0])]}


def douts_of(again: CalledAgain) -> Iterator[str]:
    """Yield the parameters of a call back that are douts, by their places."""
    if again.kept_back is None:
        return
    names = [name for name in again.kept_back.inputs if name != again.kept_back.cache]
    yield from (name for name, role in zip(names, again.values.roles, strict=False) if role and role[0] == "dout")


def set_to_zero(gradients: Iterator[Any]) -> None:
    """Set arrays to zero, in place."""
    for it in gradients:
        if isinstance(it, np.ndarray) and it.flags.writeable:
            it[...] = 0


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Let nothing be printed: what the program has printed is told already."""
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield
