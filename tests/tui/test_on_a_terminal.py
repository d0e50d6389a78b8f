"""The screen on a real terminal: strange sizes, strange bytes, strange words, and a bug of ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("pty", reason="there are no pseudo-terminals here")

from sampled import one_in
from terminal import ENTER_SCREEN, LEAVE_SCREEN, Child

HOSTILE = r"""
title = "[@click=app.quit]x[/] \u001B]52;c;ZXZpbA==\u0007 \u001B[31m \u202E \u009B31m [/red] [bold"
about = "[/] h[t] \u001B]0;evil\u0007 \u001B]8;;http://evil\u001B\\ \u0008\u2028 [@click=app.quit]y[/]"
[inputs]
x = [1, 2, 3]
[nodes]
y = "Sum(x)"
"""

FORBIDDEN = (
    b"\x1b]52",
    b"\x1b]0;evil",
    b"\x1b]8;",
    b"ZXZpbA==\x07",
    b"evil\x07",
    b"\x08",
    *(c.encode() for c in "\u202e\x9b\u2028"),
)


def program(code: str) -> tuple[str, ...]:
    return ("-c", f"import sys\n{code}\nfrom bptui.cli import main\nsys.exit(main())")


@pytest.mark.parametrize("size", one_in(2, ["120x40", "60x15"]))
def test_hostile_words_reach_the_terminal_only_as_escapes(tmp_path: Path, size: str) -> None:
    columns, rows = map(int, size.split("x"))
    scenario = tmp_path / "[@click=app.quit]\x1b[31mname.toml"
    scenario.write_text(HOSTILE, encoding="utf-8")
    child = Child("run", str(scenario), size=(columns, rows))
    child.wait_for(b"step 0")
    everything = child.seen
    for keys, then in (
        (b"?", b"The signs"),
        (b"q", b"Circuit"),  # and not the step, which the title may tell beside the help
        (b"\x10", b"Search for"),
        (b"\x1b", b"Circuit"),  # and not a word that the palette lists
        (b":\xe2\x80\xae[/red]\r", b"here"),
        (b"n", b"step 1"),
    ):
        child.press_and_wait_for(keys, then)
        everything += child.seen
    child.press(b"q")
    assert child.end() == 0
    everything += child.seen
    assert not [bytes_ for bytes_ in FORBIDDEN if bytes_ in everything]
    assert b"[@click=app.quit]" in everything


@pytest.mark.parametrize("size", one_in(2, [((1, 1),), ((0, 0),), ((20, 5),)]), ids=lambda it: f"{it[0]}x{it[1]}")
def test_a_terminal_of_any_size_is_borne_until_it_is_large_enough(size: tuple[int, int]) -> None:
    child = Child("run", "buy_apple", size=size)
    child.wait_for(ENTER_SCREEN)
    if size == (20, 5):
        child.wait_for(b"needs 60x15")
    child.press(b"n")
    child.resize(80, 24)
    child.wait_for(b"step 1")
    child.press(b"q")
    assert child.end() == 0
    assert LEAVE_SCREEN in child.seen


def test_many_resizes_at_once_end_in_the_last_layout() -> None:
    child = Child("run", "buy_apple", size=(120, 40))
    child.wait_for(b"step 0")
    for number in range(200):
        child.resize(20 + number * 37 % 150, 5 + number * 11 % 50)
    child.resize(100, 30)
    child.press_and_wait_for(b"n", b"step 1")
    child.press(b"q")
    assert child.end() == 0


@pytest.mark.long
def test_thousands_of_keys_and_a_huge_paste_lose_no_order() -> None:
    child = Child("run", "buy_apple", size=(120, 40))
    child.wait_for(b"step 0")
    child.press(b"nN" * 2000 + b"n")
    child.press(b"\x1b[200~" + b"nGq" * 350_000 + b"\x1b[201~")
    child.press_and_wait_for(b":2\r", b"step 2")
    child.press_and_wait_for(b"n", b"step 3")
    child.press(b"q")
    assert child.end() == 0


def test_bytes_that_are_no_keys_are_ignored() -> None:
    child = Child("run", "buy_apple", size=(120, 40))
    child.wait_for(b"step 0")
    child.press(b"\xff\xfe\x80 \x1b[M\xff\xff\xff \x1b[999;999;999~ \x1b[<0;9999;9999M")
    child.press_and_wait_for(b"n", b"step 1")
    child.press(b"q")
    assert child.end() == 0


def test_a_bug_of_ours_puts_the_terminal_back_and_tells_where_its_report_lies(tmp_path: Path) -> None:
    breaking = (
        "from bptui.tui.screen import DebuggerScreen\n"
        "def burst(self, word): raise ZeroDivisionError('burst')\n"
        "DebuggerScreen.action_press = burst"
    )
    record = tmp_path / "session.jsonl"
    child = Child("run", "buy_apple", "--record", str(record), program=program(breaking), size=(120, 40))
    before = child.settings()
    child.wait_for(b"step 0")
    child.press(b"n")
    assert child.end() == 70
    after = child.seen.rpartition(LEAVE_SCREEN)[2]
    found = re.search(rb"bptui has a bug \(ZeroDivisionError\); please send us (\S+)", after)
    assert found
    assert b"Traceback" not in child.seen
    report = Path(found[1].decode())
    assert "burst" in report.read_text()
    report.unlink()
    assert record.read_bytes().endswith(b"\n")
    assert child.left == before
