"""The one place that carries out commands, from wherever they come: keys, the palette, a typed line, a file, a test."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from time import sleep
from typing import Protocol

from bptui.core.command import Command
from bptui.core.verbs.branches import Branching, Diff, SetValue
from bptui.core.verbs.explaining import FindDependence, FindPaths, ShowHealth, Why
from bptui.core.verbs.movement import Jump, JumpToMark, NextTrouble, SetMark, Travel
from bptui.core.verbs.program import Cancel, ToggleRecording, WriteNote
from bptui.core.verbs.selection import SearchNames, Selecting
from bptui.core.verbs.stops import Continue, Plot, ReverseContinue, Stopping, Watch, Watching
from bptui.core.verbs.teaching import Predicting
from bptui.core.verbs.view import Check, ListPasses, Print, ShowEvidence
from bptui.errors import BptuiError, ExpressionError
from bptui.session import recording
from bptui.session.answer import Answer, Pointed, Question, WayOn, refusal
from bptui.session.branches import change_branches, run_to_edit
from bptui.session.expression_value import value_answer
from bptui.session.jumps import jump, set_mark
from bptui.session.selecting import named_or_selected, select_value
from bptui.session.session import Session
from bptui.session.stop_search import run_to_stop
from bptui.session.stops import change_stops
from bptui.session.travel import travel
from bptui.session.watches import change_watches, plot

TELLING = Continue | NextTrouble | Plot | ShowHealth | FindPaths | Diff | Branching | ListPasses
"""What looks at steps that are still to come: not while their numbers are to be predicted."""

WAY_OUT = WayOn(Cancel, "stops waiting")
"""What can be done while an answer takes time."""

PAUSE = 0.002
"""Seconds between two looks at a layer that has not returned yet, where nothing else is to be done."""


class Display(Protocol):
    """Where the answers are read: a screen, or a terminal's lines."""

    shows_selection: bool
    """Whether a person sees which value is selected."""

    def obey(self, command: Command) -> Answer:
        """Carry out a command that is about the display alone, such as help, quit, or asking for a text."""


