"""In the process of a program: a watched call is made once more, on a copy of its object, and tells its lines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from bptui.guest.child.styles.method_pair import GRADIENTS, VALUES, kept
from bptui.programs.child.call_again import (
    CallCopy,
    copy_of_backward,
    copy_of_call,
    kept_backward,
    kept_forward,
    result_of,
)
from bptui.programs.child.kept_call import KeptCall
from bptui.programs.child.own_files import is_own_file
from bptui.stepping.line_record import line_tape_record
from bptui.stepping.trace_call import TracedCall, trace_method

JOB = "bptui.stepping.program_job:course_of_call"
"""What the parent calls it."""


def course_of_call(
    calls: Mapping[int, KeptCall], recorded: Sequence[Any], *, forward: int, backward: int
) -> dict[str, Any]:
    """Return the course of a forward or, where its ``backward`` is given, of that. Raises BptuiError."""
    call = kept_forward(calls, forward)
    owner, arguments = call.forward_copy()
    with np.errstate(all="ignore"):
        copy = copy_of_call(call, owner, arguments, forwards=True)
        traced = traced_call(call, owner, copy, VALUES)
        if backward:
            back = kept_backward(calls, backward)
            traced = traced_call(back, owner, copy_of_backward(back, owner, copy.make()), GRADIENTS)
        tape = trace_method(traced, recorded=list(recorded) or None)
    content = json.dumps(line_tape_record(tape), allow_nan=False).encode("ascii")
    return {"arrays": [np.frombuffer(content, np.uint8)]}


def traced_call(call: KeptCall, owner: Any, copy: CallCopy, results: Sequence[str]) -> TracedCall:
    """Return a call about to be traced; what it does not return it keeps under one of some names."""
    layer = SimpleNamespace() if owner is None else owner
    method = "forward" if call.call.is_forward else "backward"
    result = lambda returned: result_of(call, kept(layer, results) if returned is None else returned)  # noqa: E731
    return TracedCall(layer, call.call.layer, method, *copy, result, is_own_file)
