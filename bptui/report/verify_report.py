"""What came of verifying a transcript, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bptui.core.text import counted, index, shape, visible
from bptui.recording.step_comparison import Divergence
from bptui.recording.verification import Verification
from layers import Array


def verification_lines(found: Verification) -> Iterator[str]:
    """Yield what was found, the first difference first."""
    if found.divergence is not None:
        yield f"✗ {divergence_text(found.divergence)}"
        yield f"  compared {counted(found.steps, 'step')}, {closeness(found)}"
    else:
        yield f"✓ {counted(found.steps, 'step')} verified, {closeness(found)}"
    yield from (f"✗ {it}" for it in found.changes)
    for key, (there, here) in found.other_machine.items():
        yield f"  recorded on another machine: {key} {visible(there, limit=80) or 'not set'}, here {here or 'not set'}"


def closeness(found: Verification) -> str:
    """Return how close the numbers were to be."""
    if not found.rtol:
        return "bit for bit"
    return f"within {found.rtol:g} of each array's scale" + (", not bit for bit" if found.other_machine else "")


def divergence_text(it: Divergence) -> str:
    """Return the first difference in a sentence."""
    branch = f"branch {visible(it.branch, limit=40)}, " if it.branch else ""
    pass_ = f"{it.pass_} of " if it.pass_ else ""
    where = f"{branch}step {it.step}, {pass_}" if it.step else branch
    place = f"{where}{visible(it.name, limit=40)}: {visible(it.what, limit=200)}"
    if it.numbers is None or it.index is None:
        if it.recorded is None and it.now is None:
            return place
        return f"{place} is {form(it.recorded)} in the recording, and {form(it.now)} now"
    recorded, now = (repr(number) for number in it.numbers)
    why = f": its {it.decision} is another" if it.decision else ""
    return f"{place}{index(it.index)} is {recorded} in the recording, and {now} now{why}"


def form(array: Array | None) -> str:
    """Return an array's shape and dtype; "none" where there is none."""
    return "none" if array is None else f"{shape(array)} {array.dtype}"


def verification_record(found: Verification) -> dict[str, Any]:
    """Return what was found as JSON."""
    it = found.divergence
    numbers = (it.numbers if it else None) or (None, None)
    return {
        "kind": "verify",
        "ok": found.ok,
        "steps": found.steps,
        "exact": not found.rtol,
        "rtol": found.rtol,
        "changes": list(found.changes),
        "other_machine": {key: list(both) for key, both in found.other_machine.items()},
        "difference": None
        if it is None
        else {
            "branch": it.branch or None,
            "step": it.step,
            "pass": it.pass_ or None,
            "node": it.name,
            "what": it.what,
            "index": None if it.index is None else list(it.index),
            "recorded": None if numbers[0] is None else repr(numbers[0]),
            "now": None if numbers[1] is None else repr(numbers[1]),
            "decision": it.decision or None,
        },
    }
