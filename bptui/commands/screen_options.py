"""What the subcommands that open the screen have in common: its colours, and a terminal to draw it on."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from bptui import installation
from bptui.errors import BptuiError

if TYPE_CHECKING:
    from bptui.core.command import Command


def add_theme(command: argparse.ArgumentParser) -> None:
    """Let a command that opens the screen be given its colours."""
    command.add_argument(
        "--theme",
        choices=["light", "dark", "auto"],
        help="colours for a light or a dark background, or (auto) for the one that the terminal tells of; remembered",
    )


def add_teaching(command: argparse.ArgumentParser) -> None:
    """Let a command that opens the screen be told to begin as a class needs it."""
    command.add_argument("--predict", action="store_true", help="hide each number until it is predicted")
    command.add_argument("--lecture", action="store_true", help="begin with one large panel, for a projector")


def opening_commands(options: argparse.Namespace) -> tuple[Command, ...]:
    """Return what the screen does at first."""
    from bptui.core.verbs.teaching import ToggleLecture, TogglePredict

    asked = ((options.predict, TogglePredict), (options.lecture, ToggleLecture))
    return tuple(verb() for is_asked, verb in asked if is_asked)


def check_terminal() -> None:
    """Raise BptuiError where there is no terminal to draw a screen on, or a library for it is missing."""
    installation.require_libraries("textual", "rich")
    hint = "`bptui exec` and `bptui trace` do without a screen"
    for stream, name in ((sys.stdin, "input"), (sys.stdout, "output"), (sys.stderr, "error output")):
        if stream is None or not stream.isatty():
            raise BptuiError(f"standard {name} is not a terminal", hint=hint)
    if sys.platform != "win32" and (term := os.environ.get("TERM", "")) in ("", "dumb"):
        raise BptuiError(f"the terminal is {term}" if term else "TERM is not set: the terminal is unknown", hint=hint)
