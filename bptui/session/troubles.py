"""What a person should look at: wrong layers, NaN and infinity where they begin, warnings, unused values, notes.

And a run's early end.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING

from bptui.checking.finding import Verdict
from bptui.checking.verdict_words import summary
from bptui.core import text
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.explaining.non_finite import beginnings, given_so
from bptui.lines.signs import FAIL
from bptui.session.status_messages import failure_of, is_at_failure

if TYPE_CHECKING:
    from bptui.session.session import Session

SLICE = 0.01
"""Seconds of looking after which a key may be answered."""


class TroubleSearch:
    """Looks at one step after the other, away from the cursor, until ``count`` troubles have been met.

    ``at`` is the step looked at last, ``found`` that of the last trouble, None where there are fewer, and ``words`` say
    what is there.
    """

    def __init__(self, session: Session, count: int, direction: int) -> None:
        self.session = session
        self.at = session.debugger.position
        self.direction = direction
        self.left = count
        self.found: int | None = None
        self.words = ""

    def advance(self) -> bool:
        """Look for about ``SLICE`` seconds; return whether that was all."""
        end = monotonic() + SLICE
        while 0 <= self.at + self.direction <= len(self.session.tape):
            self.at += self.direction
            if words := ", and ".join(troubles_at(self.session, self.at)):
                self.found, self.words = self.at, words
                self.left -= 1
            if not self.left:
                return True
            if monotonic() > end:
                return False
        run = self.session.run
        return self.direction < 0 or run is None or run.is_over


def troubles_at(session: Session, number: int) -> Iterator[str]:
    """Yield in words what a person should look at in a step (0: before the first)."""
    moment = session.tape.at(number)
    if is_at_failure(moment):
        yield f"{FAIL} the run ends here: {failure_of(moment)}"
    if wrong := wrong_layer(session, moment):
        yield wrong
    yield from (f"{FAIL} {words}" for words in beginnings(moment))
    yield from given(moment)
    yield from warnings(session, moment)
    yield from unused(session, moment)
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


def warnings(session: Session, moment: Moment) -> Iterator[str]:
    """Yield what there is to say of a layer of the user's own, at the first step in which it was noticed."""
    if moment.iteration > 1:
        return
    for remark, count in session.remarks.items():
        if remark.node == moment.name and remark.pass_ is moment.pass_:
            yield remark.sentence(count)


def unused(session: Session, moment: Moment) -> Iterator[str]:
    """Yield which values no one uses: leaves before the first step, others where they are computed at first."""
    if moment.position > len(moment.graph.nodes):
        return
    names = moment.changed if moment.position else moment.graph.leaves
    yield from (words for name, words in session.unused.items() if name in names)


def given(moment: Moment) -> Iterator[str]:
    """Yield before the first step which values have NaN or infinity in them to begin with."""
    if moment.position == 0:
        yield from (f"{FAIL} {words}" for words in (given_so(moment, it) for it in moment.graph.leaves) if words)
