"""Every key, once: the bindings, the palette, the ``:`` line, the help and the footer are all made from this table."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from textual.binding import Binding

from bptui.core.command import Back, BackwardPass, Finish, First, ForwardPass, Last, Next, ReverseFinish, Travel


class Key(NamedTuple):
    """One thing that a person can ask for.

    ``keys`` are Textual's names of the keys, ``shown`` is how a person writes them, ``command`` the name on the ``:``
    line and in the palette, ``action`` the screen's action, ``short`` the footer's word (none: not in the footer).
    What does nothing but move the cursor names the debugger's command for a count, ``travel``.
    """

    keys: tuple[str, ...]
    shown: str
    command: str
    help: str
    group: str
    short: str = ""
    changes_recording: bool = False
    travel: Callable[[int], Travel] | None = None

    @property
    def action(self) -> str:
        """The screen's action."""
        return f"travel({self.command!r})" if self.travel else self.command.replace("-", "_")


MOVE, LOOK, KEEP, PROGRAM = "Move in time", "Look", "Keep", "Program"

KEYS = (
    Key(("n", "f10"), "n F10", "next", "next step", MOVE, "next", travel=Next),
    Key(("N",), "N", "back", "previous step", MOVE, "back", travel=Back),
    Key(("s",), "s", "into", "into the layer's own source; inside, the next line", MOVE, "into"),
    Key(("S",), "S", "line-back", "inside a layer's source, back a line; from the first, out of it", MOVE),
    Key(
        ("f",),
        "f",
        "finish",
        "to the end of this pass, or of the next; inside a layer's source, out of it",
        MOVE,
        "finish pass",
        travel=Finish,
    ),
    Key(
        ("F",),
        "F",
        "reverse-finish",
        "back to the start of this pass, or of the one before; of this node, inside its source",
        MOVE,
        travel=ReverseFinish,
    ),
    Key(("g",), "g", "first", "first step", MOVE, travel=lambda _: First()),
    Key(("G",), "G", "last", "last step", MOVE, "last", travel=lambda _: Last()),
    Key(
        ("left_square_bracket",),
        "[",
        "forward-pass",
        "start of this iteration's forward pass",
        MOVE,
        travel=lambda _: ForwardPass(),
    ),
    Key(
        ("right_square_bracket",),
        "]",
        "backward-pass",
        "start of this iteration's backward pass",
        MOVE,
        "backward pass",
        travel=lambda _: BackwardPass(),
    ),
    Key(("t",), "t", "run-to", "run to the selected node, either way", MOVE),
    Key(("u",), "u", "consumer", "select a consumer of the selected value; again for the next", LOOK),
    Key(("d",), "d", "producer", "select a producer of the selected value; again for the next", LOOK),
    Key(("slash",), "/", "search", "search names and layers", LOOK, "search"),
    Key(("comma",), ",", "previous-match", "previous match", LOOK),
    Key(("full_stop",), ".", "next-match", "next match", LOOK),
    Key(("v",), "v", "gradient", "the value's gradient instead of its numbers, or the other way round", LOOK),
    Key(("h",), "h", "heat", "numbers as colours, a heat map, or the other way round", LOOK),
    Key(("greater_than_sign",), ">", "next-slice", "of an array with more than two axes, the next slice", LOOK),
    Key(("less_than_sign",), "<", "previous-slice", "the previous slice", LOOK),
    Key(("equals_sign",), "=", "check", "check the selected node; once checked, its evidence", LOOK, "check"),
    Key(("enter",), "Enter", "evidence", "the evidence behind the selected node's verdict", LOOK),
    Key(("ctrl+c",), "ctrl+c", "copy", "copy the selected number, with all its digits; at once again, quit", LOOK),
    Key(("tab",), "Tab", "next-pane", "next pane", LOOK, "pane"),
    Key(("shift+tab",), "shift+Tab", "previous-pane", "previous pane", LOOK),
    Key(("R",), "R", "record", "start or stop recording", KEEP),
    Key(("semicolon",), ";", "note", "write a note at this step", KEEP, changes_recording=True),
    Key(("colon",), ":", "command", "command line: a step's number, a name, or a command", PROGRAM, "command"),
    Key(("ctrl+p",), "ctrl+p", "palette", "the palette: every command by name", PROGRAM),
    Key(("question_mark",), "?", "help", "help", PROGRAM, "help"),
    Key(("escape",), "Esc", "cancel", "drop a typed count, a message or a match", PROGRAM),
    Key(("q",), "q", "quit", "quit", PROGRAM, "quit"),
)

COMMANDS = {key.command: key for key in KEYS}

ARROWS = (
    Binding("up", "move(0, -1)", show=False),
    Binding("down", "move(0, 1)", show=False),
    Binding("left", "move(-4, 0)", show=False),
    Binding("right", "move(4, 0)", show=False),
    Binding("pageup", "page(-1)", show=False),
    Binding("pagedown", "page(1)", show=False),
    Binding("home", "home", show=False),
    Binding("end", "end", show=False),
)
"""What the pane with the focus does with the keys that point."""


def bindings() -> list[Binding]:
    """Return the screen's bindings: the table's, and the digits of a count.

    All of them come before the focused pane, so that keys typed in one burst keep their order.
    """
    of_table = [Binding(name, key.action, key.help, show=False, priority=True) for key in KEYS for name in key.keys]
    return [*of_table, *(Binding(digit, f"digit({digit})", show=False, priority=True) for digit in "0123456789")]
