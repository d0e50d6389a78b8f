"""In the child process: a guest goes into its own lines, and hands them back as plain data.

The lines may be more than the header of a message holds, so they go as the bytes of an array.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bptui.errors import BptuiError
from bptui.guest.child.styles.loss_function import IN_FORWARD, LossHandle
from bptui.guest.child.user_path import user_folders
from bptui.stepping.line_record import line_tape_record, read_line_tape
from bptui.stepping.line_tape import LineTape
from bptui.stepping.trace_call import TracedCall, trace_method

if TYPE_CHECKING:
    from bptui.guest.child.instance import Instance

JOB = "bptui.stepping.guest_job:course"
"""What the parent calls it."""

MOST_BYTES = 1 << 26
"""Of a course: many times what ten thousand lines take."""


def course(instance: Instance, values: Sequence[Any], *, given: int, douts: int) -> dict[str, Any]:
    """Return the course of the forward or, where there are douts, of the backward.

    ``values`` are those ``given`` to the node, then the ``douts``, then what was recorded: outputs, or gradients.
    """
    inputs, recorded = values[:given], list(values[given + douts :])
    with np.errstate(all="ignore"):
        handle, name = instance.handle_for(inputs), instance.recipe.name
        if douts and isinstance(handle, LossHandle):
            raise BptuiError(IN_FORWARD)
        if douts:
            handle.value(instance.forward_call()())
            own = list(map(np.array, values[given : given + douts]))
            call, recorded = instance.backward_call(own), recorded[: len(instance.inputs)]
            traced = TracedCall(
                handle.object, name, "backward", *call, lambda it: instance.gradients_in(it, own[0]), user_folders.holds
            )
        else:
            call = instance.forward_call()
            traced = TracedCall(handle.object, name, "forward", *call, handle.value, user_folders.holds)
        tape = trace_method(traced, recorded=recorded or None)
    content = json.dumps(line_tape_record(tape), allow_nan=False).encode("ascii")
    return {"arrays": [np.frombuffer(content, np.uint8)]}


def read_course(answer: dict[str, Any]) -> LineTape:
    """Return the line tape of an answer, which is not taken on trust. Raises BptuiError."""
    try:
        (content,) = answer["arrays"]
        record = json.loads(content[:MOST_BYTES].tobytes())
    except (KeyError, AttributeError, TypeError, ValueError, RecursionError) as error:
        raise BptuiError("the lines of a layer are not in the right form") from error
    return read_line_tape(record)
