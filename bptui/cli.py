"""The command line: which subcommands there are, and what becomes of what they raise.

What each of them takes and does is in the module of its name in ``bptui/commands``.
"""

# ruff: noqa: T201
# A complaint is printed.

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

from bptui import installation
from bptui.commands.program_options import split_arguments
from bptui.commands.subcommand import Parser, Subcommand, UsageError
from bptui.ending import BAD_USE, SIGNALLED, check_output, drop_output, report_bug, show, silence_warnings
from bptui.errors import BptuiError, out_of_memory
from bptui.version import __version__

FIRST_STEP = "start with `bptui run buy_apple`; `bptui list` tells what else there is"

SUBCOMMANDS = {
    "run": "open the debugger on a scenario",
    "exec": "carry out commands without a screen, and print what each answers",
    "trace": "run a scenario without a screen and tell every step",
    "check": "check every node's gradients and contract, and what is expected",
    "diff": "compare two runs, step by step: scenarios, recordings or branches",
    "health": "tell how values and gradients fare from node to node, the culprit first",
    "replay": "open a recorded session",
    "verify": "run a recorded scenario again and compare every step",
    "export": "write a run as a page, a document, a picture, a recording for a player, a test or a notebook",
    "list": "tell the bundled scenarios and the layers, or what a file gives",
    "schema": "print the JSON Schema of what bptui writes",
    "new": "write a commented scenario to start from",
    "trust": "let scenarios that name a file with layers run it, until it changes",
}
"""The subcommands, with what is said of each: one line a module of ``bptui/commands``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run bptui with command-line ``arguments`` (those of the process, by default) and return its exit status."""
    # Starting threads for matrices costs NumPy 50 ms and more, and a teaching network's matrices are small.
    if "OPENBLAS_NUM_THREADS" not in os.environ:
        os.environ |= {"OPENBLAS_NUM_THREADS": "1", "BPTUI_ONE_THREAD": "yes"}  # a watched program gets neither
    silence_warnings()
    try:
        return attempt(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return SIGNALLED + signal.SIGINT
    except BrokenPipeError:
        drop_output(sys.stdout)
        return SIGNALLED + signal.SIGPIPE
    except Exception as error:  # noqa: BLE001  (a bug of ours; this is the one place that tells of it)
        return report_bug(error)


def attempt(arguments: Sequence[str]) -> int:
    """Run the command that ``arguments`` name, and show what it has to complain about."""
    try:
        check_output()
        installation.require_libraries("numpy")
        return run_command(arguments)
    except installation.InstallationError as error:
        print(error, file=sys.stderr)
        return BAD_USE
    except BptuiError as error:
        return show(error)
    except MemoryError as error:
        return show(out_of_memory(error))


def run_command(arguments: Sequence[str]) -> int:
    """Run the command that ``arguments`` name. Raises UsageError where there is none."""
    if not arguments:
        raise UsageError("a command is missing", parser().format_usage(), hint=FIRST_STEP)
    if arguments[0].startswith("-"):
        parser().parse_args(arguments)
        raise UsageError("a command is missing", parser().format_usage(), hint=FIRST_STEP)
    check_command(arguments[0])
    command: Subcommand = import_module(f"bptui.commands.{arguments[0]}").SUBCOMMAND
    own, given = split_arguments(arguments)
    options = parser(command, arguments[0]).parse_args(own)
    options.arguments = given
    return command.carry_out(options)


def check_command(name: str) -> None:
    """Raise UsageError for an unknown command, with the nearest one as the hint."""
    if name in SUBCOMMANDS:
        return
    from bptui.scenario.problems import nearest  # noqa: PLC0415  (where all is well it is not needed)

    hint = nearest(name, SUBCOMMANDS) or (f"bptui run {name}" if os.path.isfile(name) else FIRST_STEP)  # noqa: PTH113  (pathlib raises at long names)
    raise UsageError(f"there is no command {name}", parser().format_usage(), hint=hint)


def parser(command: Subcommand | None = None, name: str = "") -> Parser:
    """Return the parser of the command line, with what may stand behind the one ``command`` that is in it."""
    whole = Parser(
        prog="bptui", description="The debugger for backpropagation: step through both passes, node by node."
    )
    whole.add_argument("--version", action="version", version=f"bptui {__version__}")
    parsers = whole.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for each, words in SUBCOMMANDS.items():
        of_command = parsers.add_parser(each, help=words)
        if command and each == name:
            command.add_arguments(of_command)
    return whole
