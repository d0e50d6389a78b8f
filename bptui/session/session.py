"""One sitting at the debugger: the tape, which may still be running, what is selected, checked, noted and recorded."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, cast

from bptui.core.command import Command
from bptui.core.debugger import Debugger
from bptui.core.edit import MAIN
from bptui.core.engine import TIME_LIMIT
from bptui.core.lesson import Quiz
from bptui.core.moment import Moment
from bptui.core.program import PrintedPieces, WatchedProgram
from bptui.core.stop import Stops
from bptui.core.tape import Tape
from bptui.core.text import visible
from bptui.core.verbs.movement import Travel
from bptui.core.verbs.selection import Select
from bptui.core.watch_list import WatchList
from bptui.errors import LayerError
from bptui.lines.signs import CAUTION
from bptui.running import Run
from bptui.scenario.scenario import Scenario
from bptui.session.branch import Branch, Branches
from bptui.session.selection import Selection

if TYPE_CHECKING:
    from bptui.guest.observation import Remark
    from bptui.recording.recorder import Recorder
    from bptui.recording.records import NoteRecord
    from bptui.session.checks import SessionChecks
    from bptui.session.course import Course
    from bptui.session.playback import Playback
    from bptui.session.prediction import Prediction
    from bptui.stepping.line_tape import LineCursor
    from bptui.stepping.program_entrance import ProgramEntrance
    from bptui.stepping.step_into import LayerEntrance

SLICE = 0.01
"""Seconds of running after which a key may be answered."""

MOST_JUMPS = 100
"""Places that are remembered to come back to."""

NOTICED = 1.0
"""Seconds after which a layer that has not returned is spoken of."""

LOOK = 0.02
"""Seconds that a look at a layer of the user's own may hold up a key."""

STEPS = 256
"""Steps between two looks at the clock."""


