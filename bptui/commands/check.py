"""``bptui check``: check every node's gradients and contract, and what is expected."""

from __future__ import annotations

import argparse

from bptui.commands.layer_options import add_expand, add_layers
from bptui.commands.subcommand import Subcommand
from bptui.ending import BAD_USE, FAILED, FINE, output, show


def add_check_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui check``."""
    command.add_argument("scenarios", nargs="+", metavar="SCENARIO", help="files, or names of bundled scenarios")
    command.add_argument("--json", action="store_true", help="print findings, one a line, for other programs")
    command.add_argument("--verbose", action="store_true", help="print the slopes of every step with each failure")
    add_layers(command)
    add_expand(command)


def judge_scenarios(options: argparse.Namespace) -> int:
    """Judge every gradient of some scenarios."""
    from bptui.report.check_printing import check_scenarios

    with output() as file:
        reports, errors = check_scenarios(
            options.scenarios,
            options.layers,
            file,
            expand=options.expand,
            as_json=options.json,
            is_verbose=options.verbose,
        )
    for error in errors:
        show(error)
    if errors:
        return BAD_USE
    return FINE if all(report.ok for report in reports) else FAILED


SUBCOMMAND = Subcommand(add_check_arguments, judge_scenarios)