class Dispatcher:
    """Carries out commands on a session, and answers each.

    An answer that is pending is for now: while ``work`` goes on with it, ``resume`` tells what it is by then.
    """

    def __init__(self, session: Session, display: Display) -> None:
        self.session = session
        self.display = display
        self.question: Question | None = None

    def do(self, command: Command) -> Answer:
        """Carry out a command, or as much of it as takes no time, and answer it."""
        try:
            question = self.teaching(command) or self.question_of(command)
        except BptuiError as error:
            return error_answer(error)
        if question is None:
            return self.display.obey(command)
        self.question = question
        return self.resume() or Answer()

    def finish(self, command: Command) -> Answer:
        """Carry out a command, however long that takes, and answer it."""
        answer = self.do(command)
        while answer.is_pending:
            self.work()
            answer = self.resume() or Answer()
        return answer

    def resume(self) -> Answer | None:
        """Return the answer by now to what was asked last; None where it has been answered."""
        if self.question is None:
            return None
        try:
            answer = self.question()
        except BptuiError as error:
            answer = error_answer(error)
        if not answer.is_pending:
            self.question = None
        prediction = self.session.prediction
        if prediction is not None and prediction.is_held and not answer.is_pending:
            prediction.is_held = False
            return asked_at_cursor(self.session)
        return answer if answer.way_on or not answer.is_pending else replace(answer, way_on=WAY_OUT)

    @property
    def is_at_rest(self) -> bool:
        """Whether there is nothing to go back from, and no answer is waited for."""
        return self.session.is_at_rest and self.question is None

    @property
    def is_busy(self) -> bool:
        """Whether there is anything to run, to write or to wait for, other than the checks."""
        return self.session.is_under_way or (self.question is not None and not self.session.is_checking)

    def work(self) -> None:
        """Go on with what was asked for, for a slice of time."""
        session = self.session
        is_idle = not session.is_under_way
        if not is_idle:
            session.work()
        if session.is_checking:
            session.checks.work()
        if session.is_stuck:
            session.give_up()
        if is_idle or session.is_waiting:
            sleep(PAUSE)
        session.catch_up()

    def question_of(self, command: Command) -> Question | None:
        """Begin to carry out a command, and return what answers it; None where it is about the display alone.

        Raises BptuiError where it cannot be carried out.
        """
        match command:
            case SearchNames(None) | SetMark(None) | JumpToMark(None) | Watch(None):
                return None
            case SetValue(None):
                run_to_edit(self.session)
                return None
            case WriteNote(text):
                recording.refuse_replay(self.session)
                return None if text is None else partial(recording.write_note, self.session, text)
        return self.movement(command) or self.setting(command) or self.looking(command) or self.telling(command)

    def teaching(self, command: Command) -> Question | None:
        """Ask for numbers, or take an answer, if the command is of that kind, or would tell what is still hidden.

        Raises BptuiError for what would.
        """
        if isinstance(command, Predicting) or (self.session.prediction and isinstance(command, TELLING)):
            from bptui.session.predicting import predict  # noqa: PLC0415  (few sessions are a quiz)

            return partial(predict, self.session, command)
        return None

    def movement(self, command: Command) -> Question | None:
        """Begin to move the cursor or the selection, and return what answers the command, if it is of that kind."""
        if isinstance(command, Travel):
            return travel(self.session, command)
        if isinstance(command, Jump):
            return jump(self.session, command)
        if isinstance(command, Continue | ReverseContinue):
            return run_to_stop(self.session, command)
        if isinstance(command, Selecting):
            return partial(select_value, self.session, command)
        return None

    def setting(self, command: Command) -> Question | None:
        """Set stops, watches or values, or change what was set, if the command is of that kind."""
        if isinstance(command, Stopping):
            return partial(change_stops, self.session, command)
        if isinstance(command, Watching):
            return partial(change_watches, self.session, command)
        if isinstance(command, Branching):
            return change_branches(self.session, command)
        return None

    def looking(self, command: Command) -> Question | None:
        """Begin to check, or to keep what there is, if the command is of that kind."""
        session = self.session
        match command:
            case SetMark(str(mark)):
                return partial(set_mark, session, mark)
            case Check(node):
                return self.check(node)
            case ShowEvidence(node):
                name = named_or_selected(session, node)
                return partial(session.checks.evidence, name, session.moment.iteration - 1)
            case ToggleRecording(file):
                return partial(recording.record, session, file)
            case Cancel():
                return partial(self.cancel, self.question)
        return None

    def telling(self, command: Command) -> Question | None:
        """Begin to tell something of the run, if the command is of that kind."""
        session = self.session
        match command:
            case Print(expression):
                return partial(value_answer, session, expression)
            case Why() | FindPaths() | FindDependence() | ShowHealth():
                from bptui.session.explanation import begin_explanation  # noqa: PLC0415  (few sessions ask; the program starts sooner)

                return begin_explanation(session, command)
            case Diff(other):
                from bptui.session.differences import compare_with  # noqa: PLC0415  (few sessions compare)

                return compare_with(session, other)
            case Plot(expression):
                return plot(session, expression)
            case ListPasses():
                from bptui.session.passes import list_passes  # noqa: PLC0415  (few sessions ask)

                return partial(list_passes, session)
        return None

    def check(self, node: str | None) -> Question:
        """Check a node, by default the selected one.

        All of them are checked where none is selected, or only because the cursor is there and nobody sees that.
        """
        session, iteration = self.session, self.session.moment.iteration - 1
        is_unselected = session.selection.name is None or (
            session.selection.is_following and not self.display.shows_selection
        )
        if node is None and is_unselected:
            session.log(Check())
            return partial(self.check_all, iteration)
        name = named_or_selected(session, node)
        session.log(Check(name))
        return partial(session.checks.check, name, iteration)

    def check_all(self, iteration: int) -> Answer:
        """Check all nodes, and select the first that is wrong."""
        answer = self.session.checks.check_all(iteration)
        if answer.judged:
            self.session.select(answer.judged.node)
        return answer

    def cancel(self, before: Question | None) -> Answer:
        """Wait no longer for what was asked ``before``, else go back to the current step's node and forget the matches.

        Where a layer hangs, what was asked is answered then: the run has failed.
        """
        session, selection = self.session, self.session.selection
        if session.held_up:
            session.give_up()
            return before() if before else Answer()
        if before:
            session.stay()
            return Answer(f"stopped waiting: the cursor stays at step {session.moment.position:,}", "warning")
        if session.is_at_rest:
            return refusal("there is nothing to go back from")
        selection.matches = ()
        selection.is_following = True
        selection.follow(session.moment.name)
        return Answer()


def asked_at_cursor(session: Session) -> Answer:
    """Return the question at the cursor."""
    from bptui.session.predicting import question_answer  # noqa: PLC0415  (few sessions are a quiz)

    return question_answer(session)


def error_answer(error: BptuiError) -> Answer:
    """Return the answer to a command that could not be carried out."""
    hint = f" ({error.hint})" if error.hint else ""
    pointed = Pointed(error.text, error.position) if isinstance(error, ExpressionError) else None
    return Answer(f"{error.message}{hint}", "error", ok=False, pointed=pointed)
