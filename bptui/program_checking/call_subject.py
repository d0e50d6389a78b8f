"""In the process of a program: a watched call as something to check, made on copies of its object."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bptui.checking.check_node import check_node
from bptui.checking.finding import Finding, Verdict
from bptui.checking.guest_job import labels
from bptui.checking.module_weights import module_weights
from bptui.checking.node_findings import broken_down
from bptui.checking.random_sources import borrowed_random_state
from bptui.checking.subject import Subject
from bptui.checking.subject_record import read_subject
from bptui.errors import BptuiError, Location, named_reason_of
from bptui.guest.child.non_finite import bad_element, origin_of_non_finite
from bptui.guest.observation import words_of_non_finite
from bptui.program_checking.called_again import CalledAgain, CallValues, with_kept_results
from bptui.programs.child.call_again import kept_backward, kept_forward
from bptui.programs.child.kept_call import KeptCall
from bptui.programs.child.own_files import is_own_file


def kept_pair(calls: Mapping[int, KeptCall], forward: int, backward: int) -> tuple[KeptCall, KeptCall | None]:
    """Return a forward and its call back, None where the forward has gone back itself. Raises BptuiError."""
    return kept_forward(calls, forward), kept_backward(calls, backward) if backward else None


def copies_of(
    calls: Mapping[int, KeptCall], forward: int, backward: int, values: Mapping[str, Any]
) -> Callable[[], CalledAgain]:
    """Return what makes a copy of a watched call. Raises BptuiError where the two calls cannot be made once more."""
    pair = kept_pair(calls, forward, backward)

    def make() -> CalledAgain:
        return CalledAgain(*pair, shared_out)

    try:
        with np.errstate(all="ignore"), borrowed_random_state():
            shared_out = with_kept_results(*pair, CallValues(**values))
            again = make()
            again.go_forward()
            again.backward(*[np.ones_like(np.asarray(out, np.float64)) for out in again.outs])
    except BptuiError:
        raise
    except Exception as error:  # noqa: BLE001  (the fence: on copies a layer may do what it did not do before)
        raise BptuiError(f"called once more on a copy of its object, it raises {named_reason_of(error)}") from None
    return make


def call_subject(make: Callable[[], CalledAgain], values: Sequence[Any], about: Mapping[str, Any]) -> Subject:
    """Return a watched call as something to check."""
    return replace(
        read_subject(about, values, make),
        inside=lambda layer, _: layer.owner,  # type: ignore[attr-defined]
        functions=tuple(own_functions(make())),
    )


def own_functions(again: CalledAgain) -> Iterator[Callable[..., Any]]:
    """Yield the two functions of the person's that are called."""
    for kept_call in (again.kept_forward, again.kept_back or again.kept_forward):
        names = kept_call.call.names
        if names is None:
            assert kept_call.function is not None
            yield kept_call.function
        else:
            yield inspect.unwrap(
                getattr(type(again.owner), names.forward if kept_call.call.is_forward else names.backward)
            )


def findings_on_call(subject: Subject, make: Callable[[], CalledAgain]) -> list[Finding]:
    """Return the findings on a watched call."""
    try:
        return [*check_node(subject), *labels(subject), *made_of_finite(subject, make), *module_arrays(subject)]
    except Exception as error:  # noqa: BLE001  (a bug of the check itself would be the layer's)
        return [broken_down(subject, error)]


def made_of_finite(subject: Subject, make: Callable[[], CalledAgain]) -> Iterator[Finding]:
    """Yield the finding on a call that makes NaN or infinity of finite numbers: the operation, and its numbers."""
    again = make()
    with np.errstate(all="ignore"):
        again.go_forward()
    bad = next((it for it in map(bad_element, again.outs) if it is not None), None)
    if bad is None or not subject.is_finite:
        return
    origin = origin_of_non_finite(make().go_forward, is_own_file)
    if origin is None and bad[0] != "NaN":
        return
    found = {"kind": bad[0], "index": bad[1], "origin": origin}
    where = Location(origin["file"], origin["line"]) if origin else None
    mistake = f"{bad[0]} of finite numbers"
    reason = f"forward {words_of_non_finite(found)}"
    yield Finding(
        subject.node, subject.layer, None, "finite", Verdict.FAIL, reason=reason, mistake=mistake, where=where
    )


def module_arrays(subject: Subject) -> Iterator[Finding]:
    """Yield a caution for each array of the module that forward uses, for its gradient cannot be checked."""
    for name in module_weights(subject.functions[0]):
        reason = f"forward uses module-level {name}, which it is not given: its gradient is not checked"
        yield Finding(
            subject.node,
            subject.layer,
            None,
            "gradient",
            Verdict.SKIP,
            reason=reason,
            mistake="module-level weights",
            slot=name,
        )
