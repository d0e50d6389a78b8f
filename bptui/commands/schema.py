"""``bptui schema``: print the JSON Schema of what bptui reads and writes."""

from __future__ import annotations

import argparse

from bptui.commands.subcommand import Subcommand
from bptui.ending import FINE, output


def add_schema_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui schema``."""
    command.add_argument(
        "of",
        nargs="?",
        default="record",
        choices=["scenario", "record"],
        help="scenario: a scenario file; record: a line of `bptui trace --json` and of recordings (by default)",
    )


def print_schema(options: argparse.Namespace) -> int:
    """Print the JSON Schema of scenarios or of records."""
    import json

    from bptui.recording.record_schema import record_schema
    from bptui.scenario.format_schema import scenario_schema

    schema = scenario_schema() if options.of == "scenario" else record_schema()
    with output() as file:
        file.write(f"{json.dumps(schema, indent=2)}\n")
    return FINE


SUBCOMMAND = Subcommand(add_schema_arguments, print_schema)
