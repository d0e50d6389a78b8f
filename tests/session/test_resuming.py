"""A recording that was broken off is gone on with: the same session, and one whole, valid recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from bptui.cli import main
from bptui.core.command_parser import parse
from bptui.errors import TranscriptError
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.load import load, loads
from bptui.session.dispatcher import Dispatcher
from bptui.session.new_session import program_session
from bptui.session.replay import replay_session
from bptui.session.resuming import resume_recording, resumed_program
from bptui.session.session import Session
from mute_display import MuteDisplay
from programs import watched


def session_of(place: str, clock: float = 0.0) -> Session:
    run = Run(load(place) if "\n" not in place else loads(place))
    return Session(run.tape, "example", run=run, clock=lambda: clock)


def say(session: Session, *lines: str) -> None:
    dispatcher = Dispatcher(session, MuteDisplay())
    for line in lines:
        answer = dispatcher.finish(parse(line, session.tape.graph.slots))
        assert answer.ok, answer.text


WALK = (
    "next 3",
    "note the seam",
    "break z1 backward",
    "watch norm(grad(W1))",
    "goto 4",
    "set b1 = 0 * b1",
    "next",
    "mark a",
)


@pytest.mark.parametrize("torn", [b"", b'{"kind": "act', b'{"kind": "note", "at": 3'])
def test_a_session_that_was_broken_off_goes_on(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "run.jsonl"
    first = session_of("two_layer")
    first.record(path)
    say(first, *WALK)
    first.abandon_recording()  # as when it is killed
    with path.open("ab") as file:
        file.write(torn)
    second = session_of("two_layer", clock=100.0)
    told = resume_recording(second, path)
    assert f"at step {first.moment.position}" in told
    assert ("torn off" in told) is bool(torn)
    assert second.moment.position == first.moment.position
    assert second.branches.current == first.branches.current == "b1"
    assert second.notes == first.notes
    assert [str(it) for it in second.stops.by_number.values()] == [str(it) for it in first.stops.by_number.values()]
    assert second.watches.by_number == first.watches.by_number
    assert second.marks == first.marks
    say(second, "last", "note done", "switch main", "back 2")
    second.close()
    whole = read_transcript(path)
    assert whole.dropped is None
    assert [note.text for note in whole.notes] == ["the seam", "done"]
    times = [action.time for action in whole.actions]
    assert times == sorted(times)
    assert main(["verify", str(path)]) == 0


def test_a_recording_of_another_scenario_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    first = session_of("two_layer")
    first.record(path)
    say(first, "next")
    first.close()
    before = path.read_bytes()
    with pytest.raises(TranscriptError, match="the scenario changed since it was recorded"):
        resume_recording(session_of("buy_apple"), path)
    assert path.read_bytes() == before


def test_a_recording_that_is_under_way_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    first = session_of("buy_apple")
    first.record(path)
    with pytest.raises(TranscriptError, match="is being written by another recording"):
        resume_recording(session_of("buy_apple"), path)
    first.close()


def test_a_recording_that_was_edited_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    first = session_of("buy_apple")
    first.record(path)
    say(first, "last")
    first.close()
    path.write_bytes(path.read_bytes().replace(b"220.0", b"221.0", 1))
    with pytest.raises(TranscriptError, match="digest"):
        resume_recording(session_of("buy_apple"), path)


def test_a_complete_recording_is_gone_on_with_and_ends_once(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    for _ in range(3):
        session = session_of("buy_apple")
        if path.exists():
            resume_recording(session, path)
        else:
            session.record(path)
        say(session, "last", "first")
        session.close()
    assert path.read_text(encoding="utf-8").count('"kind": "end"') == 1
    assert main(["verify", str(path)]) == 0


def test_predictions_go_on_with_their_score(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    first = session_of("buy_apple")
    first.record(path)
    dispatcher = Dispatcher(first, MuteDisplay())
    for line in ("predict", "next", "answer 1", "answer 200", "next", "reveal"):
        dispatcher.finish(parse(line))
    first.abandon_recording()
    second = session_of("buy_apple")
    resume_recording(second, path)
    assert second.prediction is not None
    assert first.prediction is not None
    assert second.prediction.score == first.prediction.score
    assert second.moment.position == 2


def test_resume_says_which_recording(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "buy_apple", "--resume"]) == 2
    assert "--record FILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    "before",
    [
        ("goto 8", "set b1 = 0 * b1", "last"),
        ("goto 8", "set b1 = 0 * b1", "set W1 = 2 * W1", "drop b1", "branch two", "last"),
        ("goto 3", "set a1 = 0 * a1", "switch main", "branch base", "goto 6", "set dout = 3 * dout", "switch base"),
        ("goto 3", "set b1 = 0 * b1", "drop b1", "set b1 = 1 + b1", "next"),
        ("expand loss", "last", "note far", "switch main"),
    ],
)
def test_a_recording_that_starts_after_branches_has_how_they_were_made(before: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    first = session_of("two_layer")
    say(first, *before)
    first.record(path)
    say(first, "back", "set W2 = 3 * W2", "next 2")
    first.close()
    assert main(["verify", str(path)]) == 0
    assert tree_of(replay_session(read_transcript(path), "replay")) == tree_of(first)
    second = session_of("two_layer")
    resume_recording(second, path)
    assert tree_of(second) == tree_of(first)
    assert second.branches.current == first.branches.current
    assert second.moment.position == first.moment.position
    say(second, "set b2 = 1 + b2", "last")
    second.close()
    assert main(["verify", str(path)]) == 0


def tree_of(session: Session) -> dict[str, tuple[str | None, object]]:
    return {name: (it.parent, it.changes) for name, it in session.branches.by_name.items()}


def test_a_branch_tells_what_it_has_from_one_that_was_dropped() -> None:
    session = session_of("two_layer")
    say(session, "goto 8", "set b1 = 0 * b1", "set W1 = 2 * W1", "drop b1")
    told = Dispatcher(session, MuteDisplay()).finish(parse("branches"))
    assert told.text.endswith("b2   b1 = 0 * b1, from step 1 on; W1 = 2 * W1, from step 1 on")


PROGRAM = """
import numpy as np

