"""``bptui new``: write a commented scenario to start from."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from bptui.commands.subcommand import Subcommand
from bptui.ending import FINE


def add_new_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui new``."""
    command.add_argument("file", type=Path, help="a file that does not exist yet")


def write_scenario(options: argparse.Namespace) -> int:
    """Write a scenario to start from."""
    from bptui.core.text import visible
    from bptui.report.new_scenario import write_new_scenario

    write_new_scenario(options.file)
    print(visible(f"bptui run {shlex.quote(str(options.file))}", limit=2000))
    return FINE


SUBCOMMAND = Subcommand(add_new_arguments, write_scenario)
