"""The verbs that keep what happens, in a recording or a note, and those about the program itself."""

from __future__ import annotations

from bptui.core.command import KEEP, PROGRAM, Command
from bptui.deferred_dataclass import dataclass


@dataclass(frozen=True)
class ToggleRecording(Command, word="record", keys="R", group=KEEP, help="start or stop recording"):
    """Start recording to a new file, by default one named after the scenario; or stop recording."""

    file: str | None = None


@dataclass(frozen=True)
class WriteNote(Command, word="note", keys=";", group=KEEP, help="write a note at this step"):
    """Write a note at this step; None asks for the text."""

    text: str | None = None


class OpenLine(
    Command, word="command", keys=":", group=PROGRAM, help="command line: a step's number, a name, or a command"
):
    """Let a command be typed."""


class OpenPalette(Command, word="palette", keys="ctrl+p", group=PROGRAM, help="the palette: every command by name"):
    """Show every command by name."""


@dataclass(frozen=True)
class Help(Command, word="help", keys="?", group=PROGRAM, help="help"):
    """Show what there is to ask for, or all about one verb."""

    topic: str | None = None


class About(Command, word="about", keys="a", group=PROGRAM, help="what the scenario says of itself; again, the node"):
    """Show the scenario's own words until the next step."""


class Output(Command, word="output", keys="p", group=PROGRAM, help="what a program has printed up to this step"):
    """Show the program's output."""


class Cancel(
    Command,
    word="cancel",
    keys="Esc",
    group=PROGRAM,
    help="back to the current step's node; ends a wait; drops a count, a message and the matches",
):
    """Wait no longer for an answer or a layer that hangs; else select the cursor's value, and forget the matches."""


class Quit(Command, word="quit", keys="q", group=PROGRAM, help="quit"):
    """Leave."""
