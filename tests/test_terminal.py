"""bptui on a terminal of its own: what a signal leaves behind, and what never gets as far as a screen."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from bptui.core.verbs.movement import Next
from bptui.recording.transcript import read_transcript

pytest.importorskip("pty", reason="there are no pseudo-terminals here")

from sampled import one_in
from terminal import LEAVE_SCREEN, Child


@pytest.mark.parametrize(("number", "status"), one_in(2, [(signal.SIGTERM, 143), (signal.SIGHUP, 129)]))
def test_a_signal_ends_a_session_with_its_log_whole_and_the_terminal_as_it_was(
    number: int, status: int, tmp_path: Path
) -> None:
    path = tmp_path / "session.jsonl"
    child = Child("run", "buy_apple", "--record", str(path))
    child.wait_for(b"rec 1")
    child.press(b"n")
    child.wait_for(b"rec 3")  # the header, the command and the step
    os.kill(child.pid, number)
    assert child.end() == status
    assert LEAVE_SCREEN in child.seen
    tape = read_transcript(path)
    assert len(tape.tape) == 1
    assert tape.dropped is None
    assert tape.actions[0].command == Next()


def test_a_recording_that_cannot_start_is_told_before_there_is_a_screen(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    path.write_text("mine")
    child = Child("run", "buy_apple", "--record", str(path))
    assert child.end() == 2
    assert b"exists already" in child.seen
    assert b"session-2.jsonl is free" in child.seen
    assert b"\x1b" not in child.seen
    assert path.read_text() == "mine"


def test_a_recorded_session_is_replayed(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    first = Child("run", "buy_apple", "--record", str(path))
    first.wait_for(b"rec 1")
    first.press(b"G")
    first.wait_for(b"rec 7")  # header, command, four steps and the end
    first.press(b"q")
    assert first.end() == 0
    recorded = path.read_bytes()
    again = Child("replay", str(path))
    again.wait_for(b"replay")
    again.press(b"Gq")
    assert again.end() == 0
    assert path.read_bytes() == recorded
