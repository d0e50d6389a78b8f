"""Terminals that go away, stop reading, stop and continue: a session ends or goes on, and its recording is whole."""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path

import pytest

from bptui.recording.transcript import read_transcript

pytest.importorskip("pty", reason="there are no pseudo-terminals here")

from sampled import one_in
from terminal import ENTER_SCREEN, LEAVE_SCREEN, PATIENCE, Child

BUG = b"has a bug"


def recorded(path: Path) -> Child:
    """Return a session that is recorded, after its first step."""
    child = Child("run", "buy_apple", "--record", str(path), size=(120, 40))
    child.wait_for(b"rec 1")
    child.press(b"n")
    child.wait_for(b"rec 3")
    return child


def wait_for_end(child: Child) -> int:
    """Return the exit status of one whose terminal nobody reads any more."""
    descriptor = os.pidfd_open(child.pid)
    assert select.select([descriptor], [], [], PATIENCE)[0], "it has not ended"
    os.close(descriptor)
    return os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])


def assert_whole(path: Path) -> None:
    recording = read_transcript(path)
    assert recording.dropped is None
    assert len(recording.tape) >= 1


def has_pidfd() -> bool:
    return hasattr(os, "pidfd_open")


needs_pidfd = pytest.mark.skipif(not has_pidfd(), reason="the system has no descriptors for processes")


@needs_pidfd
@pytest.mark.parametrize("keys", one_in(3, [b"nN" * 30, b"?", b"\x1b[200~paste"]))
def test_a_closed_window_ends_the_session_with_129(tmp_path: Path, keys: bytes) -> None:
    path = tmp_path / "session.jsonl"
    child = recorded(path)
    child.press(keys)
    while child.unsent:
        child.read()
    os.close(child.terminal)
    assert wait_for_end(child) == 129
    assert_whole(path)


def test_a_hangup_with_a_continue_behind_it_ends_the_session_as_it_should(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    child = recorded(path)
    os.kill(child.pid, signal.SIGHUP)
    os.kill(child.pid, signal.SIGCONT)
    assert child.end() == 129
    assert BUG not in child.seen
    assert child.seen.count(ENTER_SCREEN) == 1
    assert_whole(path)


@pytest.mark.parametrize("number", one_in(2, [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]), ids=lambda it: it.name)
def test_a_signal_ends_the_session_with_its_number_and_the_terminal_as_it_was(number: int) -> None:
    child = Child("run", "buy_apple", size=(120, 40))
    before = child.settings()
    child.wait_for(b"step 0")
    assert child.settings() != before
    os.kill(child.pid, number)
    assert child.end() == 128 + number
    assert child.left == before
    assert LEAVE_SCREEN in child.seen
    assert BUG not in child.seen


def test_a_signal_while_the_program_starts_ends_it_too() -> None:
    child = Child("run", "buy_apple", size=(120, 40))
    before = child.settings()
    child.wait_for(ENTER_SCREEN)
    os.kill(child.pid, signal.SIGTERM)
    assert child.end() == 143
    assert child.left == before


@needs_pidfd
@pytest.mark.parametrize("number", one_in(3, [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]), ids=lambda it: it.name)
def test_a_terminal_that_stops_reading_holds_no_signal_up(tmp_path: Path, number: int) -> None:
    path = tmp_path / "session.jsonl"
    child = recorded(path)
    child.press(b"nN" * 2_000)  # far more is painted for them than fits on the way to a terminal
    os.set_blocking(child.terminal, False)
    while child.unsent:
        child.unsent = child.unsent[os.write(child.terminal, child.unsent[:1024]) :]
    os.kill(child.pid, number)
    assert wait_for_end(child) == 128 + number
    assert_whole(path)


def test_a_continue_without_a_stop_leaves_the_terminal_as_it_was_in_the_end() -> None:
    child = Child("run", "buy_apple", size=(120, 40))
    before = child.settings()
    child.wait_for(b"step 0")
    for _ in range(3):
        os.kill(child.pid, signal.SIGCONT)
    child.press_and_wait_for(b"n", b"step 1")
    os.kill(child.pid, signal.SIGSTOP)
    os.waitpid(child.pid, os.WUNTRACED)
    os.kill(child.pid, signal.SIGCONT)
    child.press_and_wait_for(b"N", b"step 0")
    child.press(b"q")
    assert child.end() == 0
    assert child.left == before


SHELL = """
import os, signal, sys, termios
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
cooked = termios.tcgetattr(0)
job = os.fork()
if not job:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-m", "bptui", *sys.argv[1:]])
while True:
    _, status = os.waitpid(job, os.WUNTRACED)
    os.tcsetpgrp(0, os.getpgrp())
    is_cooked = termios.tcgetattr(0)[:4] == cooked[:4]
    if not os.WIFSTOPPED(status):
        print("ENDED", os.waitstatus_to_exitcode(status), is_cooked, flush=True)
        break
    print("STOPPED", signal.Signals(os.WSTOPSIG(status)).name, is_cooked, flush=True)
    sys.stdin.readline()
    os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT)
"""


def test_ctrl_z_suspends_and_fg_comes_back_where_it_was() -> None:
    child = Child("run", "buy_apple", program=("-c", SHELL), size=(120, 40))
    child.wait_for(b"step 0")
    child.press_and_wait_for(b"n", b"step 1")
    for _ in range(2):
        child.press_and_wait_for(b"\x1a", b"STOPPED SIGTSTP True")
        assert LEAVE_SCREEN in child.seen
        child.press_and_wait_for(b"fg\n", ENTER_SCREEN)
        child.wait_for(b"apple_price")  # the screen is drawn anew
    child.press_and_wait_for(b"n", b"step 2")
    child.press_and_wait_for(b"q", b"ENDED 0 True")
    child.end()


def test_ctrl_z_without_a_shell_to_come_back_from_stops_nothing() -> None:
    child = Child("run", "buy_apple", size=(120, 40))
    before = child.settings()
    child.wait_for(b"step 0")
    child.press_and_wait_for(b"\x1a", LEAVE_SCREEN)
    child.press_and_wait_for(b"n", b"step 1")
    child.press(b"q")
    assert child.end() == 0
    assert child.left == before


@pytest.mark.parametrize("how", one_in(2, ["report", "system"]))
def test_an_absurd_size_is_bounded(how: str) -> None:
    child = Child("run", "buy_apple", size=(120, 40))
    child.wait_for(b"step 0")
    if how == "report":
        child.press(b"\x1b[48;99999;99999;99999;99999t")
    else:
        child.resize(65535, 65535)
    child.press_and_wait_for(b"n", b"step 1")
    child.resize(100, 30)
    child.press_and_wait_for(b"n", b"step 2")
    child.press(b"q")
    assert child.end() == 0


def test_ctrl_c_twice_leaves_with_130_and_the_terminal_as_it_was() -> None:
    child = Child("run", "buy_apple", size=(120, 40))
    before = child.settings()
    child.wait_for(b"step 0")
    child.press_and_wait_for(b"\x03", b"again")
    child.press_and_wait_for(b"n", b"step 1")
    child.press(b"\x03\x03")
    assert child.end() == 130
    assert child.left == before
