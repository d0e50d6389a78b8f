"""In the process of a program: a watched call goes forward with other values, and back with other gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bptui.checking.random_sources import borrowed_random_state
from bptui.guest.child.own_gradients import gradient_of
from bptui.program_checking.call_job import silenced
from bptui.program_checking.call_subject import kept_pair
from bptui.program_checking.called_again import CalledAgain, CallValues, less, with_kept_results
from bptui.programs.child.kept_call import KeptCall

CALL = "bptui.program_branches.call_job:call_with"
"""What the parent calls it."""


def call_with(
    calls: Mapping[int, KeptCall],
    values: Sequence[Any],
    *,
    forward: int,
    backward: int,
    shared: Mapping[str, Any],
    inputs: int,
    adds_up: bool,
) -> dict[str, Any]:
    """Return what a forward makes of the first ``inputs`` values, and what its call back sends for the others, if any.

    Those are the gradients that arrive. The message tells how many arrays are outputs, and in a mask which of the
    gradients there are. Raises BptuiError where the calls cannot be made, and what the person's code raises.
    """
    given, douts = values[:inputs], values[inputs:]
    with silenced(), borrowed_random_state(), np.errstate(all="ignore"):
        pair = kept_pair(calls, forward, backward)
        again = CalledAgain(*pair, with_kept_results(*pair, CallValues(**shared)))
        again.forward(*given)
        outs = list(map(np.array, again.outs))
        gradients = sent_back(again, douts, adds_up=adds_up) if douts else []
    known = [it for it in gradients if it is not None]
    return {
        "outs": len(outs),
        "mask": [it is not None for it in gradients],
        "arrays": [*outs, *map(np.asarray, known)],
    }


def sent_back(again: CalledAgain, douts: Sequence[Any], *, adds_up: bool) -> list[Any]:
    """Return the gradient of each value; of what a call back adds to what its object has, only what it adds."""
    held = again.values.held
    before = [np.array(gradient_of(again.spots[name]), float) if adds_up else None for name in held]
    chosen = again.backward(*douts)
    count = len(chosen) - len(held)
    return [*chosen[:count], *map(less, chosen[count:], before)]
