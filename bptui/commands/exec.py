"""``bptui exec``: carry out commands without a screen, and print what each answers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bptui.commands.layer_options import add_layers
from bptui.commands.program_options import add_watching, watched
from bptui.commands.subcommand import Subcommand
from bptui.ending import BAD_USE, ENDING, FAILED, FINE, leave, output, with_signals

if TYPE_CHECKING:
    from bptui.session.session import Session


def add_exec_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui exec``."""
    command.add_argument(
        "scenario",
        metavar="SCENARIO|TRANSCRIPT|PROGRAM",
        help="a file, or the name of a bundled scenario; a program's arguments stand behind --",
    )
    command.add_argument(
        "-e",
        dest="sources",
        metavar="COMMAND",
        action="append",
        type=lambda text: ("-e", text),
        default=[],
        help="a command, as on the debugger's `:` line; may be given several times",
    )
    command.add_argument(
        "-f",
        dest="sources",
        metavar="FILE",
        action="append",
        type=lambda path: ("-f", path),
        help="a file with commands",
    )
    command.add_argument("--json", action="store_true", help="print answers as JSON, one a line, for other programs")
    add_layers(command)
    add_watching(command)
    command.set_defaults(expand=())


def execute_commands(options: argparse.Namespace) -> int:
    """Carry out commands without a screen."""
    with_signals(leave, *ENDING)
    from bptui.errors import CommandError
    from bptui.report.command_loop import pointed
    from bptui.report.execute import execute

    try:
        with output() as file, opened_session(options) as session:
            is_fine = execute(session, options.sources, file, as_json=options.json)
    except CommandError as error:
        print(pointed(error), file=sys.stderr)
        return BAD_USE
    return FINE if is_fine else FAILED


@contextmanager
def opened_session(options: argparse.Namespace) -> Iterator[Session]:
    """Give a session over what is named; a program's process ends with it."""
    from bptui.programs.read_program import is_program
    from bptui.report.execute import open_session

    if not is_program(options.scenario):
        yield open_session(options.scenario, options.layers)
        return
    from bptui.session.program_session import program_session

    run = watched(options)
    try:
        yield program_session(run)
    finally:
        run.close()


SUBCOMMAND = Subcommand(add_exec_arguments, execute_commands)
