"""Going on with a recorded session: its commands are carried out once more, and the recording goes on where it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bptui.core.command import Command
from bptui.core.edit import MAIN
from bptui.core.program import WatchedProgram
from bptui.core.text import visible
from bptui.core.verbs.branches import Branching
from bptui.core.verbs.movement import GoTo, SetMark
from bptui.core.verbs.stops import Stopping, Watching
from bptui.core.verbs.teaching import Predicting
from bptui.errors import BptuiError
from bptui.recording.program_records import ProgramBranchRecords, ProgramRecords
from bptui.recording.recorded_program import RecordedProgram
from bptui.recording.recorder import Recorder, Track
from bptui.recording.replay_tape import Recording
from bptui.recording.resumption import (
    cannot_resume,
    check_same_program,
    check_same_run,
    open_recording,
    other_program_step,
)
from bptui.recording.run_records import RunRecords
from bptui.recording.transcript import read_transcript
from bptui.session.answer import Answer
from bptui.session.branches import name_branch
from bptui.session.checks import recall_verdicts
from bptui.session.dispatcher import Dispatcher
from bptui.session.new_session import program_session
from bptui.session.replay import replay_session
from bptui.session.session import Session

KEEPS = Stopping | Watching | Branching | SetMark | Predicting
"""What changes a session for good: all else only looks, or moves."""


class NoDisplay:
    """The display while commands are carried out once more: nothing is shown."""

    shows_selection = False

    def obey(self, command: Command) -> Answer:  # noqa: ARG002  (the protocol)
        """Do nothing."""
        return Answer()


def resume_recording(session: Session, path: Path) -> str:
    """Bring a session to where a recording of it ends, and go on recording; return what there is to say.

    Raises TranscriptError where the recording is not one of this run, or cannot be gone on with.
    """
    assert session.run is not None
    recording = read_transcript(path)
    check_same_run(recording, session.run)
    recorder = Recorder(path, session.run, session.clock, open_recording(path, recording.arrays))
    take_up(session, recording)
    recorder.tracks = [*tracks_of(session, recording)]
    recorder.track = next(it for it in recorder.tracks if it.source.tape is session.tape)
    return record_on(session, recording, recorder)


def resumed_program(watched: WatchedProgram, path: Path) -> Session:
    """Return a session on a program that goes on with a recording of it.

    Where the program has gone another way than it had, the session is on what was recorded, and nothing runs. Raises
    TranscriptError where the recording is not one of this program, or cannot be gone on with.
    """
    recording = read_transcript(path)
    check_same_program(recording, watched.program)
    why = other_program_step(recording, watched.tape)
    source = RecordedProgram(watched.program, recording.tape, recording.pieces) if why else watched
    session = replay_session(recording, watched.program.title) if why else program_session(watched)
    recorder = Recorder(path, source, session.clock, open_recording(path, recording.arrays))
    take_up(session, recording)
    main = track_of_program(source, recording, is_whole=bool(why))
    recorder.tracks = [main, *tracks_of_program(session, recording)]
    recorder.track = next(it for it in recorder.tracks if it.source.tape is session.tape)
    told = record_on(session, recording, recorder)
    session.welcome = f"{why}: what was recorded is all there is; {told}" if why else told
    return session


def take_up(session: Session, recording: Recording) -> None:
    """Bring a session to where its recording ends: with its notes, and what its commands have made."""
    session.notes.clear()
    for note in recording.notes:
        session.notes[note.at].append(note.text)
    redo(session, recording)
    recall_all_verdicts(session, recording)


def record_on(session: Session, recording: Recording, recorder: Recorder) -> str:
    """Let a session be recorded from where its recording ends, and return what there is to say."""
    assert recording.path is not None
    recorder.started -= last_time(recording)
    session.recorder = recorder
    recorder.moved(None, session.moment)
    dropped = f"; {recording.dropped}" if recording.dropped else ""
    return f"going on with {visible(str(recording.path), limit=80)}, at step {session.moment.position}{dropped}"


def redo(session: Session, recording: Recording) -> None:
    """Carry out once more what has changed the recorded session, and go to where it was left."""
    dispatcher = Dispatcher(session, NoDisplay())
    names = iter(recording.branches)
    for action in recording.actions:
        if isinstance(action.command, KEEPS):
            dispatcher.finish(GoTo(action.at))
            before = session.branches.given
            dispatcher.finish(action.command)
            if session.branches.given > before:
                name_as_recorded(session, next(names, ""))
    if recording.actions:
        dispatcher.finish(GoTo(recording.actions[-1].at))


def name_as_recorded(session: Session, name: str) -> None:
    """Call the branch that was just made what it began as in the recording, where other branches were made before."""
    branches = session.branches
    if name and name != branches.current:
        name_branch(session, name)
        branches.here.began_as = name
        branches.given = max(branches.given, *(int(it[1:]) for it in branches.by_name if it[1:].isdecimal()), 0)


def recall_all_verdicts(session: Session, recording: Recording) -> None:
    """Let the nodes of every branch be judged as they were when it was recorded."""
    for began_as, it in {MAIN: recording, **recording.branches}.items():
        branch = session.branches.by_name.get(recording.labels.get(began_as, ""))
        if branch is not None:
            recall_verdicts(session, branch, it)


def last_time(recording: Recording) -> float:
    """Return the seconds at which the last thing was recorded that has a time."""
    times = [*(action.time for action in recording.actions), *(note.time for note in recording.notes)]
    return max(times, default=0.0)


def tracks_of(session: Session, recording: Recording) -> list[Track]:
    """Return how much is written of each branch. Raises TranscriptError where one is not there again."""
    found = []
    for began_as, it in {MAIN: recording, **recording.branches}.items():
        label = recording.labels.get(began_as)
        if label is None:
            continue  # it was dropped
        try:
            run = session.branches.existing(label).run
        except BptuiError as error:
            raise cannot_resume(recording.path, error.message) from None
        assert run is not None
        source = RunRecords(run)
        source.curves |= {run.graph.nodes[node].name for node in it.locals.curves}
        steps = len(it.tape)
        name = "" if began_as == MAIN else began_as
        found.append(Track(source, name, furthest=steps, steps=steps, has_ended=it.has_end))
    return found


def track_of_program(watched: WatchedProgram, recording: Recording, *, is_whole: bool) -> Track:
    """Return how much is written of a program's run; where that ``is_whole``, nothing more of it will be."""
    source = ProgramRecords(watched)
    source.skip_printed(sum(len(text) for _, text in recording.pieces))
    return Track(source, furthest=len(watched.tape), steps=len(recording.tape), has_ended=is_whole or recording.has_end)


def tracks_of_program(session: Session, recording: Recording) -> Iterator[Track]:
    """Yield how much is written of each branch of a program. Raises TranscriptError where one is not there again."""
    for began_as, it in recording.branches.items():
        if (label := recording.labels.get(began_as)) is None:
            continue  # it was dropped
        try:
            tape = session.branches.existing(label).tape
        except BptuiError as error:
            raise cannot_resume(recording.path, error.message) from None
        steps = len(it.tape)
        yield Track(ProgramBranchRecords(tape), began_as, furthest=steps, steps=steps, has_ended=it.has_end)