class Twice:
    def forward(self, x):
        return 2 * x
    def backward(self, dout):
        return 2 * dout

twice, x = Twice(), np.random.default_rng({seed}).normal(size=3)
for _ in range(2):
    twice.forward(x)
    twice.backward(np.ones(3))
    print("gone back")
"""


@pytest.mark.parametrize(
    ("seed", "lines"),
    [("0", 5), ("", 0), pytest.param("0", 0, marks=pytest.mark.long), pytest.param("", 5, marks=pytest.mark.long)],
)
def test_a_program_is_gone_on_with_as_it_is_or_where_it_goes_another_way_as_it_was(
    tmp_path: Path, seed: str, lines: int
) -> None:
    path, text = tmp_path / "run.jsonl", PROGRAM.format(seed=seed)
    with watched(tmp_path, text) as run:
        first = program_session(run)
        first.record(path)
        say(first, "next 3", "note the seam", "break twice backward", "watch norm(x)", "mark a", "next")
        first.abandon_recording()
        recorded, printed = run.tape, run.printed.text
    if lines:  # it was killed before more than the first records were safe
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:lines]))
    is_other = not seed
    with watched(tmp_path, text) as run:
        second = resumed_program(run, path)
        assert (second.tape is not run.tape) is is_other
        assert ("from step 1 on the program goes another way" in second.welcome) is is_other
        assert second.is_replay is is_other
        assert "rec" in second.recording
        if not lines:
            assert (second.moment.position, second.notes) == (4, first.notes)
            assert (second.marks, second.watches.by_number) == (first.marks, first.watches.by_number)
            assert [str(it) for it in second.stops.by_number.values()] == ["twice backward"]
        say(second, "first", "next", "note done")
        into = Dispatcher(second, MuteDisplay()).finish(parse("into"))
        assert into.ok is not is_other
        second.close()
    whole = read_transcript(path)
    assert whole.dropped is None
    assert whole.notes[-1].text == "done"
    assert whole.has_end is not (is_other and bool(lines))
    if whole.has_end:
        assert len(whole.tape) == len(recorded)
        assert "".join(text for _, text in whole.pieces) == printed


def test_a_recording_of_another_program_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with watched(tmp_path, PROGRAM.format(seed="0")) as run:
        program_session(run).record(path)
    changed = pytest.raises(TranscriptError, match="the program and what the program is given changed since")
    with watched(tmp_path, PROGRAM.format(seed="1"), None, "--fast") as run, changed:
        resumed_program(run, path)
    session_of("buy_apple").record(tmp_path / "scenario.jsonl")
    refused = pytest.raises(TranscriptError, match="the recording of a scenario")
    with watched(tmp_path, PROGRAM.format(seed="0")) as run, refused:
        resumed_program(run, tmp_path / "scenario.jsonl")
