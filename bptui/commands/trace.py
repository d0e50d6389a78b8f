"""``bptui trace``: run a scenario without a screen and tell every step."""

from __future__ import annotations

import argparse

from bptui.commands.layer_options import add_expand, add_layers, print_notice
from bptui.commands.program_options import add_watching, watched
from bptui.commands.subcommand import Subcommand
from bptui.ending import FINE, output


def add_trace_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui trace``."""
    command.add_argument("scenario", help="a file, or the name of a bundled scenario")
    command.add_argument("--json", action="store_true", help="print records, one a line, for other programs")
    add_layers(command)
    add_expand(command)
    add_watching(command)


def trace_steps(options: argparse.Namespace) -> int:
    """Tell what a run does, step by step. Raises the run's failure once its steps are told."""
    from bptui.programs.read_program import is_program
    from bptui.running import Run, with_expansions
    from bptui.scenario.load import load

    if is_program(options.scenario):
        return trace_program(options)
    scenario = load(options.scenario, layers=options.layers, notice=print_notice)
    run = Run(with_expansions(scenario, options.expand))
    if options.json:
        from bptui.recording.codec import encode_line
        from bptui.recording.run_records import records

        with output() as file:
            file.writelines(map(encode_line, records(run)))
    else:
        from bptui.report.printing import print_lines
        from bptui.report.trace_report import trace_lines

        run.finish()
        with output() as file:
            print_lines(trace_lines(run), file)
    run.close()
    if run.failure:
        raise run.failure
    return FINE


def trace_program(options: argparse.Namespace) -> int:
    """Tell what a program does, step by step."""
    run = watched(options)
    try:
        run.outlast()
        with output() as file:
            if options.json:
                from bptui.recording.codec import encode_line
                from bptui.recording.program_records import program_records

                file.writelines(map(encode_line, program_records(run)))
            else:
                from bptui.report.printing import print_lines
                from bptui.report.program_report import program_lines

                print_lines(program_lines(run), file)
    finally:
        run.close()
    run.raise_failure()
    return FINE


SUBCOMMAND = Subcommand(add_trace_arguments, trace_steps)
