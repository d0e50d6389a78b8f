"""``bptui trust``: let scenarios that name a file with layers run it, until it changes."""

from __future__ import annotations

import argparse
from pathlib import Path

from bptui.commands.subcommand import Subcommand
from bptui.ending import FINE


def add_trust_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui trust``."""
    command.add_argument("file", type=Path, help="a Python file that you have read")


def trust_layers(options: argparse.Namespace) -> int:
    """Allow a file with layers to run until it changes."""
    from bptui.own_layers.trust import trust, words_of_trust

    print(words_of_trust(trust(options.file)))
    return FINE


SUBCOMMAND = Subcommand(add_trust_arguments, trust_layers)
