"""In the process of a program: a watched call is made once more, on a copy of its object, and tells its lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from bptui.errors import BptuiError
from bptui.guest.child.styles.method_pair import GRADIENTS, VALUES, kept
from bptui.programs.child.kept_call import KeptCall
from bptui.programs.child.own_files import is_own_file
from bptui.stepping.line_record import line_tape_record
from bptui.stepping.trace_call import TracedCall, trace_method

JOB = "bptui.stepping.program_job:course_of_call"
"""What the parent calls it."""


class CallCopy(NamedTuple):
    """A call, about to be made: a function, its positional arguments, and those by name."""

    function: Callable[..., Any]
    arguments: Sequence[Any]
    options: Mapping[str, Any]

    def make(self) -> Any:
        """Make the call."""
        return self.function(*self.arguments, **self.options)


def course_of_call(
    calls: Mapping[int, KeptCall], recorded: Sequence[Any], *, forward: int, backward: int
) -> dict[str, Any]:
    """Return the course of a forward or, where its ``backward`` is given, of that. Raises BptuiError."""
    call = calls.get(forward)
    if call is None or not call.is_copied:
        raise BptuiError("no copy of its object could be made, so it cannot be gone into")
    owner, arguments = call.forward_copy()
    with np.errstate(all="ignore"):
        copy = copy_of_call(call, owner, arguments, forwards=True)
        traced = traced_call(call, owner, copy, VALUES)
        if backward:
            back = backward_of(calls, backward)
            traced = traced_call(back, owner, copy_of_backward(back, owner, copy.make()), GRADIENTS)
        tape = trace_method(traced, recorded=list(recorded) or None)
    content = json.dumps(line_tape_record(tape), allow_nan=False).encode("ascii")
    return {"arrays": [np.frombuffer(content, np.uint8)]}


def backward_of(calls: Mapping[int, KeptCall], number: int) -> KeptCall:
    """Return a call back. Raises BptuiError where the gradient was made by a forward, or no copy could be made."""
    if number not in calls:
        raise BptuiError("the loss has made its gradient in its forward: [ and s lead into that")
    if not calls[number].is_copied:
        raise BptuiError("no copy of what it was given could be made, so it cannot be gone into")
    return calls[number]


def copy_of_backward(call: KeptCall, owner: Any, returned: Any) -> CallCopy:
    """Return the call back once more, with the cache that the forward has ``returned`` this time."""
    _, arguments = call.forward_copy()
    if call.cache:
        arguments[call.cache] = returned[-1]
    return copy_of_call(call, owner, arguments, forwards=False)


def copy_of_call(call: KeptCall, owner: Any, arguments: Mapping[str, Any], *, forwards: bool) -> CallCopy:
    """Return a call once more. Raises BptuiError where its function is not known."""
    names = call.call.names
    function = getattr(owner, names.forward if forwards else names.backward) if names else call.function
    if not callable(function) or isinstance(function, type):
        raise BptuiError("its function is not known by name, so it cannot be gone into")
    starred = [it for name, it in arguments.items() if name.startswith("*")]
    named = {name: it for name, it in arguments.items() if not name.startswith("*")}
    return CallCopy(function, [*named.values(), *starred], {}) if starred else CallCopy(function, (), named)


def traced_call(call: KeptCall, owner: Any, copy: CallCopy, results: Sequence[str]) -> TracedCall:
    """Return a call about to be traced; what it does not return it keeps under one of some names."""
    layer = SimpleNamespace() if owner is None else owner
    method = "forward" if call.call.is_forward else "backward"
    result = lambda returned: result_of(call, kept(layer, results) if returned is None else returned)  # noqa: E731
    return TracedCall(layer, call.call.layer, method, *copy, result, is_own_file)


def result_of(call: KeptCall, returned: Any) -> Any:
    """Return the value, or values, of what a call has returned: of one of a pair without its cache."""
    if call.call.style == "pair" and call.call.is_forward and isinstance(returned, tuple):
        return returned[0] if len(returned) == 2 else returned[:-1]
    return returned[0] if call.call.style == "loss" else returned
