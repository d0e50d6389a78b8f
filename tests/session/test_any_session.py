"""Whatever a person does in a session: its recording replays as it was, verifies, and is gone on with."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bptui.core.command_parser import parse
from bptui.recording.transcript import read_transcript
from bptui.recording.verification import verify
from bptui.scenario.load import loads
from bptui.session.dispatcher import Dispatcher
from bptui.session.new_session import scenario_session
from bptui.session.replay import replay_session
from bptui.session.resuming import resume_recording
from bptui.session.session import Session
from mute_display import MuteDisplay
from runs import TWO_LAYERS

NODES = st.sampled_from(["a1.1", "a1", "z1", "loss"])
FLOATS = st.sampled_from(["x", "W1", "b1"])
PLACES = st.integers(0, 24)
LINES = st.one_of(
    st.sampled_from(["next 3", "back 2", "first", "last", "forward-pass", "backward-pass", "note seen", "mark a"]),
    PLACES.map("goto {}".format),
    st.builds("set {} = {}".format, NODES | FLOATS, st.sampled_from(["0.5", "3"])),
    st.just("set dout = 2 * dout"),
    st.builds("set {0} = 2 * {0}".format, FLOATS),
    st.sampled_from(["expand loss", "switch main", "switch b1", "switch b2", "drop b2", "branch kept", "branches"]),
    st.builds("break {} backward if norm(dout) > 0.1".format, NODES),
    st.sampled_from(["continue", "reverse-continue", "watch norm(z1)", "health", "paths x loss"]),
)
LOOKS = ("first", "print z1", "why z1[0, 0]", "last", "why grad(W1)[0, 1]", "why loss", "health", "branches")


def answers(session: Session, *lines: str) -> list[str]:
    """Return what lines are answered, also where that is a refusal."""
    dispatcher = Dispatcher(session, MuteDisplay())
    return [dispatcher.finish(parse(line, session.tape.graph.slots)).text for line in lines]


@given(st.lists(LINES, min_size=1, max_size=10))
@settings(max_examples=6)
@example(["last", "first", "set z1 = 3", "back 1", "set z1 = 0.5"])
@example(["next 3", "set W1 = 3", "expand loss", "last"])
@example(["goto 6", "paths x loss", "first", "back 1", "set loss = 0.5"])
def test_a_recording_is_the_session_that_it_is_of(lines: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path, session = Path(folder) / "it.jsonl", scenario_session(loads(TWO_LAYERS))
        session.record(path)
        answers(session, *lines)
        seen = {}
        for name in session.branches.by_name:
            answers(session, f"switch {name}", "last")
            seen[name] = answers(session, *LOOKS)
        session.close()
        verification = verify(read_transcript(path), [], None, lambda _: None)
        assert verification.ok
        replay = replay_session(read_transcript(path), "example")
        assert list(replay.branches.by_name) == list(seen)
        for name, told in seen.items():
            answers(replay, f"switch {name}")
            assert answers(replay, *LOOKS) == told
        resumed = scenario_session(loads(TWO_LAYERS))
        resume_recording(resumed, path)
        assert list(resumed.branches.by_name) == list(seen)
        resumed.close()


def test_what_was_reached_in_a_branch_is_written_though_another_was_switched_to_at_once(tmp_path: Path) -> None:
    path, session = tmp_path / "it.jsonl", scenario_session(loads(TWO_LAYERS.replace("steps = 2", "steps = 100")))
    session.record(path)
    answers(session, "next", "set W1 = 3", "switch main", "last", "switch b1")
    session.close()
    assert len(read_transcript(path).tape) == len(session.branches.by_name["main"].tape.order)
