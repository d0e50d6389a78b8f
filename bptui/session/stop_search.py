"""Running on to a stop, or back to one: looking at one step after the other, away from the cursor."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from bptui.core.expression import holds
from bptui.core.moment import Moment
from bptui.core.stop import Stop, StopEvent
from bptui.core.text import escaped
from bptui.core.verbs.movement import GoTo
from bptui.core.verbs.stops import Continue, ReverseContinue
from bptui.errors import ExpressionError
from bptui.explaining.non_finite import beginnings, given_arrays, non_finite, results
from bptui.session.answer import Answer, Question
from bptui.session.condition_words import condition_numbers
from bptui.session.jumps import check_own_layers
from bptui.session.status_messages import halt_reason, is_at_failure, progress_bar
from bptui.session.stops import stop_steps
from bptui.session.travel import move_cursor
from bptui.session.troubles import warnings, wrong_layer

if TYPE_CHECKING:
    from bptui.session.session import Session

SLICE = 0.01
"""Seconds of looking after which a key may be answered."""


class Candidates:
    """The steps at which one stop may halt, from one place on in one direction; of most steps nothing is asked."""

    def __init__(self, session: Session, stop: Stop, direction: int) -> None:
        self.order = session.tape.order
        self.stop = stop
        self.direction = direction
        self.found: int | None = session.debugger.position

    def beyond(self, at: int) -> int | None:
        """Return the next such step beyond ``at``, None where there are no more. ``at`` never turns round."""
        while self.found is not None and (self.found - at) * self.direction <= 0:
            self.found = self.next_one(at)
        return self.found

    def next_one(self, at: int) -> int | None:
        """Return the step beyond ``at`` that is nearest."""
        if self.stop.node is None:
            step = at + self.direction
            return step if 0 < step <= len(self.order) else None
        iteration = self.order.progress(at).iteration
        ahead = range(iteration, self.order.iterations) if self.direction > 0 else range(iteration, -1, -1)
        for it in ahead:
            steps = [step for step in stop_steps(self.order, it, self.stop) if (step - at) * self.direction > 0]
            if steps:
                return min(steps) if self.direction > 0 else max(steps)
        return None


class Passed:
    """The first times that a stop with ``after`` lets pass, counted from the start of the run."""

    def __init__(self, session: Session, stop: Stop) -> None:
        self.session = session
        self.stop = stop
        self.at = 0
        self.left = stop.after
        self.candidates = Candidates(session, stop, 1)
        self.candidates.found = 0

    def covers(self, step: int, end: float) -> bool | None:
        """Return whether all of them lie at ``step`` or before; None where time was up before that was known."""
        while self.left and (found := self.candidates.beyond(self.at)) is not None and found <= step:
            self.at = found
            self.left -= bool(hit_words(self.session, self.stop, self.session.tape.at(found)))
            if monotonic() > end:
                return None
        return not self.left and self.at < step


class StopSearch:
    """Looks for the ``count``-th stop from the cursor on (1) or back (-1).

    ``at`` is the step looked at last; ``found`` that of the last stop, with its ``number`` and the ``reason``.
    ``complaint`` says of a condition that could not be told at some step why.
    """

    def __init__(self, session: Session, count: int, direction: int) -> None:
        self.session = session
        self.direction = direction
        self.left = count
        self.at = session.debugger.position
        self.stops = [(number, stop, Candidates(session, stop, direction)) for number, stop in session.stops.enabled]
        self.passed = {number: Passed(session, stop) for number, stop in session.stops.enabled if stop.after}
        self.found: int | None = None
        self.number: int | None = None
        self.reason = ""
        self.complaint = ""

    def advance(self) -> bool:
        """Look for about ``SLICE`` seconds; return whether that was all."""
        end = monotonic() + SLICE
        while (step := self.next_step()) is not None:
            if step > len(self.session.tape):
                return self.is_run_over
            if not self.look_at(step, end):
                return False
            self.at = step
            if not self.left:
                return True
            if monotonic() > end:
                return False
        return self.direction < 0 or self.is_run_over

    @property
    def is_run_over(self) -> bool:
        """Whether the tape will not grow any more."""
        return self.session.run is None or self.session.run.is_over

    def next_step(self) -> int | None:
        """Return the next step at which any stop may halt."""
        steps = [step for _, _, it in self.stops if (step := it.beyond(self.at)) is not None]
        if not steps:
            return None
        return min(steps) if self.direction > 0 else max(steps)

    def look_at(self, step: int, end: float) -> bool:
        """Ask the stops that are about a step whether they halt there; return False where time was up before."""
        moment = self.session.tape.at(step)
        for number, stop, candidates in self.stops:
            if candidates.beyond(self.at) != step:
                continue
            if number in self.passed:
                covers = self.passed[number].covers(step, end)
                if covers is None:
                    return False
                if not covers:
                    continue
            if words := self.words_at(number, stop, moment):
                self.found, self.number, self.reason = step, number, words
                self.left -= 1
                return True
        return True

    def words_at(self, number: int, stop: Stop, moment: Moment) -> str:
        """Return why a stop halts at a moment; empty where it does not."""
        try:
            return hit_words(self.session, stop, moment)
        except ExpressionError as error:
            self.complaint = f"stop {number} could not be told at step {moment.position}: {error.message}"
            return ""


def hit_words(session: Session, stop: Stop, moment: Moment) -> str:
    """Return why a stop halts at a moment that it is about; empty where it does not. Raises ExpressionError."""
    match stop.event:
        case StopEvent.NAN:
            return next(non_finite_words(moment), "")
        case StopEvent.FAIL:
            return next(fail_words(session, moment), "")
        case StopEvent.WARNING:
            return next(warnings(session, moment), "")
    if stop.condition is None:
        return escaped(str(stop))
    if not holds(stop.condition, moment):
        return ""
    numbers = condition_numbers(stop.condition, moment)
    return f"{escaped(str(stop))} ({numbers})" if numbers else escaped(str(stop))


def non_finite_words(moment: Moment) -> Iterator[str]:
    """Yield what of NaN or infinity begins at a step; where it was given so, at the first step that takes it."""
    yield from beginnings(moment)
    graph = moment.graph
    if moment.step is None or not any(map(non_finite, results(moment.step))):
        return
    leaves = [value for name in graph.leaves if (value := moment.value(name)) is not None]
    taken = [it for it in given_arrays(moment) if non_finite(it)]
    if taken and all(any(it is leaf for leaf in leaves) for it in taken):
        yield "NaN or Infinity comes in with what the step was given"


def fail_words(session: Session, moment: Moment) -> Iterator[str]:
    """Yield the verdict on a wrong layer, and a step that has failed."""
    if wrong := wrong_layer(session, moment):
        yield wrong


def run_to_stop(session: Session, command: Continue | ReverseContinue) -> Question:
    """Go to a stop, or where there is none to the end of the run, or to its start."""
    search = StopSearch(session, command.count, -1 if isinstance(command, ReverseContinue) else 1)
    return partial(go_to_stop, session, command, search)


def go_to_stop(session: Session, command: Continue | ReverseContinue, search: StopSearch) -> Answer:
    """Return what has been found by now, and go there; where a check may stop it, own layers are checked first."""
    is_about_fails = any(stop.event is StopEvent.FAIL for _, stop in session.stops.enabled)
    if is_about_fails and (pending := check_own_layers(session)) is not None:
        return pending
    if not search.advance():
        return Answer(f"looking for a stop: step {search.at:,} {searched_bar(session, search)}", "dim", is_pending=True)
    session.log(command)
    record: dict[str, object] = {"stop": None, "reason": "", "complaint": search.complaint or None}
    if search.found is None or search.left:
        return end_reached(session, search, record)
    move_cursor(session, GoTo(search.found))
    record |= {"stop": search.number, "reason": search.reason}
    return Answer(f"stop {search.number}: {search.reason}", "mark", record=record)


def end_reached(session: Session, search: StopSearch, record: dict[str, object]) -> Answer:
    """Go to the end of the run, or to its start, and say that no stop came before it."""
    is_forward = search.direction > 0
    where = "the end of the run" if is_forward else "the start of the run"
    move_cursor(session, GoTo(len(session.tape) if is_forward else 0))
    if is_forward and is_at_failure(session.moment):
        return halt_reason(session)
    none = "no stop is set" if not session.stops.by_number else "no more stops that way"
    words = "; ".join(filter(None, (f"{none}: {where}", search.complaint)))
    return Answer(words, "dim", record=record | {"reason": where})


def searched_bar(session: Session, search: StopSearch) -> str:
    """Return how much has been looked at, as a bar."""
    count = len(session.tape.order)
    return progress_bar(search.at if search.direction > 0 else count - search.at, count)
