"""What a person did in a recorded session, beside moving and looking: with what their predictions came to."""

from __future__ import annotations

from collections.abc import Iterator

from bptui.core.command import BRANCH, EXPLAIN, STOP, TEACH, Command
from bptui.core.edit import MAIN
from bptui.core.text import visible
from bptui.core.verbs.branches import ListBranches
from bptui.core.verbs.teaching import GiveAnswer, GiveHint, Reveal, ShowScore, ToggleLecture, TogglePredict
from bptui.errors import BptuiError
from bptui.recording.records import ActionRecord
from bptui.recording.replay_tape import Recording
from bptui.scenario.recorded_quiz import recorded_quiz
from bptui.session.prediction import Prediction

TOLD = frozenset({BRANCH, EXPLAIN, STOP, TEACH})
"""The groups of commands that are told."""

LONGEST = 300
"""Characters of a command, or of what it came to."""


def action_lines(recording: Recording) -> Iterator[str]:
    """Yield what was done, a line each: the step, the command in its words, and what an answer came to."""
    answers = RecordedAnswers(recording)
    for action in recording.actions:
        outcome = answers.outcome(action)
        if is_told(action.command):
            told = f"step {action.at}: {visible(str(action.command), limit=LONGEST)}"
            yield f"{told}   {visible(outcome, limit=LONGEST)}" if outcome else told
    if answers.score:
        yield answers.score
    yield from branch_lines(recording)


def is_told(command: Command) -> bool:
    """Return whether a command did more than move or look."""
    return command.group in TOLD and not isinstance(command, ListBranches | ShowScore | ToggleLecture)


def branch_lines(recording: Recording) -> Iterator[str]:
    """Yield the branches that there were in the end, each with what it comes from."""
    for began_as, label in recording.labels.items():
        if (branch := recording.branches.get(began_as)) is not None:
            parent = recording.labels.get(branch.parent, branch.parent)
            yield f"branch {visible(label, limit=40)}, from {visible(parent, limit=40)}"


class RecordedAnswers:
    """The predictions of a recording, judged again as they were judged then: a recording keeps what was typed."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.prediction: Prediction | None = None

    def outcome(self, action: ActionRecord) -> str:
        """Return what a command of predict mode came to; "" for others, and once the run has other branches."""
        try:
            return self.judged(action)
        except BptuiError:
            return ""

    def judged(self, action: ActionRecord) -> str:
        """Return what a command of predict mode came to. Raises BptuiError where nothing was asked for."""
        tape, prediction = self.recording.tape, self.prediction
        if isinstance(action.command, TogglePredict):
            quiz = recorded_quiz(self.recording.header.source, tape.graph)
            self.prediction = None if prediction else Prediction(tape, quiz)
            return prediction.score.words if prediction else ""
        if prediction is None or self.recording.branches.keys() - {MAIN}:
            return ""
        match action.command:
            case GiveAnswer(expression) if action.at <= len(tape):
                return prediction.answer(expression, tape.at(action.at))
            case GiveHint():
                return prediction.hint(action.at)
            case Reveal():
                return prediction.reveal(action.at)
        return ""

    @property
    def score(self) -> str:
        """How the predictions went that were not ended; "" where there are none."""
        return self.prediction.score.words if self.prediction else ""
