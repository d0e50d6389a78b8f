"""``bptui health``: tell how values and gradients fare from node to node, the culprit first."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from bptui.commands.layer_options import add_expand, add_layers, print_notice
from bptui.commands.program_options import add_watching, watched
from bptui.commands.subcommand import Subcommand
from bptui.ending import FINE, output

if TYPE_CHECKING:
    from bptui.core.tape import Tape
    from bptui.explaining.health import Health
    from bptui.programs.program_run import ProgramRun
    from bptui.running import Run


def add_health_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui health``."""
    command.add_argument("scenario", help="a file, the name of a bundled scenario, or a program")
    command.add_argument("--json", action="store_true", help="print one node a line, for other programs")
    add_layers(command)
    add_expand(command)
    add_watching(command)


def tell_health(options: argparse.Namespace) -> int:
    """Tell how the nodes of a run fare in its last iteration. Raises the run's failure once that is told."""
    from bptui.explaining.health import health_of
    from bptui.programs.program_run import ProgramRun

    run = run_of(options)
    try:
        print_health(health_of(run.tape.at(end_of_backward(run.tape))), options)
    finally:
        run.close()
    if isinstance(run, ProgramRun):
        run.raise_failure()
    if run.failure:
        raise run.failure
    return FINE


def end_of_backward(tape: Tape) -> int:
    """Return the last step of the last iteration that goes back, or of all where none does."""
    order = tape.order
    ends = (order.start(at + 1) for at in reversed(range(len(tape.iterations))) if order.passes(at).backward)
    return min(next(ends, len(tape)), len(tape))


def run_of(options: argparse.Namespace) -> Run | ProgramRun:
    """Return the whole run of a scenario, or what was watched of a program. Raises BptuiError."""
    from bptui.programs.read_program import is_program
    from bptui.running import Run, with_expansions
    from bptui.scenario.load import load

    if is_program(options.scenario):
        program = watched(options)
        program.outlast()
        return program
    scenario = load(options.scenario, layers=options.layers, notice=print_notice)
    run = Run(with_expansions(scenario, options.expand))
    run.finish()
    return run


def print_health(health: Health, options: argparse.Namespace) -> None:
    """Print how all nodes fare, for a person or for other programs."""
    from bptui.lines.line import Span
    from bptui.report.printing import print_lines
    from bptui.session.health_answer import health_lines, health_record

    with output() as file:
        if options.json:
            record = health_record(health)
            file.writelines(f"{json.dumps({'kind': 'health', **node})}\n" for node in record.pop("nodes"))
            file.write(f"{json.dumps({'kind': 'summary', **record})}\n")
        else:
            print_lines([(Span(line),) for line in health_lines(health)], file)


SUBCOMMAND = Subcommand(add_health_arguments, tell_health)
