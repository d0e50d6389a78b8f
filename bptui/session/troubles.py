"""What a person should look at: wrong layers, NaN and infinity where they begin, warnings, notes, a run's early end."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from bptui.checking.finding import Verdict
from bptui.checking.verdict_words import summary
from bptui.core import text
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.step import BackwardStep, ForwardStep, UpdateStep
from bptui.explaining.value_state import not_finite
from bptui.session.status_messages import failed_turn, failure_of
from layers import Array

if TYPE_CHECKING:
    from bptui.session.session import Session

SLICE = 0.01
"""Seconds of looking after which a key may be answered."""


class TroubleSearch:
    """Looks at one step after the other, away from the cursor, until ``count`` troubles have been met.

    ``found`` is the step of the last of them, None where there are fewer, and ``words`` say what is there.
    """

    def __init__(self, session: Session, count: int, direction: int) -> None:
        here, last = session.debugger.position, len(session.tape)
        self.session = session
        self.steps = iter(range(here + 1, last + 1) if direction > 0 else range(here - 1, -1, -1))
        self.left = count
        self.found: int | None = None
        self.words = ""

    def advance(self) -> bool:
        """Look for about ``SLICE`` seconds; return whether that was all."""
        end = monotonic() + SLICE
        for number in self.steps:
            if words := ", and ".join(troubles_at(self.session, number)):
                self.found, self.words = number, words
                self.left -= 1
            if not self.left:
                return True
            if monotonic() > end:
                return False
        return True


def troubles_at(session: Session, number: int) -> Iterator[str]:
    """Yield in words what a person should look at in a step (0: before the first)."""
    moment = session.tape.at(number)
    if failed_turn(moment):
        yield f"✗ the run ends here: {failure_of(moment)}"
    if wrong := wrong_layer(session, moment):
        yield wrong
    if begins := where_it_begins(moment):
        yield begins
    yield from warnings(session, moment)
    for note in session.notes.get(number, ()):
        yield f"✎ {text.visible(note, limit=200)}"


def wrong_layer(session: Session, moment: Moment) -> str:
    """Return the verdict on a node that is known to be wrong, at its backward or, without one, at its forward."""
    if moment.name is None or moment.pass_ is Pass.UPDATE or not session.has_checks:
        return ""
    iteration = moment.iteration - 1
    judged = session.checks.verdicts.of(iteration, moment.name)
    if judged is None or judged.verdict is not Verdict.FAIL:
        return ""
    backward = moment.order.step_number(iteration, Pass.BACKWARD, moment.name)
    return summary(judged) if moment.pass_ is Pass.BACKWARD or backward is None else ""


def where_it_begins(moment: Moment) -> str:
    """Return in words what NaN or infinity a step makes of finite numbers."""
    match moment.step:
        case ForwardStep() as step:
            given = [moment.value(name) for name in step.node.inputs]
            return begins(f"{text.visible(step.name)} of finite inputs", given, [step.out])
        case BackwardStep() as step:
            given = [step.dout, *(moment.value(name) for name in step.node.inputs), moment.value(step.name)]
            return begins(f"the gradients that leave {text.visible(step.name)}", given, step.gradients)
        case UpdateStep() as step:
            return begins(f"{text.visible(step.name)} after its update", [step.gradient, step.before], [step.after])
    return ""


def begins(what: str, given: list[Array | None], made: list[Array] | tuple[Array | None, ...]) -> str:
    """Return which of NaN and infinity is in what was made, where all that was given is finite."""
    found = next(filter(None, (not_finite(it) for it in made if it is not None)), "")
    is_new = found and all(it is None or it.dtype.kind != "f" or bool(np.isfinite(it).all()) for it in given)
    return f"{found} begins here, in {what}" if is_new else ""


def warnings(session: Session, moment: Moment) -> Iterator[str]:
    """Yield what there is to say of a layer of the user's own, at its first step."""
    if session.run is None or moment.pass_ is not Pass.FORWARD or moment.iteration > 1:
        return
    for remark, count in session.run.remarks.items():
        if remark.node == moment.name:
            times = f" ({count} times)" if count > 1 else ""
            yield f"▲ {text.visible(remark.node)}: {remark.text}{times}"
