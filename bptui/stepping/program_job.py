"""In the process of a program: a watched call is made once more, on a copy of its object, and tells its lines."""

from __future__ import annotations

import ast
import json
import linecache
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from bptui.programs.child.call_source import calls_in
from bptui.programs.child.kept_call import KeptCall
from bptui.programs.child.own_files import is_own_file
from bptui.stepping.line_record import line_tape_record
from bptui.stepping.line_tape import CallingLines
from bptui.stepping.source_listing import LONGEST_LINE
from bptui.stepping.trace_call import TracedCall, trace_method

MOST_AROUND = 3
"""Lines that are shown before and after a call."""

JOB = "bptui.stepping.program_job:course_of_call"
"""What the parent calls it."""


def course_of_call(
    calls: Mapping[int, KeptCall],
    recorded: Sequence[Any],
    *,
    forward: int,
    backward: int,
    caller: tuple[str, int, Sequence[int]] | None = None,
) -> dict[str, Any]:
    """Return the course of a forward or, where its ``backward`` is given, of that. Raises BptuiError.

    The ``caller`` is a file, a line of the call there, and the place at which the call ends.
    """
    call = kept_forward(calls, forward)
    owner, arguments = call.forward_copy()
    with np.errstate(all="ignore"):
        copy = copy_of_call(call, owner, arguments, forwards=True)
        traced = traced_call(call, owner, copy, VALUES)
        if backward:
            back = kept_backward(calls, backward)
            traced = traced_call(back, owner, copy_of_backward(back, owner, copy.make()), GRADIENTS)
        tape = trace_method(traced, recorded=list(recorded) or None)
    tape = replace(tape, caller=calling_lines(*caller) if caller else None)
    content = json.dumps(line_tape_record(tape), allow_nan=False).encode("ascii")
    return {"arrays": [np.frombuffer(content, np.uint8)]}


def calling_lines(file: str, line: int, end: Sequence[int]) -> CallingLines | None:
    """Return the lines of a call, and some around them, by the place at which it ends; None where nothing can be read.

    Where that is not known, the call is the ``line``.
    """
    lines = linecache.getlines(file)
    found = calls_in(file).get((end[0], end[1]))
    first, last = (found.call.lineno, found.call.end_lineno or line) if found else (line, line)
    if not 0 < first <= last <= len(lines):
        return None
    numbers = range(max(1, first - MOST_AROUND), min(last + MOST_AROUND, len(lines)) + 1)
    source = {number: lines[number - 1].rstrip("\r\n")[:LONGEST_LINE] for number in numbers}
    return CallingLines(file, first, last, source, *(called_columns(found.call, lines[first - 1]) if found else (0, 0)))


def called_columns(call: ast.Call, line: str) -> tuple[int, int]:
    """Return the characters of a line in which stands what is called; Python counts bytes."""
    if call.func.end_lineno != call.lineno:
        return 0, 0
    places = (call.func.col_offset, call.func.end_col_offset or 0)
    start, end = (len(line.encode()[:place].decode(errors="replace")) for place in places)
    return start, end


def traced_call(call: KeptCall, owner: Any, copy: CallCopy, results: Sequence[str]) -> TracedCall:
    """Return a call about to be traced; what it does not return it keeps under one of some names."""
    layer = SimpleNamespace() if owner is None else owner
    method = "forward" if call.call.is_forward else "backward"
    result = lambda returned: result_of(call, kept(layer, results) if returned is None else returned)  # noqa: E731
    return TracedCall(layer, call.call.layer, method, *copy, result, is_own_file)
