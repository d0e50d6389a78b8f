"""The prompt of ``bptui exec`` on a terminal: history, completion, and the ways to leave."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pty", reason="there are no pseudo-terminals here")
pytest.importorskip("readline", reason="there is no line editing here")

from terminal import Child
from waiting import work_until

PROMPT = b"(bptui) "


@pytest.fixture
def child() -> Child:
    child = Child("exec", "buy_apple", size=(120, 40))
    child.wait_for(PROMPT)
    return child


def say(child: Child, keys: bytes, answer: bytes) -> None:
    """Type a line, and read its answer and the prompt after it: before that, readline does not have the terminal."""
    child.press_and_wait_for(keys, answer)
    child.seen = child.seen.partition(answer)[2]
    child.wait_for(PROMPT)


def is_asleep(child: Child) -> bool:
    """Return whether the child waits for a key: a signal just before that is noticed by readline at the next one."""
    state = Path(f"/proc/{child.pid}/stat")
    return not state.exists() or state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "S"


def test_a_person_is_greeted_answered_and_let_go(child: Child) -> None:
    assert b"help tells the commands" in child.seen
    say(child, b"next\n", b"step 1 of 4")
    child.press(b"quit\n")
    assert child.end() == 0


def test_an_empty_line_repeats_the_step_and_arrow_up_brings_back_a_line(child: Child) -> None:
    say(child, b"next\n", b"step 1 of 4")
    say(child, b"\n", b"step 2 of 4")
    say(child, b"select apple\n", b"apple, input")
    say(child, b"\x1b[A\n", b"apple, input")
    child.press(b"\x04")
    assert child.end() == 0


def test_tab_completes_verbs_and_names(child: Child) -> None:
    say(child, b"backw\t\n", b"step 3 of 4")
    say(child, b"select cou\t\n", b"count, input")
    child.press(b"\x04")
    assert child.end() == 0


def test_a_slip_is_pointed_at_below_the_prompt_and_the_next_line_is_read(child: Child) -> None:
    say(child, b"next x\n", b"\r\n" + b" " * len(PROMPT + b"next ") + b"^\r\n")
    say(child, b"next\n", b"step 1 of 4")
    child.press(b"quit\n")
    assert child.end() == 0


def test_ctrl_c_drops_the_line_and_stays(child: Child) -> None:
    child.press_and_wait_for(b"goto", b"goto")
    work_until(lambda: is_asleep(child))
    say(child, b"\x03", b"stopped: quit leaves")
    say(child, b"next\n", b"step 1 of 4")
    child.press(b"quit\n")
    assert child.end() == 0