class Session:
    """A debugger over ``tape``, ``run``, which fills it, if there is one, and the recorder of what happens, if any.

    ``name`` is short, for the title line and for files; ``title`` and ``about`` are the scenario's own words.
    ``notes`` are what was written down, by the step that it was written at. ``stop_messages`` tell of
    recordings that had to stop. ``presses`` counts the keys, ``touched_at`` is when the last one came; when none has
    come for ``idle`` seconds, what nobody has asked for may be done (None: never).
    """

    def __init__(
        self,
        tape: Tape,
        name: str,
        *,
        run: Run | None = None,
        program: WatchedProgram | None = None,
        printed: PrintedPieces = (),
        title: str = "",
        about: str = "",
        notes: Iterable[NoteRecord] = (),
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.tape = tape
        self.run = run
        self.program = program
        self.printed = printed
        self.name = name
        self.title = title
        self.about = about
        self.clock = clock
        self.debugger = Debugger(tape, self.open_entrance)
        self.selection = Selection(tape.graph)
        if run and run.scenario.guests:
            run.guests.look_patience = LOOK
        self.marks: dict[str, int] = {}
        self.branches = Branches({MAIN: Branch(tape, run)})
        self.stops = Stops()
        self.prediction: Prediction | None = None
        self.quiz = Quiz()
        self.opening: tuple[Command, ...] = ()
        self.welcome = ""
        self.playback: Playback | None = None
        self.watches = WatchList()
        self.courses: dict[str, Course] = {}
        self.jumps: deque[int] = deque(maxlen=MOST_JUMPS)
        self.recorder: Recorder | None = None
        self.stop_messages: list[str] = []
        self.touched_at = clock()
        self.presses = 0
        self.idle: float | None = None
        self.notes: defaultdict[int, list[str]] = defaultdict(list)
        for note in notes:
            self.notes[note.at].append(note.text)
        if run:
            self.take_plan(run.scenario)

    def take_plan(self, scenario: Scenario) -> None:
        """Begin with the stops and the notes that a scenario has."""
        for stop in scenario.stops:
            self.stops.add(stop)
        self.quiz = scenario.lesson.quiz
        for note in scenario.lesson.notes:
            if (at := note.position(self.tape.order)) is not None:
                self.notes[at].append(note.text)

    @property
    def moment(self) -> Moment:
        """All that is known at the cursor."""
        return self.debugger.moment

    @cached_property
    def checks(self) -> SessionChecks:
        """The checks of nodes."""
        from bptui.session.checks import SessionChecks  # noqa: PLC0415  (after the first picture: the program starts sooner)

        return SessionChecks(self)

    @property
    def has_checks(self) -> bool:
        """Whether any check has been asked for, or made unasked."""
        return "checks" in vars(self)

    @property
    def is_checking(self) -> bool:
        """Whether a check that was asked for is still to be made."""
        return self.has_checks and bool(self.checks.checking.asked)

    @property
    def remarks(self) -> Mapping[Remark, int]:
        """How often the layers of the user's own have done each odd thing so far."""
        return self.run.remarks if self.run else {}

    @cached_property
    def unused(self) -> Mapping[str, str]:
        """What there is to say of each value that no one uses, by its name."""
        from bptui.checking.check_uses import unused_values  # noqa: PLC0415  (when it is first wanted: the program starts sooner)

        return {it.node: f"{CAUTION} {it.reason}" for it in unused_values(self.tape.graph)}

    def open_entrance(self) -> LayerEntrance | ProgramEntrance:
        """Return the way into the layers."""
        if self.program is not None:
            from bptui.stepping.program_entrance import ProgramEntrance  # noqa: PLC0415

            return ProgramEntrance(self.program, is_branch=self.is_edited_program)
        from bptui.stepping.step_into import LayerEntrance  # noqa: PLC0415  (few sessions go into a layer, and start sooner)

        return LayerEntrance(self.run)

    @property
    def lines(self) -> LineCursor | None:
        """The place in the source of the step's layer; None outside of it."""
        return cast("LineCursor | None", self.debugger.lines)

    @property
    def is_at_rest(self) -> bool:
        """Whether there is nothing to go back from: the current value is selected, nothing searched or waited for."""
        selection = self.selection
        return selection.name == self.moment.name and not selection.matches and not self.held_up

    def touch(self) -> None:
        """Take note of a key, so that checks that were not asked for wait."""
        self.touched_at = self.clock()

    def press(self) -> None:
        """Take note of a key."""
        self.presses += 1
        self.touch()

    def do(self, command: Travel) -> Moment:
        """Move the cursor, select the value whose step it comes to, and record the command."""
        if not len(self.tape):
            self.work()  # a key that was pressed before the first picture finds its step, and no word of waiting
        if self.prediction is not None:
            command = self.gated(command, self.prediction)
        moment = self.debugger.do(command)
        self.selection.is_following = True
        self.selection.follow(moment.name)
        self.log(command)
        return moment

    def gated(self, command: Travel, prediction: Prediction) -> Travel:
        """Return a command as far as it goes while numbers are still to be predicted; what it would tell has run."""
        here, there = self.debugger.position, min(self.debugger.destination(command), len(self.tape.order))
        while len(self.tape) < there and not (self.run is None or self.run.is_over):
            self.work()
        return prediction.gated(command, here, there)

    def select(self, name: str) -> None:
        """Select a value, until the next step selects its own, and record it."""
        self.selection.choose(name)
        self.log(Select(name))

    def log(self, command: Command) -> None:
        """Record a command that has been carried out."""
        if self.recorder:
            self.recorder.moved(command, self.moment)

    @property
    def has_lost_records(self) -> bool:
        """Whether any recording had to stop."""
        return bool(self.stop_messages)

    @property
    def is_under_way(self) -> bool:
        """Whether there is anything left to run or to write."""
        is_behind = self.recorder is not None and self.recorder.is_behind
        return is_behind or (self.run is not None and not self.run.is_over)

    @property
    def is_waiting(self) -> bool:
        """Whether the cursor has been asked for a step that has not run yet."""
        return not self.is_replay and self.failure is None and self.debugger.position < self.debugger.goal

    @property
    def failure(self) -> LayerError | None:
        """What ended the run before its end, if anything did."""
        return self.tape.failure

    @property
    def held_up(self) -> str:
        """Whose layer keeps the run waiting, and for how long, in words; empty for the first moment."""
        node = self.run.node_waited_for if self.run else None
        call = self.run.waiting if self.run else None
        if node is None or call is None or call.elapsed < NOTICED:
            return ""
        return f"{visible(node.name, limit=40)}: {node.layer} has not returned for {call.elapsed:.0f} s"

    @property
    def slowest(self) -> str:
        """Which layer the run spends its time in, in words; empty where that is not worth a word."""
        slowest = self.run.slowest if self.run else None
        if slowest is None or slowest.node is None or slowest.seconds < NOTICED:
            return ""
        node = slowest.node
        return f"{visible(node.name, limit=40)}: {node.layer} takes {slowest.seconds:.0f} s at a time"

    @property
    def is_stuck(self) -> bool:
        """Whether a layer has not returned within ``TIME_LIMIT`` seconds."""
        call = self.run.waiting if self.run else None
        return call is not None and call.elapsed > TIME_LIMIT

    def stay(self) -> None:
        """Leave the cursor where it is, though a step was asked for that has not run yet."""
        self.debugger.goal = self.debugger.position

    def give_up(self) -> None:
        """Stop waiting for a layer; the run ends where it is."""
        if self.run:
            self.run.give_up()

    def work(self) -> None:
        """Run, and write what is to be recorded, for about ``SLICE`` seconds."""
        end = self.clock() + SLICE
        while self.run and not self.run.is_over and self.clock() < end:
            self.run.advance(STEPS)
        if self.recorder and self.recorder.is_behind:
            self.recorder.advance()

    def catch_up(self) -> Moment:
        """Go on to where the cursor was asked to go, as far as the tape reaches by now."""
        moment = self.debugger.catch_up()
        self.selection.follow(moment.name)
        if self.recorder:
            self.recorder.moved(None, moment)
        return moment

    def record(self, path: Path) -> None:
        """Start recording to a new file, with the notes that there are already. Raises TranscriptError."""
        subject = self.branches.root.run or self.program
        if subject is None:
            return
        from bptui.recording.recorder import Recorder  # noqa: PLC0415  (most sessions are not recorded, and start sooner)
        from bptui.session.recorded_branches import record_branches  # noqa: PLC0415

        self.recorder = Recorder(path, subject, self.clock)
        if len(self.branches.by_name) > 1:
            record_branches(self.recorder, self.branches)
        for at, texts in sorted(self.notes.items()):
            for text in texts:
                self.recorder.note(text, self.tape.at(min(at, len(self.tape.order))))
        for checks in dict.fromkeys((vars(self).get("checks"), *(it.checks for it in self.branches.by_name.values()))):
            if checks is not None:
                checks.record_all()
        self.recorder.moved(None, self.moment)

    def close(self) -> None:
        """Close the recording, when all is written, and end the process of the checks, if there is one."""
        self.stop_recording()
        if self.has_checks:
            self.checks.checking.close()
        for branch in self.branches.by_name.values():
            branch.close()

    def stop_recording(self) -> None:
        """Write what is still to be written and close the file."""
        if self.recorder:
            self.recorder.close()
            self.stop_messages += [self.recorder.stop_message] if self.recorder.failure else []
            self.recorder = None

    def abandon_recording(self) -> None:
        """Close the file as it is, at once: what is in it is whole."""
        if self.recorder:
            self.recorder.abandon()
            self.recorder = None

    def notice_recording_failure(self) -> None:
        """Notice where the recording has become impossible."""
        if self.recorder:
            self.recorder.check_file()

    def write_note(self, text: str) -> None:
        """Keep a note at this step, in the recording too if there is one."""
        self.notes[self.moment.position].append(text)
        if self.recorder:
            self.recorder.note(text, self.moment)

    @property
    def has_unsafe_records(self) -> bool:
        """Whether records that are written are not on the disk yet; they will be in a moment."""
        return self.recorder is not None and self.recorder.count < self.recorder.written

    @property
    def is_replay(self) -> bool:
        """Whether this is neither a run nor a program: what was recorded is all there is."""
        return self.run is None and self.program is None

    @property
    def is_edited_program(self) -> bool:
        """Whether the current branch is of a program: its calls were not made by the program with these values."""
        return self.program is not None and self.branches.here.edit is not None

    @property
    def can_record(self) -> bool:
        """Whether what is done goes into a recording, or may; a replay stays as it was, unless gone on with."""
        return not self.is_replay or self.recorder is not None

    @property
    def recording(self) -> str:
        """The state of the recording in a word or two, for the title line."""
        if self.recorder is None:
            return "" if self.can_record else "replay"
        if self.recorder.failure:
            return f"not recording since step {self.recorder.track.steps}: {self.recorder.failure}"
        return f"rec {self.recorder.count}"
