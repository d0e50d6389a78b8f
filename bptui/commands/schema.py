"""``bptui schema``: print the JSON Schema of what bptui writes."""

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
        choices=["record"],
        help="record: a line of `bptui trace --json` and of recordings",
    )


def print_schema(options: argparse.Namespace) -> int:  # noqa: ARG001  (there is one so far)
    """Print the JSON Schema of records."""
    import json

    from bptui.recording.record_schema import record_schema

    with output() as file:
        file.write(f"{json.dumps(record_schema(), indent=2)}\n")
    return FINE


SUBCOMMAND = Subcommand(add_schema_arguments, print_schema)
