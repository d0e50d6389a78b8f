"""A session on a recording: its tape and its branches as they were recorded, and nothing that could run."""

from __future__ import annotations

from bptui.core.edit import MAIN
from bptui.recording.branch_recording import BranchRecording
from bptui.recording.replay_tape import Recording
from bptui.scenario.recorded_quiz import recorded_quiz
from bptui.session.branch import Branch, BranchChange
from bptui.session.checks import recall_verdicts
from bptui.session.playback import Playback, played_actions
from bptui.session.session import Session


def replay_session(recording: Recording, name: str) -> Session:
    """Return a session on a recording, at its start, in the branch that the run began with."""
    session = Session(recording.tape, name, title=recording.title, notes=recording.notes, printed=recording.pieces)
    session.quiz = recorded_quiz(recording.header.source, recording.tape.graph)
    session.playback = Playback(played_actions(recording), session.clock)
    labels, branches = recording.labels, session.branches
    branches.by_name = {labels.get(MAIN, MAIN): branches.here}
    branches.current = labels.get(MAIN, MAIN)
    recall_verdicts(session, branches.here, recording)
    for began_as, label in labels.items():
        it = recording.branches.get(began_as)
        if isinstance(it, BranchRecording):
            lost, parent = dropped_parents(recording, it)
            branches.by_name[label] = Branch(
                it.tape, None, labels[parent], it.first_step, it.record.words, it.edit, inherited=lost
            )
            recall_verdicts(session, branches.by_name[label], it)
    return session


def dropped_parents(recording: Recording, branch: BranchRecording) -> tuple[tuple[BranchChange, ...], str]:
    """Return what the branches did that a branch comes from and that were dropped, and the nearest that was not."""
    parent, changes = branch.parent, list[BranchChange]()
    while parent not in recording.labels:
        lost = recording.branches[parent]
        assert isinstance(lost, BranchRecording)
        changes.insert(0, BranchChange(lost.record.words, lost.first_step))
        parent = lost.parent
    return tuple(changes), parent
