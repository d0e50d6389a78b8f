"""A session on a recording: its tape and its branches as they were recorded, and nothing that could run."""

from __future__ import annotations

from bptui.core.edit import MAIN
from bptui.recording.branch_recording import BranchRecording
from bptui.recording.replay_tape import Recording
from bptui.scenario.recorded_quiz import recorded_quiz
from bptui.session.branch import Branch
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
            parent = kept_parent(recording, it)
            branches.by_name[label] = Branch(it.tape, None, labels[parent], it.first_step, it.record.words, it.edit)
            recall_verdicts(session, branches.by_name[label], it)
    return session


def kept_parent(recording: Recording, branch: Recording) -> str:
    """Return the branch, of those that were not dropped, that another comes from."""
    parent = branch.parent
    while parent not in recording.labels:
        parent = recording.branches[parent].parent
    return parent
