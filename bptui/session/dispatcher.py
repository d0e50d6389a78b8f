"""The one place that carries out commands, from wherever they come: keys, the palette, a typed line, a file, a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from time import sleep
from typing import TYPE_CHECKING, Protocol

from bptui.core.command import (
    Back,
    Cancel,
    Check,
    Command,
    Consumer,
    Evidence,
    Finish,
    GoTo,
    GoToIteration,
    Into,
    Jump,
    JumpBack,
    JumpToMark,
    LineBack,
    Next,
    NextIteration,
    NextMatch,
    NextTrouble,
    PreviousIteration,
    PreviousMatch,
    PreviousTrouble,
    Producer,
    Record,
    ReverseFinish,
    RunTo,
    Search,
    Select,
    Selecting,
    SetMark,
    Travel,
    WriteNote,
)
from bptui.core.text import visible
from bptui.errors import BptuiError
from bptui.session import recording
from bptui.session.answer import Answer, WayOn, refusal
from bptui.session.session import Session
from bptui.session.status_messages import dead_end, failed_turn, how_it_runs

if TYPE_CHECKING:
    from bptui.session.troubles import TroubleSearch
    from bptui.stepping.line_tape import LineCursor

PAUSE = 0.002
"""Seconds between two looks at a layer that has not returned yet, where nothing else is to be done."""

Relative = Next | Back | LineBack | Finish | ReverseFinish
"""What always leads elsewhere, but at the ends of the run."""

ALREADY_THERE = "already there"

MOST_CANDIDATES = 2_000
"""Names among which one that is spelt alike is looked for."""


class Display(Protocol):
    """Where the answers are read: a screen, or a terminal's lines."""

    def obey(self, command: Command) -> Answer:
        """Carry out a command that is about the display alone, such as help, quit or another pane."""


