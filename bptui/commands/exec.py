"""``bptui exec``: carry out commands without a screen, and print what each answers."""

from __future__ import annotations

import argparse

from bptui.commands.layer_options import add_layers
from bptui.commands.program_options import add_watching, watched
from bptui.commands.subcommand import Subcommand
from bptui.ending import BAD_USE, ENDING, FAILED, FINE, complain, leave, output, with_signals


def add_exec_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui exec``."""
    command.add_argument(
        "scenario", metavar="SCENARIO|TRANSCRIPT|PROGRAM", help="a file, or the name of a bundled scenario"
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


def execute_commands(options: argparse.Namespace) -> int:
    """Carry out commands without a screen."""
    with_signals(leave, *ENDING)
    from bptui.errors import CommandError
    from bptui.programs.read_program import is_program
    from bptui.report.command_loop import pointed
    from bptui.report.execute import execute, open_session
    from bptui.session.new_session import program_session

    run = watched(options) if is_program(options.scenario) else None
    session = program_session(run) if run else open_session(options.scenario, options.layers)
    try:
        with output() as file:
            is_fine = execute(session, options.sources, file, as_json=options.json)
    except CommandError as error:
        complain(pointed(error))
        return BAD_USE
    finally:
        if run:
            run.close()
    return FINE if is_fine else FAILED


SUBCOMMAND = Subcommand(add_exec_arguments, execute_commands)
