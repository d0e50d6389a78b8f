"""Where a run went wrong: the first step that made a NaN or an infinity."""

from __future__ import annotations

from typing import NamedTuple

from bptui.core import text
from bptui.core.tape import Tape
from bptui.explaining.non_finite import given_so, non_finite, non_finite_origin, results


class FirstNonFinite(NamedTuple):
    """What made the first NaN or infinity: the step of this number, or 0 where a value was given so; and in words."""

    number: int
    told: str


def find_first_non_finite(tape: Tape) -> FirstNonFinite | None:
    """Return where the first NaN or infinity comes from, None where all numbers are finite."""
    start = tape.at(0)
    for name in tape.graph.leaves:
        if given := given_so(start, name):
            return FirstNonFinite(0, given)
    for step in tape:
        if kind := next(filter(None, map(non_finite, results(step))), ""):
            made = f"{text.visible(step.name)} made the first {kind}, in step {step.number} ({step.pass_.value})"
            _, _, numbers = non_finite_origin(tape.at(step.number)).partition(": ")
            return FirstNonFinite(step.number, f"{made}: {numbers}" if numbers else made)
    return None
