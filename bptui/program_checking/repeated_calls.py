"""A watched call made once more on a copy of its object, and what it comes to, beside what was recorded of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bptui.errors import BptuiError
from bptui.program_checking.call_job import DOUBLE, REPEAT
from bptui.program_checking.check_calls import NodeCalls, shared_out
from bptui.program_checking.checked_program import CheckedProgram
from bptui.programs.pass_graph import WatchedPass
from layers import Array

NOTHING: Mapping[str, Array] = {}

PATIENCE = 5.0
"""Seconds for which one waits for a call that is made once more."""

PRECISE = 1e-9
"""How far the same arithmetic may be off, compared with the size of all its numbers."""


@dataclass(frozen=True, eq=False)
class Repeated:
    """What a forward made once more, the gradients that its call back returned, those left ``before`` and ``after``."""

    outs: Sequence[Array]
    gradients: Sequence[Array | None]
    before: Sequence[Array]
    after: Sequence[Array]


def repeat_calls(
    program: CheckedProgram,
    calls: NodeCalls,
    *,
    forward: int = 0,
    zeroed: bool = False,
    replaced: Mapping[str, Array] = NOTHING,
) -> Repeated | None:
    """Return what the calls of a node come to once more, None where they cannot be made.

    ``forward`` is the number of another call forward that is to go before the call back. With ``zeroed`` what its
    object has of gradients is set to 0 before that, and some arguments of the forward may be ``replaced``.
    """
    assert calls.node.call is not None
    assert calls.backward is not None
    try:
        answer = program.ask(
            REPEAT,
            *replaced.values(),
            seconds=PATIENCE,
            forward=forward or calls.node.call.number,
            backward=calls.backward.number,
            about={"values": shared_out(program.facts, calls)},
            zeroed=zeroed,
            replaced=list(replaced),
        )
        return read_repeated(answer)
    except (BptuiError, KeyError, ValueError, TypeError):
        return None


def read_repeated(answer: dict[str, Any]) -> Repeated:
    """Return what an answer tells. Raises KeyError, ValueError or TypeError where it is none."""
    arrays = list(map(np.asarray, answer["arrays"]))
    outs, rest = arrays[: answer["outs"]], arrays[answer["outs"] :]
    count = sum(answer["mask"])
    known = iter(rest[:count])
    gradients = [next(known) if it else None for it in answer["mask"]]
    left = rest[count:]
    return Repeated(outs, gradients, left[: answer["held"]], left[answer["held"] :])


def is_mean_loss(program: CheckedProgram, watched: WatchedPass) -> bool:
    """Return whether the value that a pass goes back from is the mean over its batch: of twice the batch, the same."""
    place, backward = watched.backwards[0]
    calls = NodeCalls(watched, place, watched.nodes[place], backward)
    assert calls.node.call is not None
    about = {"values": shared_out(program.facts, calls)}
    try:
        answer = program.ask(DOUBLE, seconds=PATIENCE, forward=calls.node.call.number, about=about)
        once, twice = map(np.asarray, answer["arrays"])
    except (BptuiError, KeyError, ValueError, TypeError):
        return False
    return once.size == 1 and is_same_arithmetic(once, twice)


def is_same_arithmetic(one: Array, other: Array) -> bool:
    """Return whether two arrays are the same numbers, but for the rounding of the same arithmetic."""
    if one.shape != other.shape:
        return False
    with np.errstate(all="ignore"):
        size = max(float(np.nanmax(np.abs(it), initial=0.0)) for it in (one, other))
        precise = PRECISE if all(it.dtype.itemsize >= 8 for it in (one, other)) else 1e-4
        is_same = (np.abs(one - other) <= precise * size) | (one == other) | (np.isnan(one) & np.isnan(other))
    return bool(is_same.all())
