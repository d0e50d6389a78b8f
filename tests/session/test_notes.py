"""Notes of a scenario's own: recorded before the run has come to them, and there in its replay."""

from pathlib import Path

from bptui.core.verbs.movement import GoTo, NextNote
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.load import load
from bptui.session.dispatcher import Dispatcher
from bptui.session.replay import replay_session
from mute_display import MuteDisplay
from runs import session_on


def test_notes_of_a_scenario_are_recorded_before_their_steps_have_run(tmp_path: Path) -> None:
    session = session_on(Run(load("buy_apple_lecture")), "lecture")
    session.record(tmp_path / "lecture.jsonl")
    planned = dict(session.notes)
    assert list(planned) == [0, 2, 3, 4]
    assert session.recorder is not None
    assert session.recorder.written == 1 + len(planned)  # a header and the notes: no step has been seen
    Dispatcher(session, MuteDisplay()).finish(GoTo(3))
    session.close()
    replay = replay_session(read_transcript(tmp_path / "lecture.jsonl"), "lecture")
    assert dict(replay.notes) == planned
    assert len(replay.tape) == 3
    dispatcher = Dispatcher(replay, MuteDisplay())
    assert dispatcher.finish(NextNote()).text == f"✎ {planned[2][0]}"
    assert dispatcher.finish(NextNote()).text == f"✎ {planned[3][0]}"
    assert "the recording ends here" in dispatcher.finish(NextNote()).text
    replay.notes.clear()
    assert dispatcher.finish(NextNote()).way_on is None  # a replay writes none