class Dispatcher:
    """Carries out commands on a session, and answers each.

    An answer that is pending is for now: while ``work`` goes on with it, ``resume`` tells what it is by then.
    """

    def __init__(self, session: Session, display: Display) -> None:
        self.session = session
        self.display = display
        self.question: Callable[[], Answer] | None = None
        self.search: TroubleSearch | None = None

    def do(self, command: Command) -> Answer:
        """Carry out a command, or as much of it as takes no time, and answer it."""
        try:
            return self.carry_out(command)
        except BptuiError as error:
            hint = f" ({error.hint})" if error.hint else ""
            return Answer(f"{error.message}{hint}", "error", ok=False)

    def finish(self, command: Command) -> Answer:
        """Carry out a command, however long that takes, and answer it."""
        answer = self.do(command)
        while answer.is_pending:
            self.work()
            answer = self.resume() or Answer()
        return answer

    def carry_out(self, command: Command) -> Answer:  # noqa: PLR0911  (one case, one return a command)
        """Carry out a command. Raises BptuiError where it cannot be."""
        if isinstance(command, Travel):
            return self.travel(command)
        if isinstance(command, Jump):
            return self.jump(command)
        if isinstance(command, Selecting):
            return self.choose(command)
        match command:
            case SetMark(str(mark)):
                return self.set_mark(mark)
            case Check(node):
                return self.check(node)
            case Evidence(node):
                return self.show_evidence(node)
            case Record(file):
                return recording.record(self.session, file)
            case WriteNote(text):
                return self.write_note(text)
            case Cancel():
                return self.cancel()
        return self.display.obey(command)

    # What takes time.

    @property
    def is_entering(self) -> bool:
        """Whether a layer of the user's own is on its way through its lines."""
        debugger = self.session.debugger
        return "entrance" in vars(debugger) and debugger.entrance.is_waiting

    @property
    def is_busy(self) -> bool:
        """Whether there is anything to run, to write or to wait for."""
        is_asked = self.question is not None and (self.is_entering or self.search is not None)
        return self.session.is_under_way or is_asked

    def work(self) -> None:
        """Go on with what was asked for, for a slice of time."""
        session = self.session
        is_checking = session.is_checking
        if session.is_under_way:
            session.work()
        if is_checking:
            session.checks.work()
        if session.is_stuck:
            session.give_up()
        if self.is_entering or is_checking or session.is_waiting:
            sleep(PAUSE)
        session.catch_up()

    def ask(self, question: Callable[[], Answer]) -> Answer:
        """Return the answer to a question, and keep asking as long as it is pending."""
        self.question = question
        return self.resume() or Answer()

    def resume(self) -> Answer | None:
        """Return the answer by now to what was asked last; None where it has been answered."""
        if self.question is None:
            return None
        answer = self.question()
        if not answer.is_pending:
            self.question = None
        return answer

    # Moving in time.

    def travel(self, command: Travel) -> Answer:
        """Move the cursor."""
        match command:
            case Into():
                return self.go_into(command)
            case LineBack() if self.session.lines is None:
                return refusal("there is no line to go back to outside a layer's source", WayOn(Into, "goes into it"))
            case RunTo(name):
                return self.run_to(replace(command, name=self.named_or_selected(name)))
            case GoTo(step) if step > (count := len(self.session.tape.order)):
                raise BptuiError(f"there is no step {step}: the run has {count}")
            case GoToIteration(iteration) if iteration > (count := self.session.tape.order.iterations):
                raise BptuiError(f"there is no iteration {iteration}: the run has {count}")
            case NextIteration() if (last := self.session.tape.order.iterations) == self.session.moment.iteration:
                return refusal(f"this is the last iteration of {last}" if last > 1 else "the run has one iteration")
            case PreviousIteration() if self.session.moment.iteration == 1:
                return refusal("this is the first iteration")
        return self.move(command)

    def move(self, command: Travel) -> Answer:
        """Move the cursor to where a command leads; the answer is pending until the run has come there."""
        before = self.place
        self.session.do(command)
        if not isinstance(command, Relative) and self.place != before:
            self.session.jumps.append(before[0])
        return self.ask(partial(self.arrival, before, is_relative=isinstance(command, Relative)))

    @property
    def place(self) -> tuple[int, LineCursor | None]:
        """Where the cursor stands, and the cursor in the layer's source."""
        return self.session.debugger.position, self.session.lines

    def arrival(self, before: tuple[int, LineCursor | None], *, is_relative: bool) -> Answer:
        """Return what there is to say where a command has led: mostly nothing, for the moment is seen."""
        session = self.session
        if session.is_waiting:
            return how_it_runs(session)
        if session.debugger.goal == session.debugger.position:
            if self.place != before:
                return Answer()
            if not is_relative:
                return Answer(ALREADY_THERE)
        if failed := failed_turn(session.moment):
            session.selection.choose(failed.name)
        return dead_end(session)

    def run_to(self, command: RunTo) -> Answer:
        """Run to a value's next step, and leave the value selected."""
        assert command.name is not None
        if command.name in self.session.tape.graph.constants:
            raise BptuiError(f"{visible(command.name, limit=40)} is a constant, which has no step")
        answer = self.move(command)
        moment = self.session.moment
        if answer.text == ALREADY_THERE and command.name not in {moment.name, *moment.changed}:
            return refusal(f"no step of this iteration reaches {visible(command.name, limit=40)}")
        if answer.ok:
            self.session.selection.choose(command.name)
        return answer

    def go_into(self, command: Into) -> Answer:
        """Go into the source of a layer, or on in it."""
        lines = self.session.lines
        if lines and lines.is_at_end:
            return refusal(f"{lines.tape.method} has ended", WayOn(Finish, "leaves its source"))
        return self.ask(partial(self.enter, command, self.session.debugger.position))

    def enter(self, command: Into, position: int) -> Answer:
        """Go into a layer's source, if the cursor is still there; a layer of the user's own is asked again."""
        debugger = self.session.debugger
        if debugger.position != position:
            return Answer()
        try:
            self.session.do(command)
        except BptuiError as error:
            return replace(refusal(error.message), is_pending=debugger.entrance.is_waiting)
        return Answer()

    # Jumping.

    def jump(self, command: Jump) -> Answer:
        """Go to a place that the session knows of."""
        match command:
            case NextTrouble(count):
                return self.find_trouble(count, 1)
            case PreviousTrouble(count):
                return self.find_trouble(count, -1)
            case JumpToMark(str(mark)):
                return self.jump_to_mark(mark)
            case JumpToMark():
                return self.display.obey(command)
            case JumpBack(count):
                return self.jump_back(count)

    def find_trouble(self, count: int, direction: int) -> Answer:
        """Go to the ``count``-th trouble after the cursor (1) or before it (-1)."""
        from bptui.session.troubles import TroubleSearch  # noqa: PLC0415  (when it is first wanted: the program starts sooner)

        self.search = TroubleSearch(self.session, count, direction)
        return self.ask(partial(self.trouble, self.search))

    def trouble(self, search: TroubleSearch) -> Answer:
        """Return what has been found by now, and go there."""
        if not search.advance():
            return Answer("looking for trouble …", "dim", is_pending=True)
        self.search = None
        if search.found is None:
            return refusal(f"no trouble is known that way{self.checked}", WayOn(Check, "checks a layer"))
        self.move(GoTo(search.found))
        return Answer(search.words, "error")

    @property
    def checked(self) -> str:
        """How many nodes have been checked, in words."""
        if "checks" not in vars(self.session):
            return ""
        told = self.session.checks.verdicts.told(self.session.moment.iteration - 1)
        return f" ({told})" if told else ""

    def set_mark(self, mark: str) -> Answer:
        """Remember the step at the cursor."""
        self.session.marks[mark] = self.session.debugger.position
        self.session.log(SetMark(mark))
        return Answer(f"mark {visible(mark, limit=40)} at step {self.session.debugger.position}")

    def jump_to_mark(self, mark: str) -> Answer:
        """Go to a step that has been marked. Raises BptuiError where there is no such mark."""
        if mark not in self.session.marks:
            known = ", ".join(visible(it, limit=40) for it in self.session.marks)
            raise BptuiError(
                f"there is no mark {visible(mark, limit=40)}", hint=f"there are {known}" if known else None
            )
        return self.move(GoTo(self.session.marks[mark]))

    def jump_back(self, count: int) -> Answer:
        """Go back to where a jump began. Raises BptuiError where there was none."""
        jumps = self.session.jumps
        if not jumps:
            raise BptuiError("there is no jump to come back from")
        there = [jumps.pop() for _ in range(min(count, len(jumps)))][-1]
        left = tuple(jumps)
        answer = self.move(GoTo(there))
        jumps.clear()
        jumps.extend(left)  # coming back is no jump
        return answer

    # Selecting.

    def choose(self, command: Selecting) -> Answer:
        """Select a value."""
        selection = self.session.selection
        match command:
            case Select(name):
                answer = Answer()
                selection.choose(self.known(name))
            case Consumer(count):
                answer = selection.consumer(count)
            case Producer(count):
                answer = selection.producer(count)
            case NextMatch(count):
                answer = selection.match(count, 1)
            case PreviousMatch(count):
                answer = selection.match(count, -1)
            case Search(None):
                return self.display.obey(command)
            case Search(str(text)):
                answer = selection.search(text)
        if answer.ok and selection.name is not None:
            self.session.select(selection.name)
        return answer

    def known(self, name: str) -> str:
        """Return a value's name. Raises BptuiError where there is none of that name."""
        names = self.session.tape.graph.names
        if name in self.session.tape.graph.slots:
            return name
        near = get_close_matches(name, names[:MOST_CANDIDATES], n=1)
        hint = f"did you mean {visible(near[0], limit=40)}?" if near else None
        raise BptuiError(f"there is no value {visible(name, limit=40)}", hint=hint)

    def named_or_selected(self, name: str | None) -> str:
        """Return the value that a command is about. Raises BptuiError where there is none."""
        if name is not None:
            return self.known(name)
        if self.session.selection.name is None:
            raise BptuiError("select a node first")
        return self.session.selection.name

    # Checking.

    def check(self, node: str | None) -> Answer:
        """Check a node, by default the selected one, and where none is selected all of them."""
        checks, iteration = self.session.checks, self.session.moment.iteration - 1
        if node is None and self.session.selection.name is None:
            return self.ask(partial(self.check_all, iteration))
        name = self.named_or_selected(node)
        self.session.log(Check(name))
        return self.ask(partial(checks.check, name, iteration))

    def check_all(self, iteration: int) -> Answer:
        """Check all nodes, and select the first that is wrong."""
        answer = self.session.checks.check_all(iteration)
        if answer.judged:
            self.session.select(answer.judged.node)
        return answer

    def show_evidence(self, node: str | None) -> Answer:
        """Show what is known of a node, by default of the selected one."""
        name = self.named_or_selected(node)
        return self.ask(partial(self.session.checks.evidence, name, self.session.moment.iteration - 1))

    # The rest.

    def write_note(self, text: str | None) -> Answer:
        """Write a note at this step; without a text it is asked for."""
        recording.refuse_replay(self.session)
        return self.display.obey(WriteNote()) if text is None else recording.write_note(self.session, text)

    def cancel(self) -> Answer:
        """Go back to the current step's node, forget the matches, and wait no longer for a layer that hangs."""
        session, selection = self.session, self.session.selection
        if session.held_up:
            session.give_up()
        selection.matches = ()
        selection.is_following = True
        selection.follow(session.moment.name)
        return Answer()
