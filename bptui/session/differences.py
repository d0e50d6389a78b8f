"""Comparing the run with another branch or a file, and the differences in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bptui.core.tape_diff import Difference, TapeDiff
from bptui.core.text import index as index_text
from bptui.core.text import number, shape, visible
from bptui.errors import BptuiError
from bptui.recording.array_record import encode_array
from bptui.running import Run
from bptui.scenario.bundled import bundled
from bptui.session.answer import Answer, Question, RunComparison
from bptui.session.open_tape import tape_at

if TYPE_CHECKING:
    from bptui.session.session import Session

MOST_TOLD = 20
"""Differences that one answer tells of."""

MOST_NAMED = 8

STEPS = 2_000
"""Steps of another branch that are run at a time, fewer where they take long."""

SLICE = 0.01
"""Seconds of comparing after which a key may be answered."""


def compare_with(session: Session, other: str | None) -> Question:
    """Compare the run with the branch it comes from, another, or a file. Raises BptuiError where there is none."""
    branches = session.branches
    if other is None:
        other = branches.here.parent or next((it for it in reversed(branches.by_name) if it != branches.current), None)
        if other is None:
            hint = "set x = 2 makes a branch" if session.run else "diff FILE compares with another run"
            raise BptuiError("there is nothing to compare with", hint=hint)
    run = None
    if other in branches.by_name:
        there, run = branches.by_name[other].tape, branches.by_name[other].run
    elif Path(other).exists() or other in dict(bundled()):
        there = tape_at(other)
    else:
        known = ", ".join(visible(it, limit=40) for it in branches.by_name)
        raise BptuiError(f"there is no branch and no file {visible(other, limit=80)}", hint=f"branches: {known}")
    return partial(compared, session, RunComparison(TapeDiff(session.tape, there), branches.current, other), run)


def compared(session: Session, comparison: RunComparison, run: Run | None) -> Answer:
    """Return what two tapes differ in, once both have run, the other by its ``run``, and all is compared."""
    diff = comparison.diff
    if session.run is not None and not session.run.is_over:
        return Answer("running to the end first …", "dim", is_pending=True)
    if run is not None and not run.is_over:
        run.advance(STEPS)
        return Answer("running the other branch to its end first …", "dim", is_pending=True)
    if not diff.advance(SLICE):
        return Answer(f"compared {diff.compared:,} arrays …", "dim", is_pending=True)
    text = "\n".join(difference_lines(*comparison))
    return Answer(text, record=difference_summary(diff, with_list=True), compared=comparison)


def difference_lines(diff: TapeDiff, here: str, there: str) -> Iterator[str]:
    """Yield the differences in words, the first one first, then the largest relative to their values."""
    labels = visible(here, limit=60), visible(there, limit=60)
    if not diff.differs:
        yield f"{labels[0]} and {labels[1]} are the same: {diff.compared:,} arrays{tolerance_words(diff, ', within')}"
        return
    told = f"{diff.different:,} of {diff.compared:,} arrays differ between {labels[0]} and {labels[1]}"
    yield f"{told}{tolerance_words(diff, ' by more than')}"
    yield from only_in_one(diff, *labels)
    if diff.first:
        yield f"first:   {difference_text(diff.first, *labels)}"
    for place, it in enumerate(diff.largest[:MOST_TOLD]):
        yield f"{'largest: ' if place == 0 else '         '}{difference_text(it, *labels)}"
    if len(diff.largest) > MOST_TOLD:
        yield f"         and {len(diff.largest) - MOST_TOLD:,} more arrays"


def tolerance_words(diff: TapeDiff, how: str) -> str:
    """Return how far apart numbers may be that are the same, after ``how``; nothing where that is not at all."""
    if not diff.tolerance:
        return ""
    why = ", as they are of two precisions" if diff.rtol is None else ""
    return f"{how} {diff.tolerance:g} of each array's largest number{why}"


def only_in_one(diff: TapeDiff, here: str, there: str) -> Iterator[str]:
    """Yield which nodes, steps and iterations only one of the two has."""
    for which, names in ((here, diff.only_here), (there, diff.only_there)):
        if names:
            told = ", ".join(visible(it, limit=40) for it in list(names)[:MOST_NAMED])
            yield f"only {which} has {told}{' …' if len(names) > MOST_NAMED else ''}"


def difference_text(it: Difference, here: str, there: str) -> str:
    """Return a difference on a line."""
    where = f"step {it.step}" if it.step == it.other_step else f"steps {it.step} and {it.other_step}"
    what = f"{visible(it.what, limit=60)} at " if it.what else ""
    name = visible(it.turn.name, limit=40)
    place = f"{where}, {it.turn.pass_.value}: {what}{name}"
    if it.numbers is None or it.index is None or it.array is None:
        shapes = [
            "none" if array is None else shape(array) if array.ndim else "a scalar" for array in (it.array, it.other)
        ]
        return f"{place} is {shapes[0]} in {here}, and {shapes[1]} in {there}"
    one, two = it.numbers
    more = f", {it.count:,} of {it.array.size:,} elements differ" if it.array.size > 1 else ""
    apart = f"{number(it.apart)} apart, {number(it.relative, 2)} of the largest number"
    return f"{place}{index_text(it.index)}: {number(one)} in {here}, {number(two)} in {there} ({apart}{more})"


def difference_summary(diff: TapeDiff, *, with_list: bool = False) -> dict[str, Any]:
    """Return what a comparison came to, as JSON."""
    summary: dict[str, Any] = {
        "differs": diff.differs,
        "compared": diff.compared,
        "different": diff.different,
        "only_a": list(diff.only_here),
        "only_b": list(diff.only_there),
    }
    if with_list:
        first = [diff.first] if diff.first else []
        summary["differences"] = [difference_record(it) for it in [*first, *diff.largest[: MOST_TOLD - 1]]]
    return summary


def difference_record(it: Difference) -> dict[str, Any]:
    """Return a difference as JSON."""
    numbers = it.numbers or (None, None)
    return {
        "step": it.step,
        "other_step": it.other_step,
        "iteration": it.turn.iteration,
        "pass": it.turn.pass_.value,
        "node": it.turn.name,
        "what": it.what or "value",
        "index": None if it.index is None else list(it.index),
        "a": coded_number(numbers[0]),
        "b": coded_number(numbers[1]),
        "apart": coded_number(it.apart),
        "relative": coded_number(it.relative),
        "count": it.count,
    }


def coded_number(value: float | None) -> Any:
    """Return a number as JSON has it: NaN and infinity as words."""
    from numpy import asarray  # noqa: PLC0415

    return None if value is None else encode_array(asarray(float(value)))["data"][0]
