"""``bptui health``: tell how values and gradients fare from node to node, the culprit first."""

from __future__ import annotations

import argparse
import json

from bptui.commands.layer_options import add_expand, add_layers, print_notice
from bptui.commands.subcommand import Subcommand
from bptui.ending import FINE, output


def add_health_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui health``."""
    command.add_argument("scenario", help="a file, or the name of a bundled scenario")
    command.add_argument("--json", action="store_true", help="print one node a line, for other programs")
    add_layers(command)
    add_expand(command)


def tell_health(options: argparse.Namespace) -> int:
    """Tell how the nodes of a scenario fare in its last iteration. Raises the run's failure once that is told."""
    from bptui.explaining.health import health_of
    from bptui.lines.line import Span
    from bptui.report.printing import print_lines
    from bptui.running import Run, with_expansions
    from bptui.scenario.load import load
    from bptui.session.health_answer import health_lines, health_record

    scenario = load(options.scenario, layers=options.layers, notice=print_notice)
    run = Run(with_expansions(scenario, options.expand))
    run.finish()
    health = health_of(run.tape.at(len(run.tape)))
    run.close()
    with output() as file:
        if options.json:
            record = health_record(health)
            file.writelines(f"{json.dumps({'kind': 'health', **node})}\n" for node in record.pop("nodes"))
            file.write(f"{json.dumps({'kind': 'summary', **record})}\n")
        else:
            print_lines([(Span(line),) for line in health_lines(health)], file)
    if run.failure:
        raise run.failure
    return FINE


SUBCOMMAND = Subcommand(add_health_arguments, tell_health)
