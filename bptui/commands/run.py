"""``bptui run``: open the debugger on a scenario."""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path

from bptui.commands.layer_options import add_expand, add_layers, print_notice
from bptui.commands.program_options import add_watching, watched
from bptui.commands.screen_options import add_teaching, add_theme, check_terminal, opening_commands
from bptui.commands.subcommand import Subcommand
from bptui.errors import BptuiError


def add_run_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui run``."""
    command.add_argument("scenario", help="a file, or the name of a bundled scenario")
    command.add_argument("--record", metavar="FILE", type=Path, help="write every step to a new file while it happens")
    command.add_argument("--resume", action="store_true", help="go on with the recording that --record names")
    add_layers(command)
    add_expand(command)
    add_watching(command)
    add_theme(command)
    add_teaching(command)


def run_scenario(options: argparse.Namespace) -> int:
    """Open the debugger."""
    if options.resume and not options.record:
        raise BptuiError("--resume says to go on with a recording", hint="--record FILE says which")
    check_terminal()
    gc.disable()  # imports leave no garbage, and looking for it is a tenth of the start; the screen collects later
    from bptui.programs.read_program import is_program
    from bptui.running import with_expansions
    from bptui.scenario.load import load
    from bptui.tui import app

    if is_program(options.scenario):
        run = watched(options)
        try:
            status = app.open_program(
                run, options.record, options.theme, opening=opening_commands(options), resumes=options.resume
            )
            if run.runs_on:
                print("the program runs on, unwatched; ctrl+c ends it", file=sys.stderr)
                run.outlast()
            return status
        finally:
            run.close()
    scenario = load(options.scenario, layers=options.layers, notice=print_notice)
    scenario = with_expansions(scenario, options.expand)
    return app.open_debugger(
        scenario, options.record, options.theme, opening=opening_commands(options), resumes=options.resume
    )


SUBCOMMAND = Subcommand(add_run_arguments, run_scenario)
