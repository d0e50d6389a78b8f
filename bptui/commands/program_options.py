"""A person's own program on the command line: its arguments, and how much of it is watched."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING

from bptui.errors import BptuiError, Location

if TYPE_CHECKING:
    from bptui.programs.program_run import ProgramRun

SOON = 1.0
"""Seconds after which it is told that a program is still watched."""

WATCHING = ("run", "exec", "trace", "check", "health", "export")
"""The subcommands that take a program."""

ASKING, END = ("new",), "--"
"""Those in which it is the value of an option, and what stands before its arguments there."""

VALUED = (
    "--layers",
    "--expand",
    "--record",
    "--theme",
    "--passes",
    "--skip",
    "--memory",
    "--results",
    "--format",
    "-o",
    "--step",
    "-e",
    "-f",
)
"""The options that a value follows."""

LONGEST_NUMBER = 9
"""Digits of a number of passes."""

SMALLEST_MEMORY, LARGEST_MEMORY = 1 << 20, 1 << 40
"""Bytes that copies of a program's arrays may take."""


def split_arguments(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return bptui's own arguments, and those of the program that they name: what stands behind its name.

    A program that looks at no arguments has none, so that those of bptui may stand there. Where a program is the value
    of an option (``bptui new --from``), its arguments stand behind ``--``.
    """
    from bptui.programs.read_program import is_program, looks_at_arguments

    if arguments[0] in ASKING and END in arguments:
        return arguments[: arguments.index(END)], arguments[arguments.index(END) + 1 :]
    if arguments[0] not in WATCHING:
        return arguments, ()
    for place, argument in enumerate(arguments[1:], start=1):
        if is_program(argument) and arguments[place - 1] not in VALUED and not argument.startswith("-"):
            if not looks_at_arguments(argument):
                return arguments, ()
            return arguments[: place + 1], arguments[place + 1 :]
    return arguments, ()


def add_watching(command: argparse.ArgumentParser) -> None:
    """Let a command be told how much of a program is to be watched."""
    command.add_argument(
        "--passes",
        metavar="N",
        type=count_from(1),
        default=10,
        help="end a program after N forward and backward passes",
    )
    command.add_argument("--skip", metavar="N", type=count_from(0), default=0, help="watch none of its first N passes")
    command.add_argument(
        "--memory", metavar="SIZE", type=memory_size, default=1 << 30, help="watch until so much is copied: 500MB, 2GB"
    )
    command.add_argument("--then-run-on", action="store_true", help="let it run on unwatched when enough was seen")


def memory_size(text: str) -> int:
    """Return the bytes that a size means: ``500MB``, ``2GB``; a mere number is of megabytes."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMG]?)B?", text.strip().upper())
    size = int(float(match[1]) * {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[match[2] or "M"]) if match else 0
    if not SMALLEST_MEMORY <= size <= LARGEST_MEMORY:
        raise argparse.ArgumentTypeError("wanted a size from 1MB on, such as 500MB or 2GB")
    return size


def count_from(least: int) -> Callable[[str], int]:
    """Return what reads a number that is not less than ``least``."""

    def whole_number(text: str) -> int:
        if not text.isdecimal() or len(text) > LONGEST_NUMBER or int(text) < least:
            raise argparse.ArgumentTypeError(f"wanted a whole number from {least} on")
        return int(text)

    return whole_number


class WatchProgress:
    """Tells on a terminal how far watching has come, of a program that takes its time."""

    def __init__(self, run: ProgramRun) -> None:
        from bptui.core.text import visible
        from bptui.report.progress_line import ProgressLine

        self.run = run
        self.title = visible(run.program.title, limit=40)
        self.line = ProgressLine(1, sys.stderr)
        self.began = monotonic()

    def tell(self) -> None:
        """Write over the line, once it has taken a moment."""
        if monotonic() - self.began < SOON:
            return
        seen, wanted = len(self.run.watched.passes), self.run.limits.passes
        way_on = "ctrl+c ends it, and what was seen stays"
        self.line.show(f"watching {self.title}: pass {seen + 1} of {wanted}; {way_on}")


def watched(options: argparse.Namespace) -> ProgramRun:
    """Return a program that was watched to its end. Raises BptuiError where no layer was called in it."""
    from bptui.programs.program_run import ProgramRun, WatchLimits
    from bptui.programs.read_program import read_program

    if getattr(options, "expand", None):
        raise BptuiError("--expand is for scenarios", hint="a program runs as it stands")
    if getattr(options, "layers", None):
        raise BptuiError("--layers is for scenarios", hint="a program runs as it stands, with the layers it imports")
    program = read_program(options.scenario, options.arguments)
    run = ProgramRun(program, WatchLimits(options.passes, options.skip, options.memory, runs_on=options.then_run_on))
    telling = WatchProgress(run)
    try:
        run.finish(telling.tell)
    finally:
        telling.line.clear()
    if not run.tape.iterations:
        run.close()
        sys.stderr.write(run.printed.text)
        run.raise_failure()
        raise BptuiError(
            "no layer was called",
            hint="a layer has two methods forward and backward, or is a pair of functions f_forward and f_backward; "
            "calls of a function beside its derivative, as of sigmoid and sigmoid_prime, are not followed",
            where=Location(options.scenario),
        )
    return run
