from __future__ import annotations

import pytest

from bptui.lines.line import line_width
from bptui.tui.footer import key_line
from bptui.tui.help_screen import help_lines
from bptui.tui.keys import COMMANDS, KEYS, bindings
from bptui.tui.screen import DebuggerScreen

PROMISED = {
    "n": "next",
    "N": "back",
    "s": "into",
    "S": "line-back",
    "f": "finish",
    "F": "reverse-finish",
    "g": "first",
    "G": "last",
    "left_square_bracket": "forward-pass",
    "right_square_bracket": "backward-pass",
    "u": "consumer",
    "d": "producer",
    "t": "run-to",
    "slash": "search",
    "comma": "previous-match",
    "full_stop": "next-match",
    "colon": "command",
    "ctrl+p": "palette",
    "R": "record",
    "semicolon": "note",
    "tab": "next-pane",
    "question_mark": "help",
    "q": "quit",
    "f10": "next",
}
"""What CONTRACTS promises of each key, by Textual's name for it."""


def test_every_promised_key_does_what_was_promised() -> None:
    table = {name: key.command for key in KEYS for name in key.keys}
    assert PROMISED.items() <= table.items()


def test_no_key_and_no_command_means_two_things() -> None:
    names = [binding.key for binding in bindings()]
    assert len(names) == len(set(names))
    assert len(COMMANDS) == len(KEYS)


def test_every_binding_has_its_action_on_the_screen() -> None:
    actions = {binding.action.partition("(")[0] for binding in bindings()}
    assert not [action for action in actions if not callable(getattr(DebuggerScreen, f"action_{action}", None))]


def test_a_letter_and_its_capital_move_opposite_ways_in_time() -> None:
    helps = {name: key.help for key in KEYS for name in key.keys}
    for letter in "nf":
        assert letter.upper() in helps


def test_a_narrow_footer_keeps_help_and_quit() -> None:
    for width in (30, 60, 80, 120):
        text = "".join(text for text, _ in key_line(width))
        assert len(text) <= width
        assert "? help" in text
        assert "q quit" in text


@pytest.mark.parametrize("width", [58, 78, 94])
def test_the_help_is_read_whole_at_any_width(width: int) -> None:
    lines = help_lines(width)
    assert max(map(line_width, lines)) <= width
    words = " ".join(" ".join("".join(span.text for span in line) for line in lines).split())
    assert not [key for key in KEYS if key.shown not in words or key.help not in words]
