"""Going on with a recorded session: its commands are carried out once more, and the recording goes on where it ends."""

from __future__ import annotations

from pathlib import Path

from bptui.core.command import Command
from bptui.core.edit import MAIN
from bptui.core.text import visible
from bptui.core.verbs.branches import Branching
from bptui.core.verbs.movement import GoTo, SetMark
from bptui.core.verbs.stops import Stopping, Watching
from bptui.core.verbs.teaching import Predicting
from bptui.errors import BptuiError
from bptui.recording.recorder import Recorder, Track
from bptui.recording.replay_tape import Recording
from bptui.recording.resumption import cannot_resume, check_same_run, open_recording
from bptui.recording.run_records import RunRecords
from bptui.recording.transcript import read_transcript
from bptui.session.answer import Answer
from bptui.session.dispatcher import Dispatcher
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
    if session.run is None:
        raise cannot_resume(path, "a program's recording cannot be gone on with")
    recording = read_transcript(path)
    check_same_run(recording, session.run)
    opened = open_recording(path, recording.arrays)
    session.notes.clear()
    for note in recording.notes:
        session.notes[note.at].append(note.text)
    redo(session, recording)
    recorder = Recorder(path, session.run, session.clock, opened)
    recorder.started -= last_time(recording)
    recorder.tracks = [*tracks_of(session, recording)]
    recorder.track = next(it for it in recorder.tracks if it.source.tape is session.tape)
    session.recorder = recorder
    recorder.moved(None, session.moment)
    dropped = f"; {recording.dropped}" if recording.dropped else ""
    return f"going on with {visible(str(path), limit=80)}, at step {session.moment.position}{dropped}"


def redo(session: Session, recording: Recording) -> None:
    """Carry out once more what has changed the recorded session, and go to where it was left."""
    dispatcher = Dispatcher(session, NoDisplay())
    for action in recording.actions:
        if isinstance(action.command, KEEPS):
            dispatcher.finish(GoTo(action.at))
            dispatcher.finish(action.command)
    if recording.actions:
        dispatcher.finish(GoTo(recording.actions[-1].at))


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
